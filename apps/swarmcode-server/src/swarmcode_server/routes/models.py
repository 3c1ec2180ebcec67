"""The models that can be asked: the base, and each adapter as a model of its own."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from ..body import BoundedRoute
from ..context import server_of
from ..engines import Model
from .documented import MODEL_ANSWERS

router = APIRouter(route_class=BoundedRoute, tags=["models"])


@router.get("/v1/models")
async def models(request: Request) -> dict[str, Any]:
    """List every model that can be asked now."""
    found = await server_of(request).engine.models()
    return {"object": "list", "data": [_object(model) for model in found]}


@router.get("/v1/models/{name:path}", responses=MODEL_ANSWERS)
async def model(name: str, request: Request) -> dict[str, Any]:
    """Show one model."""
    return _object(await server_of(request).model(name))


def _object(model: Model) -> dict[str, Any]:
    return {
        "id": model.name,
        "object": "model",
        "created": model.created,
        "owned_by": model.owner,
        "root": model.parent or model.name,
        "parent": model.parent,
        "max_model_len": model.context,
    }

"""Adapters while the server runs: the two routes that vLLM has for it, by the same names."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, Strict

from ..body import AdminRoute
from ..context import server_of
from .documented import ERRORS

router = APIRouter(route_class=AdminRoute, tags=["adapters"])
ShortText = Annotated[str, Strict(), Field(min_length=1, max_length=128)]


class LoadRequest(BaseModel):
    """An adapter to load: its name as a model, and its folder's name where that is another."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lora_name": "fixer-2"}]}
    )

    lora_name: ShortText
    lora_path: ShortText | None = None


class UnloadRequest(BaseModel):
    """An adapter to forget."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lora_name": "fixer-2"}]}
    )

    lora_name: ShortText


@router.post("/v1/load_lora_adapter", responses=ERRORS)
async def load(body: LoadRequest, request: Request) -> dict[str, Any]:
    """Load an adapter of `adapters_dir`; once it answers, the adapter is a model."""
    await server_of(request).shelf.load(body.lora_name, body.lora_path)
    return {"status": "loaded", "model": body.lora_name}


@router.post("/v1/unload_lora_adapter", responses=ERRORS)
async def unload(body: UnloadRequest, request: Request) -> dict[str, Any]:
    """Forget an adapter; answers that still run with it end with an error."""
    await server_of(request).shelf.unload(body.lora_name)
    return {"status": "unloaded", "model": body.lora_name}

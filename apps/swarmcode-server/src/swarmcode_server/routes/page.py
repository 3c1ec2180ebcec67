"""The page at `/`: three files of our own, and a policy that lets the browser load nothing else."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter(include_in_schema=False)
_KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


@router.get("/")
def index() -> Response:
    """The page."""
    return _file("index.html")


@router.get("/page.css")
def style() -> Response:
    """Its style."""
    return _file("page.css")


@router.get("/page.js")
def script() -> Response:
    """Its program."""
    return _file("page.js")


def _file(name: str) -> Response:
    kind = f"{_KINDS[name.rpartition('.')[2]]}; charset=utf-8"
    return Response(_read(name), media_type=kind, headers=_HEADERS)


@cache
def _read(name: str) -> bytes:
    return (files("swarmcode_server") / "page" / name).read_bytes()

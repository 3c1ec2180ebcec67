"""The doors as an OpenAPI document, for programs that read such things. Pure."""

from importlib.metadata import version
from typing import Any, Final

from syncropel.kernel import KernelLimits
from syncropel.vocabulary import ACTS, DATA_TYPES, MAX_CLOCK

_Schema = dict[str, Any]
_TEXT: Final[_Schema] = {"type": "string"}
_WHOLE: Final[_Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_CLOCK}


def document(limits: KernelLimits, *, auth: bool = False) -> _Schema:
    """Return the document; its limits are those of this server."""
    value: _Schema = {
        "openapi": "3.1.0",
        "info": {"title": "Syncropel kernel", "version": version("syncropel-kernel")},
        "paths": _paths(limits),
        "components": {"schemas": _schemas(limits)},
    }
    if auth:
        value["components"]["securitySchemes"] = {
            "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            "bearer": {"type": "http", "scheme": "bearer"},
        }
        value["security"] = [{"key": []}, {"bearer": []}]
    return value


def _paths(limits: KernelLimits) -> _Schema:
    page = {**_WHOLE, "default": 100, "description": f"At most {limits.page} are answered."}
    thread = _parameter("thread", _TEXT, where="path")
    since, limit = _parameter("since", _WHOLE), _parameter("limit", page)
    return {
        "/health": {"get": _door("Is the server well?", "object")},
        "/v1/capabilities": {"get": _door("What the server takes and does.", "object")},
        "/v1/records": {
            "post": _door(
                "Store a record.", "StoredRecord", body="Record",
                more={"201": _answer("It is stored.", "StoredRecord")},
            ),
            "get": _door(
                "Records by the order of their arrival.", "List",
                parameters=[
                    limit, since,
                    *(_parameter(name, _TEXT) for name in ("thread", "actor", "kind", "ref")),
                    _parameter("received_after", _WHOLE, text="Unix time in milliseconds."),
                    _parameter("received_before", _WHOLE, text="Unix time in milliseconds."),
                ],
            ),
        },
        "/v1/records/batch": {"post": _door("Store many records.", "object", body="Batch")},
        "/v1/records/query": {"post": _door("Filter and sort.", "List", body="Query")},
        "/v1/records/search": {"post": _door("Search by words.", "List", body="Search")},
        "/v1/records/{id}": {
            "get": _door(
                "One record.", "StoredRecord", parameters=[_parameter("id", _TEXT, where="path")]
            )
        },
        "/v1/threads": {
            "get": _door("All threads.", "List", parameters=[limit, _parameter("offset", _WHOLE)])
        },
        "/v1/threads/{thread}/records": {
            "get": _door("A thread's records.", "List", parameters=[thread, since, limit])
        },
        "/v1/threads/{thread}/state": {
            "get": _door("A thread at a glance.", "object", parameters=[thread])
        },
        "/v1/sync/changes": {
            "get": _door(
                "Everything after a cursor.", "object",
                parameters=[
                    limit, since, _parameter("thread", _TEXT),
                    _parameter("feed", {"const": "records"}),
                ],
            )
        },
    }  # fmt: skip


def _schemas(limits: KernelLimits) -> _Schema:
    record: _Schema = {
        "type": "object",
        "required": ["act", "actor", "body", "clock", "thread"],
        "additionalProperties": False,
        "properties": {
            "act": {"enum": sorted(ACTS)},
            "actor": {**_TEXT, "minLength": 1, "maxLength": 4_096},
            "body": {"type": "object"},
            "clock": _WHOLE,
            "data_type": {"enum": sorted(DATA_TYPES)},
            "parents": {"type": "array", "items": {**_TEXT, "minLength": 1}, "maxItems": 1_000},
            "thread": {**_TEXT, "maxLength": 4_096},
            "judged_by": {"type": ["string", "null"]},
            "signature": {"type": ["object", "null"]},
            "id": _TEXT,
            "object": {"const": "record"},
            "sequence": _WHOLE,
        },
    }
    stored = {
        **record,
        "required": [*record["required"], "id", "sequence", "object"],
        "properties": {**record["properties"], "status": {"const": "known"}},
    }
    words = {name: {"type": ["string", "null"]} for name in ("thread", "actor", "kind")}
    return {
        "Record": record,
        "StoredRecord": stored,
        "Batch": {
            "type": "object",
            "required": ["records"],
            "properties": {
                "records": {
                    "type": "array", "minItems": 1, "maxItems": limits.batch_records,
                    "items": {"$ref": "#/components/schemas/Record"},
                }
            },
        },
        "Query": {
            "type": "object",
            "properties": {
                "filter": {"type": "object"}, "sort": {"type": ["object", "null"]},
                "thread": {"type": ["string", "null"]}, "limit": _WHOLE, "offset": _WHOLE,
                "explain": {"type": "boolean"},
            },
        },
        "Search": {
            "type": "object",
            "required": ["query"],
            "properties": {"query": _TEXT, "k": _WHOLE, "after_clock": _WHOLE, **words},
        },
        "List": {
            "type": "object",
            "required": ["object", "data"],
            "properties": {"object": {"const": "list"}, "data": {"type": "array"}},
        },
        "Error": {
            "type": "object",
            "required": ["object", "type", "code", "message", "error"],
            "properties": {
                "object": {"const": "error"}, "type": _TEXT, "code": _TEXT, "message": _TEXT,
                "error": _TEXT,
            },
        },
    }  # fmt: skip


def _door(
    summary: str,
    schema: str,
    *,
    body: str = "",
    parameters: list[_Schema] | None = None,
    more: _Schema | None = None,
) -> _Schema:
    door: _Schema = {
        "summary": summary,
        "responses": {
            "200": _answer(summary, schema),
            **(more or {}),
            "4XX": _answer("The request is at fault.", "Error"),
            "503": _answer("The store cannot be used now.", "Error"),
            "507": _answer("There is no room.", "Error"),
        },
    }
    if parameters:
        door["parameters"] = parameters
    if body:
        door["requestBody"] = {"required": True, "content": _content(body)}
    return door


def _answer(description: str, schema: str) -> _Schema:
    return {"description": description, "content": _content(schema)}


def _content(schema: str) -> _Schema:
    value = {"type": "object"} if schema == "object" else {"$ref": f"#/components/schemas/{schema}"}
    return {"application/json": {"schema": value}}


def _parameter(name: str, schema: _Schema, *, where: str = "query", text: str = "") -> _Schema:
    value: _Schema = {"name": name, "in": where, "required": where == "path", "schema": schema}
    return {**value, "description": text} if text else value

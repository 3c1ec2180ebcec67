"""Everything that can be set, with defaults that are safe on a developer's machine.

The first nine fields are the published ones. `ServeConfig.of` also takes a mapping, or another
program's configuration object that has fields of these names.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from .errors import SettingsError

Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Limits(_Frozen):
    """What one request, one session and the whole server may take."""

    body_bytes: Count = 10_000_000
    body_seconds: Seconds = 30.0  # in which a request must have arrived
    request_seconds: Seconds = 600.0  # in which it must be answered
    concurrent: Count = 512  # answers at once; more are told to come back
    choices: Count = 16  # the largest `n`
    prompts: Count = 64  # prompts in one completion request
    drain_seconds: Seconds = 30.0  # for running answers when the server is told to stop
    steps: Count = 25  # of one tool loop
    sessions: Count = 64  # workspaces at once
    session_seconds: Seconds = 3600.0  # after which an idle workspace is deleted
    session_bytes: Count = 500_000_000  # of one workspace
    stored_responses: Count = 1000  # that `previous_response_id` can name


class Upstream(_Frozen):
    """An OpenAI-compatible engine that answers in this server's place."""

    url: str  # with its version: http://127.0.0.1:8001/v1
    api_key_variable: str | None = None  # of the environment; the key itself is not a setting
    models: dict[str, str] = Field(default_factory=dict)  # name here → name there; empty: ask it
    connect_seconds: Seconds = 5.0
    first_token_seconds: Seconds = 120.0
    idle_seconds: Seconds = 60.0  # between two pieces of a stream
    health_seconds: Seconds = 10.0  # between two looks at whether it lives

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address, such as http://127.0.0.1:8001/v1")
        return url.rstrip("/")


class ServeConfig(_Frozen):
    """The settings of the server."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    adapter_path: Path | None = None
    base_model: str | None = None
    max_tokens: Count = 4096
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] = 0.1
    workspace_dir: Path = Path("./workspace")
    enable_tools: bool = True
    tool_timeout: Seconds = 60.0

    adapters: dict[str, Path] = Field(default_factory=dict)  # name → folder
    adapters_dir: Path | None = None  # whose folders may be loaded while the server runs
    trust: str | None = None  # whose signature adapters need: an address, a key, a trust file
    device: str = "auto"
    allow_download: bool = False  # of a base model that is not on this machine
    batch: Annotated[int, Field(ge=1, le=1024)] = 32  # answers in one step of the model
    prefix_cache_tokens: Annotated[int, Field(ge=0)] = 32_768
    upstreams: tuple[Upstream, ...] = ()
    auto_tools: bool = False  # where a request does not say
    keys_file: Path | None = None
    cors_origins: tuple[str, ...] = ()
    log_prompts: bool = False
    traces: Literal["off", "otlp"] = "off"
    limits: Limits = Field(default_factory=Limits)

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_named(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in origins:
            raise ValueError("name the origins: every site in a browser could use the server")
        return origins

    @model_validator(mode="after")
    def _one_kind_of_engine(self) -> ServeConfig:
        local = self.base_model or self.adapter_path or self.adapters
        if self.upstreams and local:
            raise ValueError("upstreams: answers come from them or from base_model, not from both")
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def of(cls, settings: object) -> ServeConfig:
        """Read settings from a ServeConfig, a mapping, or an object with such fields.

        Raises SettingsError, which names the field.
        """
        if isinstance(settings, cls):
            return settings
        try:
            return cls.model_validate(_as_mapping(cls, settings))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "settings"
            raise SettingsError(where, first["msg"].removeprefix("Value error, ")) from None


def _as_mapping(kind: type[BaseModel], settings: object) -> Mapping[str, Any]:
    if isinstance(settings, Mapping):
        return settings
    found = {name: getattr(settings, name) for name in kind.model_fields if hasattr(settings, name)}
    if not found:
        raise SettingsError(
            "settings", f"{type(settings).__name__} has none of the server's fields"
        )
    return found

"""What a trained agent is: one typed, frozen document that a signature covers.

The document lists every file by path, size and SHA-256. `adapter.hash` is the digest of that
list, names included, so that two files cannot change places. A published manifest is read from
exactly its canonical bytes (RFC 8785): there is no second way to write the same manifest.

The fields are versioned by `schema`; `json_schema()` is the contract for other languages, and
`agent-manifest-1.schema.json` in this package is its committed form.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from .canonical import canonical, read_json
from .errors import ManifestError, UnknownSchemaError, UnsafeFileError
from .names import AGENT, DIGEST, LONGEST_NAME, LONGEST_PATH, VERSION, apart, confined

SCHEMA: Literal["swarmcode-agent/1"] = "swarmcode-agent/1"
LARGEST_MANIFEST = 4 << 20
MOST_FILES = 10_000
LARGEST_NUMBER = 2**53 - 1


def _confined(path: str) -> str:
    """Check a path within pydantic, which knows ValueError alone."""
    try:
        return confined(path)
    except UnsafeFileError as error:
        raise ValueError(str(error)) from error


Count = Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]
Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=f"^{DIGEST}$")]
Line = Annotated[str, Field(max_length=4096)]
Word = Annotated[str, Field(min_length=1, max_length=256)]
Words = Annotated[tuple[Word, ...], Field(strict=False)]  # Python's lists are welcome
Path = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH), AfterValidator(_confined)]
Moment = Annotated[
    str, Field(pattern=r"^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z$")
]


class _Part(BaseModel):
    """A part of a manifest: strict, frozen, and written without the fields that are not set."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", ser_json_inf_nan="constants"
    )

    @model_serializer(mode="wrap")
    def _without_unset(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in write(self).items() if value is not None}


class AgentFile(_Part):
    """One file: where it stands, how long it is, what it holds."""

    path: Path
    size: Count
    sha256: Hex


class Adapter(_Part):
    """The weights as a whole: the digest of the list of files, and what their headers say."""

    hash: Digest
    size: Count
    format: Literal["safetensors"] = "safetensors"
    tensors: Count
    parameters: Count
    dtypes: Words


class Training(_Part):
    """What the weights were made from."""

    data_hash: Digest
    examples: Count | None = None
    method: Line | None = None


class Evaluation(_Part):
    """How well the agent did, on which examples."""

    examples: Count
    pass_rate: Rate | None = None
    patch_apply_rate: Rate | None = None
    data_hash: Digest | None = None


class ProvenanceLink(_Part):
    """Where more is told about how the agent came to be."""

    kind: Word
    uri: Line
    digest: Digest | None = None


class Signing(_Part):
    """Who signs, and in which scheme. The signature covers this, so neither can be exchanged."""

    scheme: Literal["eip191", "eip712"]
    signer: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
    chain_id: Annotated[int, Field(ge=1, le=LARGEST_NUMBER)] | None = None

    @model_validator(mode="after")
    def _chain_belongs_to_eip712(self) -> Self:
        if (self.chain_id is not None) != (self.scheme == "eip712"):
            raise ValueError("chain_id belongs to the scheme eip712, and only to it")
        return self


class AgentManifest(_Part):
    """A trained agent, ready to be signed. `to_dict()` is the document."""

    schema_: Literal["swarmcode-agent/1"] = Field(default=SCHEMA, alias="schema")
    name: Annotated[str, Field(max_length=LONGEST_NAME, pattern=f"^{AGENT}$")]
    version: Annotated[str, Field(max_length=LONGEST_NAME, pattern=f"^{VERSION}$")]
    description: Line = ""
    author: Line = ""
    license: Line | None = None
    created_at: Moment
    base_model: Word
    base_model_revision: Word | None = None
    adapter: Adapter
    files: Annotated[
        tuple[AgentFile, ...], Field(strict=False, min_length=1, max_length=MOST_FILES)
    ]
    training: Training | None = None
    evaluation: Evaluation | None = None
    capabilities: Words = ()
    tools: Words = ()
    provenance: Annotated[tuple[ProvenanceLink, ...], Field(strict=False)] = ()
    extensions: dict[Word, JsonValue] = {}
    signing: Signing | None = None
    signature: Annotated[str, Field(pattern=r"^0x[0-9a-f]{130}$")] | None = None

    @model_validator(mode="after")
    def _is_of_one_piece(self) -> Self:
        paths = [file.path for file in self.files]
        if paths != sorted(set(paths)):
            raise ValueError("files are not listed once each, in the order of their paths")
        try:
            apart(paths)
        except UnsafeFileError as error:
            raise ValueError(str(error)) from error
        if self.adapter.hash != tree_hash(self.files):
            raise ValueError("adapter.hash is not the digest of the list of files")
        if self.adapter.size != sum(file.size for file in self.files):
            raise ValueError("adapter.size is not the sum of the sizes of the files")
        if self.signature and not self.signing:
            raise ValueError("there is a signature, but not by whom (signing)")
        return self

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a published manifest, or raise `ManifestError`: canonical bytes and nothing else."""
        if len(data) > LARGEST_MANIFEST:
            raise ManifestError(f"larger than {LARGEST_MANIFEST} bytes")
        document = read_json(data)
        manifest = cls._validated(data, document)
        if manifest.to_bytes() != data:
            raise ManifestError("not in its canonical form (RFC 8785)")
        return manifest

    @classmethod
    def _validated(cls, data: bytes, document: Any) -> Self:
        if not isinstance(document, dict):
            raise ManifestError("not a JSON object")
        if (schema := document.get("schema")) != SCHEMA:
            raise UnknownSchemaError(
                f"is of version {schema!r}, and this package reads {SCHEMA!r}", where="schema"
            )
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise _first(error) from error

    @classmethod
    def build(cls, **fields: Any) -> Self:
        """Make a manifest from Python values, or raise `ManifestError` naming the field."""
        try:
            made = cls.model_validate({"schema": SCHEMA, **fields})
        except ValidationError as error:
            raise _first(error) from error
        return cls.from_bytes(made.to_bytes())  # what can be written can be read

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON values; a field that is not set is left out."""
        document: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return document

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the whole document, as it is published."""
        return canonical(self.to_dict())

    def signed_bytes(self) -> bytes:
        """Return the bytes that a signature covers: everything but the signature."""
        return canonical({k: v for k, v in self.to_dict().items() if k != "signature"})

    @property
    def digest(self) -> str:
        """The digest of the published bytes: the one name that can mean nothing else."""
        return f"sha256:{hashlib.sha256(self.to_bytes()).hexdigest()}"

    def file(self, path: str) -> AgentFile | None:
        """Return a file's entry, or None."""
        return next((file for file in self.files if file.path == path), None)


def tree_hash(files: Iterable[AgentFile]) -> str:
    """Return the digest of a list of files; path, size and content of each are part of it."""
    listing = [file.model_dump(mode="json") for file in sorted(files, key=lambda f: f.path)]
    return f"sha256:{hashlib.sha256(b'swarmcode-files/1' + canonical(listing)).hexdigest()}"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a published manifest."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **AgentManifest.model_json_schema(mode="validation"),
    }


def _first(error: ValidationError) -> ManifestError:
    """Turn what pydantic found into one line about the first thing that is wrong."""
    found = error.errors(include_url=False)[0]
    where = _dotted(found["loc"])
    message = re.sub(r"^(Value|Assertion) error, ", "", found["msg"])
    more = error.error_count() - 1
    return ManifestError(f"{message}{f' (and {more} more)' if more else ''}", where=where)


def _dotted(place: Sequence[int | str]) -> str:
    return ".".join(str(step) for step in place)

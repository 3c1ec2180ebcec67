"""The errors of swarmcode-registry, drawn as a tree.

RegistryError                    everything that swarmcode-registry raises on purpose
├── MissingExtraError            a feature needs an extra that is not installed  .command
├── BadReferenceError            no name, version, tag, digest or store           .text
├── ManifestError                a manifest cannot be read                        .where
│   └── UnknownSchemaError       it is of a version that this package does not know
├── AdapterError                 a folder cannot be published or loaded           .path
│   ├── AdapterMissingError      it is not there (also a ValueError)
│   ├── UnsafeFileError          a link, a pickle, a name that escapes
│   └── BadSafetensorsError      the weights' header is not what it claims
├── SigningKeyError              no signing key, or not a key; never holds the key
├── VerificationError            not what was signed: nothing may be loaded
│   ├── IdentityRequiredError    nobody said whose signature to expect
│   ├── UntrustedSignerError     signed, but not by whom was expected             .signer
│   ├── BadSignatureError        no signature, or not one over these bytes
│   ├── FilesDifferError         a file is not the one that was signed            .path
│   └── WrongAgentError          signed, but for another name, version or digest
└── StoreError                   a store refuses, answers wrongly, or cannot be reached
    ├── NotFoundError            no such agent, version, tag or digest
    ├── VersionExistsError       a version is published once
    ├── YankedError              the version was taken back by its publisher      .reason
    ├── DowngradeError           older than what this machine has verified before
    └── TransferError            a transfer stopped; running it again resumes it
"""

from pathlib import PurePath


class RegistryError(Exception):
    """Catch this to catch whatever swarmcode-registry raises on purpose."""


class MissingExtraError(RegistryError):
    """A feature needs an extra that is not installed; `command` installs it."""

    def __init__(self, feature: str, *, extra: str) -> None:
        self.extra = extra
        self.command = f"pip install 'swarmcode-registry[{extra}]'"
        super().__init__(f"{feature} needs an extra that is not installed: {self.command}")


class BadReferenceError(RegistryError):
    """`text` does not name an agent, a version, a tag, a digest or a store."""

    def __init__(self, text: str, problem: str) -> None:
        self.text = text
        super().__init__(f"{text!r} {problem}")


class ManifestError(RegistryError):
    """A manifest cannot be read; `where` says at which field."""

    def __init__(self, problem: str, *, where: str = "") -> None:
        self.where = where
        super().__init__(f"manifest, {where}: {problem}" if where else f"manifest: {problem}")


class UnknownSchemaError(ManifestError):
    """The manifest is of a version that this package does not know."""


class AdapterError(RegistryError):
    """A folder cannot be published or loaded; `path` is what is wrong with it."""

    def __init__(self, path: str | PurePath, problem: str) -> None:
        self.path = str(path)
        super().__init__(f"{self.path}: {problem}")


class AdapterMissingError(AdapterError, ValueError):
    """There is no adapter at that path."""


class UnsafeFileError(AdapterError):
    """A file that must not be published or loaded: a link, a pickle, a name that escapes."""


class BadSafetensorsError(AdapterError):
    """A safetensors file whose header does not describe the bytes that follow it."""


class SigningKeyError(RegistryError):
    """There is no signing key, or what there is is not a key. The message never holds it."""


class VerificationError(RegistryError):
    """Something is not what was signed. Nothing of it may be loaded."""


class IdentityRequiredError(VerificationError):
    """Nobody said whose signature to expect, so nothing can be verified."""


class UntrustedSignerError(VerificationError):
    """The signature is good, but it is not by anyone who was expected."""

    def __init__(self, signer: str, problem: str) -> None:
        self.signer = signer
        super().__init__(f"signed by {signer}, {problem}")


class BadSignatureError(VerificationError):
    """There is no signature, or it does not cover these bytes."""


class FilesDifferError(VerificationError):
    """A file is not the one that was signed."""

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        super().__init__(f"{path}: {problem}")


class WrongAgentError(VerificationError):
    """A good signature over another agent, version or digest than the one asked for."""


class StoreError(RegistryError):
    """A store refuses, answers wrongly, or cannot be reached."""


class NotFoundError(StoreError):
    """The store holds no such agent, version, tag or digest."""


class VersionExistsError(StoreError):
    """A version is published once; other content needs another version."""


class YankedError(StoreError):
    """The version was taken back by its publisher, for `reason`."""

    def __init__(self, reference: str, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"{reference} was yanked ({reason or 'no reason given'}): choose another version, "
            "or allow yanked versions"
        )


class DowngradeError(StoreError):
    """The store offers an older version than this machine has already verified."""


class TransferError(StoreError):
    """A transfer stopped half-way. What arrived is kept apart; running it again resumes it."""

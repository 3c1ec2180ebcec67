"""Verification: nothing of an agent is loaded before all of this holds.

In this order: somebody is expected; the manifest is canonical and of a known schema; the
signature is by who was expected, for this agent; the folder holds exactly the listed files, each
of its size and SHA-256; none of them is a pickle; the weights' headers say what the manifest
says; the provenance, where there is one, is about these files. Every check that fails raises;
there is no partial success and no fallback.

What is checked is what was read. Files that another process can change afterwards are not
guaranteed to stay so: verify in a folder that only you can write, as `pull` does.
"""

from dataclasses import dataclass
from pathlib import Path

from .canonical import read_json
from .digest import hash_tree, open_regular
from .errors import (
    BadSignatureError,
    FilesDifferError,
    IdentityRequiredError,
    ManifestError,
    UntrustedSignerError,
    VerificationError,
    WrongAgentError,
)
from .folder import agent_files, read_weights, refuse_pickles
from .manifest import LARGEST_MANIFEST, SCHEMA, AgentFile, AgentManifest
from .names import MANIFEST_FILE, SIGNATURE_FILE, Reference
from .progress import OnProgress, silent
from .provenance import check_provenance
from .trust import Trust, TrustedSigner

Expected = str | Path | Trust


@dataclass(frozen=True, slots=True)
class Verified:
    """An agent that is what its signer published."""

    folder: Path
    manifest: AgentManifest
    signer: str
    digest: str
    unchecked: tuple[str, ...] = ()  # the detached signature, where another one was checked


def verify(
    folder: str | Path,
    *,
    expect: Expected | None = None,
    reference: Reference | None = None,
    chain_id: int = 1,
    on_progress: OnProgress = silent,
) -> Verified:
    """Verify an agent's folder, or raise `VerificationError` (or another `RegistryError`).

    `expect` says whose signature counts: an Ethereum address, a public key (PEM), the path of a
    trust file, or a `Trust`. With `reference`, the manifest must be that agent's.
    """
    folder = Path(folder)
    trust = trust_of(expect)
    data = read_manifest_bytes(folder / MANIFEST_FILE)
    manifest = AgentManifest.from_bytes(data)
    if reference is not None:
        check_reference(manifest, reference)
    signer = _check_signature(folder, manifest, trust, chain_id)
    check_files(folder, manifest, on_progress=on_progress)
    check_provenance(folder, manifest)
    leftover = (folder / SIGNATURE_FILE).exists() and signer.startswith("0x")
    unchecked = (SIGNATURE_FILE,) if leftover else ()
    return Verified(folder, manifest, signer, manifest.digest, unchecked)


def trust_of(expect: Expected | None) -> Trust:
    """Return whom to trust; nobody named is an error."""
    if expect is None or expect == "":
        raise IdentityRequiredError(
            "nothing can be verified without knowing whose signature to expect: "
            "name an address, a public key or a trust file"
        )
    if isinstance(expect, Trust):
        return expect
    text = str(expect)
    if text.startswith(("0x", "-----BEGIN")):
        return Trust.of(text)
    return Trust.of(text) if _is_pem(Path(text)) else Trust.load(Path(text))


def read_manifest_bytes(path: Path) -> bytes:
    """Read a manifest's bytes, no more than a manifest may have."""
    with open_regular(path) as file:
        data = file.read(LARGEST_MANIFEST + 1)
    if len(data) > LARGEST_MANIFEST:
        raise ManifestError(f"larger than {LARGEST_MANIFEST} bytes")
    return data


def check_signer(manifest: AgentManifest, trust: Trust, *, chain_id: int = 1) -> str:
    """Check a manifest's own signature against whom is trusted; return the signer's address."""
    from .signing import signer_of

    addresses = {s.address.lower() for s in trust.for_agent(manifest.name) if s.address}
    signer = signer_of(manifest, chain_id=chain_id)
    if signer.lower() not in addresses:
        raise UntrustedSignerError(signer, f"who is not trusted to sign {manifest.name}")
    return signer


def check_reference(manifest: AgentManifest, reference: Reference) -> None:
    """Refuse another agent, version or digest than the one that was asked for."""
    if manifest.name != reference.name:
        raise WrongAgentError(f"asked for {reference}, and got the agent {manifest.name!r}")
    if reference.digest and manifest.digest != reference.digest:
        raise WrongAgentError(f"asked for {reference}, and got {manifest.digest}")
    if not (reference.digest or reference.floats) and manifest.version != reference.label:
        raise WrongAgentError(f"asked for {reference}, and got version {manifest.version}")


def check_files(folder: Path, manifest: AgentManifest, *, on_progress: OnProgress = silent) -> None:
    """Check every file against the manifest. This alone says nothing about who made it."""
    paths = agent_files(folder)
    listed = {file.path: file for file in manifest.files}
    for path in sorted(listed.keys() ^ set(paths)):
        problem = "is missing" if path in listed else "is there, and the manifest does not list it"
        raise FilesDifferError(path, problem)
    for path in paths:
        _check_size(folder, listed[path])
    refuse_pickles(folder, paths)
    for found in hash_tree(folder, paths, on_progress=on_progress):
        if found != listed[found.path]:
            raise FilesDifferError(found.path, f"holds sha256:{found.sha256}, which was not signed")
    _check_weights(folder, manifest, paths)


def _check_size(folder: Path, listed: AgentFile) -> None:
    size = (folder / listed.path).stat().st_size
    if size != listed.size:
        raise FilesDifferError(listed.path, f"has {size} bytes, and {listed.size} were signed")


def _check_weights(folder: Path, manifest: AgentManifest, paths: tuple[str, ...]) -> None:
    weights, said = read_weights(folder, paths), manifest.adapter
    if (weights.tensors, weights.parameters) != (said.tensors, said.parameters) or tuple(
        sorted(weights.dtypes)
    ) != said.dtypes:
        raise VerificationError(
            f"the weights hold {weights.tensors} tensors and {weights.parameters} parameters "
            f"({', '.join(sorted(weights.dtypes))}), and the manifest says otherwise"
        )


def _check_signature(folder: Path, manifest: AgentManifest, trust: Trust, chain_id: int) -> str:
    """Return who signed: one trusted signature, of either kind, is enough."""
    signers = trust.for_agent(manifest.name)
    keys = [signer for signer in signers if signer.public_key]
    if manifest.signature is not None and len(keys) < len(signers):
        try:
            return check_signer(manifest, trust, chain_id=chain_id)
        except VerificationError:
            if not keys:
                raise
    if not keys:
        raise BadSignatureError(f"{manifest.name} {manifest.version} is not signed")
    return _check_bundle(folder, keys)


def _check_bundle(folder: Path, keys: list[TrustedSigner]) -> str:
    from .signing import verify_folder

    problem: BadSignatureError | None = None
    for key in keys:
        try:
            return verify_folder(folder, (key.public_key or "").encode())
        except BadSignatureError as error:
            problem = error
    raise problem or BadSignatureError("no public key is trusted")


def _is_pem(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(10) == b"-----BEGIN"
    except OSError:
        return False


def verify_manifest(path: str | Path, address: str | None = None) -> bool:
    """Say whether a manifest file was signed by `address`; its agent's files are not looked at.

    Also reads manifests from before the schema, whose signature covers their sorted-key JSON.
    Without an address there is nothing to verify against, which is an error and not a yes.
    """
    from .signing import checksummed, legacy_signer_of, signer_of

    if not address:
        raise IdentityRequiredError("verify_manifest needs the address whose signature is expected")
    expected = checksummed(address)
    data = read_manifest_bytes(Path(path))
    try:
        document = read_json(data)
        if isinstance(document, dict) and document.get("schema") != SCHEMA:
            return "schema" not in document and legacy_signer_of(document) == expected
        return signer_of(AgentManifest.from_bytes(data)) == expected
    except (VerificationError, ManifestError):
        return False

"""What keeps a row out: near-duplicates, secrets, licences that were not allowed."""

from .licences import PERMISSIVE, LicenceGate, licence_of
from .minhash import NearDuplicates, shingles, similarity
from .secrets import PatternSecretGate, SecretGate

__all__ = [
    "PERMISSIVE",
    "LicenceGate",
    "NearDuplicates",
    "PatternSecretGate",
    "SecretGate",
    "licence_of",
    "shingles",
    "similarity",
]

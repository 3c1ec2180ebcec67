"""Protobuf: one file for each context, with numbers from the lock, compiled before it is kept."""

from .generate import ProtoFile, ProtoGenerationResult, ProtoPlan, plan_protos
from .generate import generate_proto_from_manifests as generate_proto_from_manifests

__all__ = [
    "ProtoFile",
    "ProtoGenerationResult",
    "ProtoPlan",
    "generate_proto_from_manifests",
    "plan_protos",
]

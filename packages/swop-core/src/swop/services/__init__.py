"""Services that start and answer as generated: a gRPC server and a worker for each context."""

from .generate import ServiceFile, ServiceGenerationResult, generate_services

__all__ = ["ServiceFile", "ServiceGenerationResult", "generate_services"]

"""The store on PostgreSQL, which several kernels share (extra `postgres`)."""

from .store import PostgresStore

__all__ = ["PostgresStore"]

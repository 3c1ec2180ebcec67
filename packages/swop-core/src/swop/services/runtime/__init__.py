"""Modules that are copied, as they are, into every generated service."""

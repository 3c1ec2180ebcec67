"""The published drivers."""

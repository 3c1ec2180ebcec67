"""The published life cycle."""

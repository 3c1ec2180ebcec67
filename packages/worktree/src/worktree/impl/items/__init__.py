"""The published artifact kinds."""

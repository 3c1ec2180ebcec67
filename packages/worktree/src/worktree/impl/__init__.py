"""The published implementations, under their published paths."""

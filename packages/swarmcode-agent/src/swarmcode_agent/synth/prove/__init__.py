"""Proof by execution: tests that fail without a change and pass with it."""

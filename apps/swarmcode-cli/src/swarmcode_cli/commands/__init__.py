"""The commands, one a file: each parses, calls one function, and renders."""

"""What runs between us and the command: a program of its own, started without this package."""

"""What passes between a tree in memory and its storage."""

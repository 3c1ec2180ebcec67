"""Training data that is proven, from a repository's own history."""

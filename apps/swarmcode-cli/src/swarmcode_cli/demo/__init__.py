"""The demonstration: a small repository, a tiny model, and the whole way from one to the other."""

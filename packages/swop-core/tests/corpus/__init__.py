"""Classes with labels written by hand: what a person would call each of them."""

"""How results are shown: for people, and for programs. Nothing here decides anything."""

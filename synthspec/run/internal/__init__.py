"""The internal edition's side of `run`: private rows are read without noise, and only figures come out."""

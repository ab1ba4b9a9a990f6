"""Verify: a release checked again without the data, one file a check."""

"""Exact figures of released rows against private ones, for the internal edition only."""

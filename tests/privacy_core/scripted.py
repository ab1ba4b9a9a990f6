"""A NoiseSource that plays back given bytes: for tests of the exact path only."""

from __future__ import annotations


class Scripted:
    """Hands out the given words of 64 bits in order; an error when they run out."""

    def __init__(self, *words: int) -> None:
        self._data = b"".join(word.to_bytes(8, "little") for word in words)
        self.taken = 0

    def bytes(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        assert self.taken + count <= len(self._data), "more randomness was asked for than scripted"
        self.taken += count
        return self._data[self.taken - count : self.taken]

"""Two kinds of randomness, never one: NoiseSource (secret, unseedable) and SampleRng (public, seeded).

Source: ours; PRIVACY 4.
"""

from __future__ import annotations

import hashlib
import os
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray


class NoiseSource(Protocol):
    """Secret random bytes for privacy noise, truncation keys and Poisson draws."""

    def bytes(self, count: int) -> bytes:
        """Return `count` fresh uniform bytes."""


@final
class SystemNoise:
    """The operating system's generator: cannot be seeded, has no state to save."""

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes of `os.urandom`."""
        return os.urandom(count)


@final
class StreamNoise:
    """A cipher's stream keyed by the operating system: for the gigabytes that a run of noisy gradients draws.

    OpenSSL's generator, AES-256 in counter mode (NIST SP 800-90A), keyed and re-keyed from the operating
    system and after a fork; several times faster than asking the system for each byte. Cannot be seeded.
    """

    def bytes(self, count: int) -> bytes:
        """Return `count` bytes of the stream."""
        from ssl import RAND_bytes  # loads OpenSSL, which nothing else here needs

        return RAND_bytes(count)


@final
class SampleRng:
    """A reproducible generator for sampling from released models; its seed is public."""

    def __init__(self, seed: int, *stream: str | int) -> None:
        words = hashlib.blake2b(repr((seed, *stream)).encode(), digest_size=32).digest()
        self._seed = seed
        self._stream = stream
        key = np.frombuffer(words[:16], dtype=np.uint64)
        self._generator = np.random.Generator(np.random.Philox(key=key))

    def split(self, *stream: str | int) -> SampleRng:
        """Return an independent generator, a function of the seed and the names given so far."""
        return SampleRng(self._seed, *self._stream, *stream)

    @property
    def generator(self) -> np.random.Generator:
        """The NumPy generator to draw from."""
        return self._generator

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return `count` uniform draws in [0, 1)."""
        return self._generator.random(count)

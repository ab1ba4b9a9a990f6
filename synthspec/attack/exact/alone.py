"""Alone: learners on one thread, since on a busy machine more of them wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_one_thread() -> Iterator[None]:
    """Keep scikit-learn and the linear algebra below it on one thread."""
    import sklearn.ensemble  # its threads can only be limited once it is loaded
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    assert sklearn.ensemble
    with threadpool_limits(limits=1):
        yield

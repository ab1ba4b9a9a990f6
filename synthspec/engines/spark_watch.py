"""A watch over a cluster: work that no worker is left to do is given up, where Spark would wait for ever.

Source: ours.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark import SparkContext

PATIENCE = 90.0
"""Seconds without any worker after which the work is given up."""
EVERY = 3.0


@contextmanager
def watched(context: SparkContext, group: str, patience: float = PATIENCE) -> Iterator[None]:
    """Cancel the jobs of a group once no worker has been there for so long; a lost one may come back."""
    if str(context.master).startswith("local"):
        yield
        return
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(context, group, patience, over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(context: SparkContext, group: str, patience: float, over: threading.Event) -> None:
    alone = 0.0
    while not over.wait(EVERY):
        alone = alone + EVERY if _workers(context) == 0 else 0.0
        if alone >= patience:
            with suppress(Exception):
                context.cancelJobGroup(group)
            return


def _workers(context: SparkContext) -> int | None:
    """Return how many executors there are beside the driver; None where that cannot be told."""
    java: Any = getattr(context, "_jsc", None)
    with suppress(Exception):
        return len(java.sc().statusTracker().getExecutorInfos()) - 1
    return None

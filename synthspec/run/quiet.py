"""Quiet: run something beside private rows so that nothing it says leaves but its result.

An exception's text, a warning, a native library's last words on standard error: each may quote a
row. The error raised instead is made outside the `except` block, so that it has no cause, no context
and no frames that hold rows.

Source: ours; ARCHITECTURE 3.3.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from synthspec.errors import KernelError

Result = TypeVar("Result")


def quietly(work: Callable[[], Result], step: str) -> Result:
    """Return what `work` returns.

    Raises:
        KernelError: K701, whatever went wrong; it names the public `step` only.
    """
    found: list[Result] = []
    interrupted = False
    with _mute():
        try:
            found.append(work())
        except (KeyboardInterrupt, SystemExit):
            interrupted = True
        except BaseException:
            pass
    if interrupted:
        raise KeyboardInterrupt
    if not found:
        raise KernelError(
            "K701",
            f"something failed beside private rows, at: {step}",
            notes=("what it was is not shown, since it could quote a row",),
            helps=("`synthspec train --resume` continues with the answers already bought",),
        )
    return found[0]


@contextlib.contextmanager
def _mute() -> Iterator[None]:
    """Silence warnings, logs and what native code writes to standard error; our own writing goes on."""
    with contextlib.ExitStack() as stack:
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable()
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stack.enter_context(_native_muted())
        yield


@contextlib.contextmanager
def _native_muted() -> Iterator[None]:
    sys.stderr.flush()
    ours = sys.stderr.fileno() == 2
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        if ours:
            with _Voice(os.dup(kept)) as voice, contextlib.redirect_stderr(voice):
                yield
        else:
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


class _Voice(io.TextIOWrapper):
    """Standard error while it is muted for others; a spinner's thread that is late with a word is let off."""

    def __init__(self, handle: int) -> None:
        super().__init__(os.fdopen(handle, "wb"), encoding="utf-8", errors="replace", line_buffering=True)

    def write(self, text: str) -> int:
        """Write, or drop what comes after the end."""
        with contextlib.suppress(ValueError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, where there is anything to flush."""
        with contextlib.suppress(ValueError):
            super().flush()

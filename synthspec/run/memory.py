"""Memory: running out of it beside public work is said with a code, and where the charge stands.

Beside private rows it is K701 like everything else (run/quiet.py): whether memory sufficed there may
depend on the rows.

Source: ours.
"""

from __future__ import annotations

from synthspec.errors import KernelError

SAID = ("can't allocate memory", "out of memory")
"""How torch says it, on the processor and on a GPU."""


def out_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out; torch says so by a RuntimeError."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error).lower() for words in SAID)
    )


def too_little(stands: str) -> KernelError:
    """Return the refusal K702; `stands` says where the charge is."""
    return KernelError(
        "K702",
        "memory ran out",
        notes=(stands,),
        helps=(
            "free memory, or go on where there is more: the plan and its price stay the same",
            "networks: `--device cpu`, where a GPU was too small; a lesser `width` is another plan",
        ),
    )

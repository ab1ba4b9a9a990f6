"""Extra: whether torch is there; asked before anything is bought.

Source: ours.
"""

from __future__ import annotations

from importlib.util import find_spec

from synthspec.errors import SpecError


def need_torch(kind: str) -> None:
    """Do nothing where torch is installed.

    Raises:
        SpecError: G442.
    """
    if find_spec("torch") is None:
        raise SpecError(
            "G442",
            f"`{kind}` needs torch, which is not installed",
            helps=("pip install 'synthspec[neural]'", "or write `using: marginal`"),
        )

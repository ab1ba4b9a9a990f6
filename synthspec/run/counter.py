"""Counter: which steps of a training are gone, and the state saved last.

The count is durable in the owner's ledger before a block of steps is taken; the state is saved after it,
beside the log of answers, and holds public things only. An older state, or a copied one, buys nothing.

Source: ours; DECISIONS 23.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from synthspec.errors import BudgetError
from synthspec.privacy.home import sync_folder
from synthspec.privacy.step_counter import Block, steps_counted

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.run.charged import Charged


class Counter(Protocol):
    """The steps of one training."""

    def gone(self) -> int:
        """Return how many steps are counted."""

    def count(self, before: int, after: int) -> None:
        """Count steps `before` + 1 up to `after`, durably, before they are taken."""

    def save(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Save a public state as it is after `step` steps."""

    def saved(self) -> dict[str, Tensor] | None:
        """Return the state saved last, None when there is none that can be read."""


class Uncounted:
    """The steps of a training on rows that are declared public: nothing is paid, nothing is kept."""

    def gone(self) -> int:
        """Return 0."""
        return 0

    def count(self, before: int, after: int) -> None:
        """Do nothing."""

    def save(self, step: int, state: Mapping[str, Tensor]) -> None:
        """Do nothing."""

    def saved(self) -> dict[str, Tensor] | None:
        """Return None."""
        return None


class Counted:
    """The steps of a training that was charged."""

    def __init__(self, charged: Charged, folder: Path, purchase: int, question: str, steps: int) -> None:
        self._charged = charged
        self._folder = folder
        self._purchase = purchase
        self._question = question
        self._steps = steps

    def gone(self) -> int:
        """See `Counter.gone`. Raises BudgetError B511 when another training was counted there."""
        return steps_counted(self._charged.facts(), self._purchase, self._question, self._steps)

    def count(self, before: int, after: int) -> None:
        """See `Counter.count`. Raises BudgetError B505, B506, B511."""
        block = Block(
            charge=self._charged.id,
            purchase=self._purchase,
            question=self._question,
            steps=self._steps,
            before=before,
            after=after,
        )
        self._charged.journal.count_steps(block)

    def save(self, step: int, state: Mapping[str, Tensor]) -> None:
        """See `Counter.save`. Raises BudgetError B512 when it cannot be written."""
        data = packed(state)
        facts = {"step": step, "question": self._question, "digest": _digest(data)}
        named = f"steps-{self._purchase}-{step}.safetensors"
        written = False
        with contextlib.suppress(OSError):
            _write(self._folder / named, data)
            _write(self._facts, json.dumps({**facts, "file": named}, sort_keys=True).encode())
            written = True
        if not written:
            raise BudgetError(
                "B512",
                f"the state of a training cannot be saved in `{self._folder}`",
                helps=("check the folder and the disk's space, then `synthspec train --resume`",),
            )
        for older in self._folder.glob(f"steps-{self._purchase}-*.safetensors"):
            if older.name != named:
                with contextlib.suppress(OSError):
                    older.unlink()

    def saved(self) -> dict[str, Tensor] | None:
        """See `Counter.saved`."""
        from safetensors.torch import load

        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            facts = json.loads(self._facts.read_bytes())
            data = (self._folder / Path(facts["file"]).name).read_bytes()
            if facts["question"] == self._question and facts["digest"] == _digest(data):
                return dict(load(data))
        return None

    @property
    def _facts(self) -> Path:
        return self._folder / f"steps-{self._purchase}.json"


def packed(state: Mapping[str, Tensor]) -> bytes:
    """Return a public state as safetensors, which `safetensors.torch.load` reads."""
    from safetensors.torch import save

    return save({name: each.detach().cpu().contiguous().clone() for name, each in state.items()})


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Put `data` in the place of a file, whole or not at all, readable by its owner only."""
    aside = path.with_name(path.name + ".part")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    sync_folder(path.parent)

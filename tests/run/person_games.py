"""Person games: one whole person, with more rows than count, is in a file or not; a view's answers are heard.

Unlike the other games these read files: the neighbours differ in every row of one person, all of them alike,
so that they lie in one cell of any table of rows. What is priced is a plan's own view, opened by an engine
and asked through the kernel that `run.views` makes of it: that a person adds as much as the plan's level
says, and no more, is what is played for.

A planted bug is noise for one row: the price of a person who adds 1, on the rows that count as they do. For
a view of persons it is one that keeps every row.

These games open files without a charge: no part of the package does, so they lie with its tests.

Source: ours; PRIVACY 1 (persons) and 10.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthspec.attack.transcript import of_counts
from synthspec.engines.base import Engine, Rows
from synthspec.plan.level import Level, level_of, protection_of
from synthspec.plan.ops import Ref, Weigh
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.ledger import Ledger
from synthspec.run.games import CLAIM, Game, one_by_one
from synthspec.run.recorded import Unrecorded, unseen
from synthspec.run.views import Views
from synthspec.terms.expr import Literal_
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Marginal
from synthspec.terms.types import INT
from synthspec.terms.view import Coded, Field, Source, View

BUG = "noise for one row"
CELLS = 4096
"""Tables larger than that are not asked for."""

Exact = NDArray[np.int64]
Clique = tuple[Axis, ...]


@dataclass(frozen=True, eq=False)
class People:
    """Two files that differ in one person: `there` has it; `away` has it with other rows, or not at all.

    Where the plan has a table of units, each file's lies beside it: `x-units.csv` beside `x.csv`.
    """

    there: Path
    away: Path


@dataclass(frozen=True, eq=False)
class PersonGame:
    """A game, and which part of the claimed mu its neighbours reach: more than 1 is a bug by itself."""

    game: Game
    reached: float


class _Opened:
    """An engine whose one view is open already; see `engines.base.Engine`."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def header(self, source: Source) -> tuple[tuple[str, ...], ...]:
        """See `Engine.header`."""
        raise NotImplementedError

    def unreadable(self, source: Source, fields: Sequence[Field]) -> tuple[str, ...]:
        """See `Engine.unreadable`."""
        raise NotImplementedError

    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> AbstractContextManager[Rows]:
        """See `Engine.open`."""
        return nullcontext(self._rows)


@contextmanager
def person_game(
    plan: Plan, view: Ref, people: People, engine: Engine, noise: NoiseSource, *, bug: bool = False
) -> Iterator[PersonGame]:
    """Open both files and give the game of one view of a plan.

    Args:
        plan: over rows of persons; its source is exchanged for the files.
        view: the place of the op that gives the rows.
        people: the files.
        engine: reads them.
        noise: of the answers, and for the engine's key.
        bug: whether the kernel is given less to hide than the rows that it counts.
    """
    level, protection = level_of(plan, view), protection_of(plan, view)
    sold = _cheap(plan) if bug and not level.once else plan  # of persons, noise for one row is right
    with ExitStack() as stack:
        worlds = {}
        for present, path in ((True, people.there), (False, people.away)):
            recipe = _recipe(plan, level, path, every_row=bug)
            worlds[present] = stack.enter_context(engine.open(recipe, noise))
        asked = _asked(_recipe(plan, level, people.there, every_row=False))
        exact = {present: rows.count(asked) for present, rows in worlds.items()}

        def play(present: bool, bought: Cost) -> tuple[float]:
            with ExitStack() as inner:
                views = Views(
                    sold, _Opened(worlds[present]), noise, Unrecorded(), inner, Ledger(bought), None, b""
                )
                kernel = views.kernel(view, sold.columns, unseen)
                prices = bought.split(len(asked))
                found = kernel.measure(
                    [(Marginal(axes), price) for axes, price in zip(asked, prices, strict=True)]
                )
            parts = zip(found, exact[True], exact[False], strict=True)
            return (sum(of_counts(noisy.values, one, other, noisy.stddev) for noisy, one, other in parts),)

        title = _title(plan, level)
        game = Game(
            "mechanism", "rounded_gaussian", title, (Marginal,), protection, CLAIM, one_by_one(play), bug=BUG
        )  # fmt: skip
        yield PersonGame(game, _reached(exact[True], exact[False], asked, protection))


def _title(plan: Plan, level: Level) -> str:
    """Return what is asked, in words."""
    if level.once:
        joined = plan.source is not None and plan.source.units is not None
        return "one row of each person" + (", joined to a table of persons" if joined else "")
    if level.weight is not None:
        return "rows of a person share a weight"
    return "rows with the row before" if any(group.sequence for group in plan.groups) else "rows of a person"


def _recipe(plan: Plan, level: Level, path: Path, *, every_row: bool) -> View:
    """Return the plan's view of a file; with `every_row`, a view of persons that keeps all their rows."""
    assert plan.source is not None
    update: dict[str, object] = {"path": str(path)}
    if plan.source.units is not None:
        beside = path.with_name(f"{path.stem}-units.csv")
        update["units"] = plan.source.units.model_copy(update={"path": str(beside)})
    there = plan.model_copy(update={"source": plan.source.model_copy(update=update)})
    view = build_view(there, plan.columns, level=level)
    if view.bound.once is None or not every_row:
        return view
    most = view.bound.max_rows
    number = Coded(attribute=view.bound.once, size=most, code=Literal_(text=str(most - 1), type=INT))
    bound = view.bound.model_copy(update={"once": None})
    return view.model_copy(update={"bound": bound, "codes": (*view.codes, number)})


def _cheap(plan: Plan) -> Plan:
    """Return the plan as if a person had one row, for a kernel that is to sell too little noise."""
    assert plan.protection is not None
    ops = tuple(op.model_copy(update={"weight": 1}) if isinstance(op, Weigh) else op for op in plan.ops)
    return plan.model_copy(
        update={"protection": plan.protection.model_copy(update={"max_rows": 1}), "ops": ops}
    )


def _asked(view: View) -> list[Clique]:
    """Return the tables that are asked for: of everything if that is small, and of every attribute."""
    domain = view.domain
    axes = tuple(Axis(name, size) for name, size in zip(domain.attributes, domain.sizes, strict=True))
    small = domain.cells(domain.attributes) <= CELLS
    return [*((axes,) if small else ()), *((axis,) for axis in axes)]


def _reached(
    there: Sequence[Exact], away: Sequence[Exact], asked: Sequence[Clique], most: Protection
) -> float:
    """Return the mu that these neighbours reach, as a part of the mu that is claimed.

    Every table is sold at one price, so that its own part is how far it moves, over how far it may.
    """
    parts = [
        float(((one - other) ** 2).sum()) / Marginal(axes).sensitivity(most).l2_squared
        for one, other, axes in zip(there, away, asked, strict=True)
    ]
    return math.sqrt(sum(parts) / len(parts))

"""Rehearsal: a kernel over rows that are public, with the noise that private ones would get.

What it answers costs nobody anything; its ledger is thrown away. It is for trying a fit before it is paid
for: the rows were drawn from a release, or belong to a table that is declared public.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Engine
from synthspec.errors import InternalError
from synthspec.plan.level import Level, leveled
from synthspec.plan.plan import Plan
from synthspec.plan.view import build_view
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.ledger import Ledger
from synthspec.run.kernel import Kernel
from synthspec.run.quiet import quietly
from synthspec.run.recorded import Unrecorded, unseen


@contextmanager
def rehearsed(
    plan: Plan,
    attributes: tuple[str, ...],
    cap: Cost,
    engine: Engine,
    noise: NoiseSource,
    level: Level | None = None,
) -> Iterator[Kernel]:
    """Yield a kernel over the rows of a public table that can spend `cap` and sees `attributes` only.

    With a `level`, over one row of each unit or over rows that share a weight, and at the noise of that.

    Raises:
        InternalError: I326, when the source is not declared public: the caller refuses such plans.
        SourceError: D4xx, when it cannot be read.
    """
    if not plan.source_public or plan.protection is None:
        raise InternalError("I326", "a rehearsal on private rows was asked for")
    level = Level() if level is None else level
    view = build_view(plan, plan.columns, level=level)
    with quietly(lambda: engine.open(view, noise), "opening the source") as rows:
        domain, ledger = view.domain.project(attributes), Ledger(cap, purpose="rehearsal")
        yield Kernel(rows, domain, leveled(plan.protection, level), ledger, noise, Unrecorded(), unseen)


def rehearsed_codes(
    plan: Plan, engine: Engine, noise: NoiseSource, level: Level
) -> Mapping[str, NDArray[np.int64]]:
    """Return the codes of the public rows that a rehearsal at this level is held on.

    Raises:
        InternalError: I326, when the source is not declared public: the caller refuses such plans.
        SourceError: D4xx, when it cannot be read.
    """
    if not plan.source_public:
        raise InternalError("I326", "codes of a private source were asked for")
    view = build_view(plan, plan.columns, level=level)
    with quietly(lambda: engine.open(view, noise), "opening the source") as rows:
        return {name: codes.astype(np.int64) for name, codes in rows.held().codes.items()}

"""Rehearsal: a kernel over rows that are public, with the noise that private ones would get.

What it answers costs nobody anything; its ledger is thrown away. It is for trying a fit before it is paid
for: the rows were drawn from a release, or belong to a table that is declared public.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from synthspec.engines.base import Engine
from synthspec.errors import InternalError
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
    plan: Plan, attributes: tuple[str, ...], cap: Cost, engine: Engine, noise: NoiseSource
) -> Iterator[Kernel]:
    """Yield a kernel over the rows of a public table that can spend `cap` and sees `attributes` only.

    Raises:
        InternalError: I326, when the source is not declared public: the caller refuses such plans.
        SourceError: D4xx, when it cannot be read.
    """
    if not plan.source_public or plan.protection is None:
        raise InternalError("I326", "a rehearsal on private rows was asked for")
    view = build_view(plan, plan.columns)
    with quietly(lambda: engine.open(view, noise), "opening the source") as rows:
        domain, ledger = view.domain.project(attributes), Ledger(cap, purpose="rehearsal")
        yield Kernel(rows, domain, plan.protection, ledger, noise, Unrecorded(), unseen)

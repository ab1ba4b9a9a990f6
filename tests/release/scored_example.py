"""The example release with paid evaluation: a score histogram by outcome, a tail and two numbers of rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from synthspec.plan.plan import Datasheet, Gate
from synthspec.release.release import Event, Release
from synthspec.release.scored import Evaluation, Levels, Points, RowCount, Scores, Tail
from tests.release.example import release

OUTCOMES = ("home", "transfer", "died")


def scored(noise: float = 15.0, rows: float = 1.0) -> Release:
    """Return the example with 6,000 held-out rows (times `rows`) scored; `noise` is that of a cell."""
    base = release()
    rng = np.random.default_rng(3)
    no, yes = np.linspace(900, 100, 5), np.linspace(50, 500, 5)
    exact = np.stack([np.outer(each, (0.5, 0.3, 0.2)) for each in (no, yes)], axis=1) * rows
    values = np.rint(exact + rng.normal(0, noise, exact.shape)).astype(int)
    scores = Scores(
        event="e9001",
        part="held out",
        label=Levels(column="ward", levels=(0, 0, 1, 0), names=("no", "yes")),
        positive="surgery",
        group=Levels(column="outcome", levels=(0, 1, 2), names=OUTCOMES),
        points=(
            Points(attribute="age", points=tuple(range(0, 1200, 100))),
            Points(attribute="outcome", points=(-5, 0, 7)),
        ),
        edges=(150, 300, 500, 700),
        values=tuple(values.ravel().tolist()),
        stddev=noise,
        released=tuple(np.rint(exact / 2).astype(int).ravel().tolist()),
    )
    tail = Tail(
        event="e9002",
        part="learned from",
        column="age",
        quantile=0.9,
        levels=Levels(column="age", levels=(*(0,) * 10, 1, 1), names=("inside", "beyond")),
        boundary="100..109",
        nominal=0.11,
        values=(int(7100 * rows), int(900 * rows)),
        stddev=noise,
    )
    counts = (
        RowCount(event="e9003", part="learned from", value=int(8010 * rows), stddev=noise),
        RowCount(event="e9004", part="held out", value=int(6003 * rows), stddev=noise),
    )
    made = Evaluation(scores=(scores,), tails=(tail,), rows=counts)
    events = tuple(
        base.events[-1].model_copy(update={"id": each.event, "query": each.query().digest(), "output": None})
        for each in made.answers
    )
    plan = base.plan.model_copy(
        update={
            "gates": (_gate("useful", "auc_gap", "ward", 0.1), _gate("tail", "tail_ratio", "age, 0.9", 2.0)),
            "datasheet": Datasheet(
                purpose="Teaching.", owner="Ward 7", contact="a@b.example", retention="2 years"
            ),
        }
    )
    return replace(base, plan=plan, events=(*_cheaper(base.events), *events), evaluation=made)


def _cheaper(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Leave room under the claim for the four events that are added."""
    last = [event.model_copy(update={"cost": event.cost.share(0.1)}) for event in events]
    return tuple(last)


def _gate(name: str, metric: str, argument: str, bound: float) -> Gate:
    text = f"{metric}({argument}) <= {bound}"
    return Gate(name=name, text=text, metric=metric, argument=argument, op="<=", bounds=(bound,))

"""The closed union of ops: what a plan does, in order; VIEW is the only private sort.

Not a shelf: the verifier, the executor and the explainer must answer for every op (`assert_never`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthspec.privacy.cost import Cost
from synthspec.terms.frozen import Frozen

Ref = int
"""The position of an earlier op."""


class Scan(Frozen):
    """Read the source through fields and steps. () -> VIEW."""

    op: Literal["scan"] = "scan"


class Bound(Frozen):
    """Keep at most max_rows rows of each unit. VIEW -> VIEW."""

    op: Literal["bound"] = "bound"
    view: Ref


class Split(Frozen):
    """Keep the units that a random split holds out, or the others. VIEW -> VIEW."""

    op: Literal["split"] = "split"
    view: Ref
    held: bool


class Units(Frozen):
    """Keep one row of each unit, and how many rows it has. VIEW -> VIEW.

    What is counted there moves by one row per unit, whatever `max_rows` is (`plan.level`).
    """

    op: Literal["units"] = "units"
    view: Ref


class Weigh(Frozen):
    """Let the rows of each unit share one total weight. VIEW -> VIEW.

    Each of the k rows kept of a unit counts floor(weight / k) times, so that a unit adds at most
    `weight` to any table, however many rows it has, and every unit counts (nearly) the same.
    """

    op: Literal["weigh"] = "weigh"
    view: Ref
    weight: int = Field(ge=1, le=10_000)


class Discover(Frozen):
    """Buy the list of a column's frequent values (partition selection). VIEW -> DOMAIN."""

    op: Literal["discover"] = "discover"
    view: Ref
    column: str
    cost: Cost


class Tighten(Frozen):
    """Buy a noisy histogram on the column's public grid; its quantiles bound the domain. VIEW -> DOMAIN."""

    op: Literal["tighten"] = "tighten"
    view: Ref
    column: str
    cost: Cost


class Determine(Frozen):
    """Buy the table of a column by those that determine it; the likeliest values are its lookup.

    VIEW, DOMAIN... -> DOMAIN.
    """

    op: Literal["determine"] = "determine"
    view: Ref
    column: str
    cost: Cost
    domains: tuple[Ref, ...] = ()


class CountFit(Frozen):
    """Buy noisy counts of units per flag: how well the source fits the spec. VIEW -> ANSWER."""

    op: Literal["count_fit"] = "count_fit"
    view: Ref
    cost: Cost


class Fit(Frozen):
    """Learn one group within an allotment. VIEW, DOMAIN... -> MODEL."""

    op: Literal["fit"] = "fit"
    view: Ref | None
    group: str
    cost: Cost
    domains: tuple[Ref, ...] = ()


class Sample(Frozen):
    """Draw rows from the models, with every rule holding. MODEL... -> ROWS."""

    op: Literal["sample"] = "sample"
    models: tuple[Ref, ...]


class Assess(Frozen):
    """Buy the report's distances between the private rows and the released ones. VIEW, ROWS -> ANSWER."""

    op: Literal["assess"] = "assess"
    view: Ref
    rows: Ref
    cost: Cost


class CountRows(Frozen):
    """Buy the noisy number of rows. VIEW -> ANSWER."""

    op: Literal["count_rows"] = "count_rows"
    view: Ref
    cost: Cost


class Score(Frozen):
    """Buy counts of private rows by bin of a score learned on released rows, by label, by group.

    VIEW, ROWS -> ANSWER.
    """

    op: Literal["score"] = "score"
    view: Ref
    rows: Ref
    label: str
    group: str | None = None
    cost: Cost


class CountTail(Frozen):
    """Buy counts of private rows beyond a quantile of the released ones. VIEW, ROWS -> ANSWER."""

    op: Literal["count_tail"] = "count_tail"
    view: Ref
    rows: Ref
    column: str
    quantile: float = Field(gt=0, lt=1)
    cost: Cost


Op = Annotated[
    Scan
    | Bound
    | Split
    | Units
    | Weigh
    | Discover
    | Tighten
    | Determine
    | CountFit
    | Fit
    | Sample
    | Assess
    | CountRows
    | Score
    | CountTail,
    Field(discriminator="op"),
]

"""Predict: what a plan's noise will do, from public facts only: the spec, and its public `rows`, `units`.

Error of a table: the expected L1 error that a noisy measurement leaves after projection, over 2n,
`sigma * sum min(0.8, 0.8 x / sigma + 0.08)` with the rows spread evenly (PRIVACY 6; 0.8 is
sqrt(2/pi), so large cells give cells * sigma * sqrt(2/pi) / 2n as in LANGUAGE 3.4). Model bias comes
on top. Split of a marginal group's budget: a quarter for one-ways, by size^(2/3), the rest for about
1.2 pairs per column with a tenth for their selection. A pair's table has about n / (4 sigma) cells at
most, because codes are counted in merged levels where rows are few: it loses resolution rather than
gain noise. Measured on adult at epsilon 1 (predicted): worst column 0.013 (0.049), mean pair 0.031
(0.069), worst pair 0.13 (0.10, and bias on top); at epsilon 4: 0.011 (0.013), 0.023 (0.04), 0.11 (0.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import sqrt
from statistics import NormalDist

from synthspec.compile.contribution import contributions
from synthspec.compile.expect import with_expected
from synthspec.compile.purchases import purchases, step_of
from synthspec.generators.copula import ONE_WAYS
from synthspec.generators.neural.network import Network
from synthspec.generators.size import WIDE
from synthspec.plan.level import Level, counted_rows, level_of, level_of_group, leveled
from synthspec.plan.networks import split_of
from synthspec.plan.ops import (
    Assess,
    CountFit,
    CountRows,
    CountTail,
    Determine,
    Discover,
    Fit,
    Op,
    Score,
    Tighten,
)
from synthspec.plan.plan import BEFORE, Forecast, Group, Plan, Prediction
from synthspec.plan.view import flags_of
from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import DELTA0_UNIT, FREE, MU2_UNIT, Cost
from synthspec.terms.query import Affected, Marginal

ONE_WAY_SHARE = 0.25
PAIRS_PER_COLUMN = 1.2
SELECTION_SHARE = 0.1
ROWS_A_CELL = 4
"""In units of sigma: cells of a pair with fewer rows are not followed one by one."""
PAIRED = ("marginal", "bn", "autoregressive", "vae", "ctgan")
"""Generators that measure pairs they select; networks for the model that they start from."""
NINETY = NormalDist().inv_cdf(0.95)
"""Two-sided 90 %."""


@dataclass(frozen=True)
class Errors:
    """Predicted total variation from noise of a group's tables, by clique."""

    one: tuple[tuple[str, float], ...] = ()
    two: tuple[tuple[tuple[str, str], float], ...] = ()
    merged: frozenset[tuple[str, str]] = frozenset()
    """Pairs counted in merged levels."""

    def worst(self) -> tuple[str, float] | None:
        """Return the table with the largest error among those counted code by code."""
        pairs = [(" × ".join(pair), error) for pair, error in self.two if pair not in self.merged]
        tables = [*self.one, *pairs]
        return max(tables, key=lambda table: table[1]) if tables else None


def with_predictions(plan: Plan) -> Plan:
    """Return the plan with its predictions and forecast filled in."""
    errors = {group.name: group_errors(plan, group, _price(plan, group.name)) for group in plan.groups}
    rows = [_step(plan, name, ops, errors) for name, ops in _steps(plan)]
    questions = with_expected(plan, {name: (dict(e.one), dict(e.two)) for name, e in errors.items()})
    update = {
        "predictions": tuple(rows),
        "forecast": _forecast(plan, errors),
        "questions": questions,
        "bought_for_report": purchases(plan),
        "contributions": contributions(plan),
    }
    return plan.model_copy(update=update)


def group_errors(plan: Plan, group: Group, cost: Cost) -> Errors:
    """Return the predicted errors of a group bought for `cost`; nothing without public `rows`."""
    level = level_of_group(plan, group.name)
    n = counted_rows(plan, level)
    if n is None or plan.protection is None or cost.mu2 == 0 or plan.source_public:
        return Errors()
    reach = sqrt(Marginal(axes=()).sensitivity(leveled(plan.protection, level)).l2_squared)
    sizes = {name: _size(plan, name) for name in group.attributes}
    mu2 = float(_start(plan, group, cost).mu2 * MU2_UNIT)
    pairs_too = group.generator.kind in PAIRED and len(sizes) > 1
    correlated = group.generator.kind == "copula" and len(sizes) > 1
    singles = mu2 * (ONE_WAY_SHARE if pairs_too else ONE_WAYS if correlated else 1.0)
    weights = {name: sizes[name] ** (2 / 3) for name in sizes}
    whole = sum(weights.values())
    alone = {
        name: table_error(n, sizes[name], reach / sqrt(singles * weights[name] / whole)) for name in sizes
    }
    one = tuple((name, alone[name]) for name in group.columns)
    if not pairs_too:
        return Errors(one=one)
    each = mu2 * (1 - ONE_WAY_SHARE) * (1 - SELECTION_SHARE) / (PAIRS_PER_COLUMN * len(sizes))
    sigma = reach / sqrt(each)
    own, most = set(group.columns), max(n / (ROWS_A_CELL * sigma), 2)
    two = tuple(
        ((a, b), max(alone[a], alone[b], table_error(n, round(min(sizes[a] * sizes[b], most)), sigma)))
        for a, b in combinations(sizes, 2)
        if {a, b} & own
    )
    merged = frozenset((a, b) for (a, b), _ in two if sizes[a] * sizes[b] > most)
    return Errors(one=one, two=two, merged=merged)


def table_error(n: int, cells: int, sigma: float) -> float:
    """Return the predicted total variation of a table of `cells` over n rows under noise sigma, at most 1.

    >>> round(table_error(400_000, 100, 137.0), 4)
    0.0137
    """
    left = sigma * min(0.8, 0.8 * (n / cells) / sigma + 0.08)
    return min(1.0, cells * left / (2 * n))


def _size(plan: Plan, name: str) -> int:
    if name.endswith(BEFORE):
        return _size(plan, name.removesuffix(BEFORE)) + 1
    column = plan.column(name)
    if column.discovery is not None:
        return column.discovery.limit + 1
    return column.column.size if column.column is not None else 1


def _price(plan: Plan, group: str) -> Cost:
    return next((op.cost for op in plan.ops if isinstance(op, Fit) and op.group == group), FREE)


def _steps(plan: Plan) -> list[tuple[str, list[Op]]]:
    """Return the priced ops by consumer, in order of work."""
    found: dict[str, list[Op]] = {}
    for op in plan.ops:
        match op:
            case Discover():
                found.setdefault("domains", []).append(op)
            case Tighten():
                found.setdefault("bounds", []).append(op)
            case Determine():
                found.setdefault("determines", []).append(op)
            case CountFit():
                found.setdefault("fit", []).append(op)
            case Fit() if op.view is not None:
                found.setdefault(op.group, []).append(op)
            case Assess() | CountRows() | Score() | CountTail():
                found.setdefault("report", []).append(op)
            case _:
                pass
    return list(found.items())


def _step(plan: Plan, name: str, ops: list[Op], errors: dict[str, Errors]) -> Prediction:
    total = FREE
    for op in ops:
        total = total + getattr(op, "cost", FREE)
    first = ops[0]
    what, sigma, error, worst = "", 0.0, None, None
    views = [view for op in ops if isinstance(view := getattr(op, "view", None), int)]
    level = max((level_of(plan, view) for view in views), key=lambda each: _reach(plan, each, 1.0))
    match first:
        case Discover():
            what, sigma, worst = _discovery(plan, ops, total, level)
        case Tighten():
            what, sigma = (
                f"range of {_few([op.column for op in ops if isinstance(op, Tighten)])}",
                _marginal_sigma(plan, total, len(ops), level),
            )
        case Determine():
            names = [op.column for op in ops if isinstance(op, Determine)]
            what, sigma = f"table of {_few(names)}", _marginal_sigma(plan, total, len(ops), level)
        case CountFit():
            what, sigma, worst = _fit_counts(plan, total)
        case Assess() | CountRows() | Score() | CountTail():
            what, sigma, error, worst = step_of(plan)
        case Fit():
            what, sigma, error, worst = _group(plan, first, total, errors[name], level)
        case _:
            pass
    private = not plan.source_public
    return Prediction(
        step=name,
        what=what,
        share=float(total.mu2) / float(plan.budget.mu2) if plan.budget.mu2 else 0.0,
        noise=_noise(sigma, level) if private else "none",
        epsilon_alone=claim_epsilon(total, plan.delta) if private else 0.0,
        error=error if private else None,
        worst=worst if private else None,
        level=level.name,
    )


def _noise(sigma: float, level: Level) -> str:
    """Return the noise of a count: of rows or units, as the step counts; by weight, in units."""
    return f"σ {_short(sigma)}" if level.weight is None else f"σ {_short(sigma / level.weight)} units"


def _reach(plan: Plan, level: Level, otherwise: float = 0.0) -> float:
    """Return by how much one unit moves a table of counts at a level (L2)."""
    if plan.protection is None:
        return otherwise
    return sqrt(Marginal(axes=()).sensitivity(leveled(plan.protection, level)).l2_squared)


def _marginal_sigma(plan: Plan, cost: Cost, parts: float, level: Level) -> float:
    if plan.protection is None or cost.mu2 == 0:
        return 0.0
    return _reach(plan, level) / sqrt(float(cost.mu2 * MU2_UNIT) / parts)


def _discovery(plan: Plan, ops: list[Op], cost: Cost, level: Level) -> tuple[str, float, str]:
    """Return what, the noise, and below how many units a value is probably lost."""
    columns = [op.column for op in ops if isinstance(op, Discover)]
    each = float(cost.mu2 * MU2_UNIT) / len(columns)
    protection = None if plan.protection is None else leveled(plan.protection, level)
    touched = protection.max_rows * (2 if protection.neighbours == "replace" else 1) if protection else 1
    sigma = sqrt(touched / each)
    slack = float(cost.delta0 * DELTA0_UNIT) / len(columns)
    threshold = 1.5 + sigma * NormalDist().inv_cdf(1 - slack / touched)
    return f"values of {_few(columns)}", sigma, f"values of fewer than ~{threshold:.0f} units are lost"


def _fit_counts(plan: Plan, cost: Cost) -> tuple[str, float, str]:
    flags = flags_of(plan)
    protection = plan.protection
    reach = sqrt(Affected(flags=flags).sensitivity(protection).l2_squared) if protection else 0.0
    sigma = reach / sqrt(float(cost.mu2 * MU2_UNIT))
    return f"{len(flags)} counters", sigma, f"± {_short(NINETY * sigma)} units, 90 %"


def _group(
    plan: Plan, op: Fit, cost: Cost, errors: Errors, level: Level
) -> tuple[str, float, float | None, str | None]:
    group = next(group for group in plan.groups if group.name == op.group)
    count = len(group.attributes)
    if group.generator.kind in PAIRED and count > 1:
        tables = count + round(PAIRS_PER_COLUMN * count)
        part = (1 - ONE_WAY_SHARE) * (1 - SELECTION_SHARE) / (PAIRS_PER_COLUMN * count)
        sigma = _marginal_sigma(plan, _start(plan, group, cost), 1 / part, level)
        what = f"{group.generator.kind}, about {tables} tables"
        if count > WIDE:  # too many pairs to score again and again
            what = f"{group.generator.kind}, one tree of about {2 * count - 1} tables"
    elif group.generator.kind == "copula" and count > 1:
        sigma = _marginal_sigma(plan, cost, count * (count - 1) / 2 / (1 - ONE_WAYS), level)
        what = f"{group.generator.kind}, up to {count * (count + 1) // 2} tables"
    else:
        sigma = _marginal_sigma(plan, cost, max(1, len(group.columns)), level)
        tables = len(group.columns)
        what = f"{group.generator.kind}, {tables} table{'' if tables == 1 else 's'}"
    if isinstance(group.generator, Network):
        what += _fine_tuning(plan, group, cost)
    worst = errors.worst()
    return what, sigma, worst[1] if worst else None, worst[0] if worst else None


def _start(plan: Plan, group: Group, cost: Cost) -> Cost:
    """Return what a group's marginals get of its budget."""
    split = split_of(plan, group, cost)
    return cost if split is None else split.start


def _fine_tuning(plan: Plan, group: Group, cost: Cost) -> str:
    split = split_of(plan, group, cost)
    if split is None:
        return "; fine-tuned if the noisy number of rows allows it"
    if not split.tuning.mu2:
        return "; no fine-tuning"
    return f"; {100 * split.tuning.mu2 / cost.mu2:.0f} % for fine-tuning"


def _forecast(plan: Plan, errors: dict[str, Errors]) -> Forecast:
    one = [error for each in errors.values() for _, error in each.one]
    two = [error for each in errors.values() for _, error in each.two]
    columns = len(plan.columns)
    rows_in = plan.public_rows or 0
    attributes = sum(column.column is not None for column in plan.columns)
    learns = any(isinstance(op, Fit) and op.view is not None for op in plan.ops)
    pairs = attributes * (attributes - 1) / 2
    drawn = plan.drawn_rows
    seconds = 1.0 + drawn * columns * 1e-7 + drawn * 2e-6
    megabytes = 140.0 + drawn * columns * 24 / 1e6
    if learns:
        once = any(len(group.columns) + len(group.given) > WIDE for group in plan.groups)
        rounds = pairs * (5e-4 if once else 0.02)  # scored once for one tree, else again and again
        seconds += 2.0 + rows_in * attributes * 1e-7 + rows_in * pairs * 4e-9 * 3 + rounds
        megabytes += 150.0 + min(rows_in, 5_000_000) * attributes * 4 / 1e6
    return Forecast(
        max_tvd_1way=max(one, default=None),
        mean_tvd_1way=sum(one) / len(one) if one else None,
        max_tvd_2way=max(two, default=None),
        mean_tvd_2way=sum(two) / len(two) if two else None,
        seconds=round(seconds, 1),
        megabytes=round(megabytes),
    )


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 2 else f"{len(names)} columns"


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"

"""tune: options of networks tried on public rows, with the noise that the private ones would get; free.

What a search over private rows gives away has no price in the ledger, so there is none: the rows are
drawn from a release, which is post-processing, or belong to a table that is declared public.

Source: ours; Papernot & Steinke 2022 (what a search on private rows would cost).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import SourceError, SpecError

if TYPE_CHECKING:
    from synthspec.api.spec import Spec
    from synthspec.generators.neural.network import Network
    from synthspec.plan.plan import Group, Plan, PlannedColumn
    from synthspec.privacy.cost import Cost
    from synthspec.privacy.entropy import SampleRng

Codes_ = Mapping[str, NDArray[np.int64]]
MOST_CLIQUES = 200
SPACE: Mapping[str, tuple[Any, ...]] = {
    "fine_tune_share": (0.15, 0.3, 0.5),
    "learning_rate": (0.0005, 0.001, 0.002, 0.004),
    "steps": (250, 500, 1000),
    "batch_size": (1024, 2048, 4096),
    "width": (32, 64, 128),
    "fine_tune": ("auto", "never"),
}
"""What is tried where nothing else is asked for."""


@dataclass(frozen=True)
class Trial:
    """Options that were tried on one group, and how far the model's rows were from those it learned.

    `distance` is the mean total variation over tables of up to three columns; 0 is equal.
    """

    group: str
    options: tuple[tuple[str, Any], ...]
    distance: float

    def text(self) -> str:
        """Return the options as they are written under `with:`."""
        return ", ".join(f"{key}: {value}" for key, value in self.options) or "as in the spec"


def tune(
    spec: Spec,
    source: str | Path | None = None,
    *,
    group: str | None = None,
    space: Mapping[str, Sequence[Any]] | None = None,
    trials: int = 6,
    seed: int = 0,
    told: Callable[[Trial], None] = lambda trial: None,
    noted: Callable[[str], None] = lambda words: None,
) -> tuple[Trial, ...]:
    """Return what was tried, the best first, for every network of `spec`; the first trial is the spec's own.

    Args:
        spec: whose groups are tried, at the prices of its plan.
        source: a release folder whose rows are learned; without it the spec's own source, if it is public.
        group: this group alone.
        space: values per option; a few usual ones without it.
        trials: how many combinations per group, the spec's own included.
        seed: of the combinations and of the rows.
        told: hears of each trial when it is done.
        noted: hears, in words, of rows that do not fit the spec.

    Raises:
        SpecError: P411, when the rows would be private ones; G473, when nothing can be tried; G471.
        BudgetError: B554, when a source that is declared public is one that a ledger protects.
        SourceError: D402..D408, when the rows are not there or do not have the columns of the spec.
    """
    from synthspec.compile.budget import slack_of
    from synthspec.plan.ops import Fit
    from synthspec.privacy.cost import Cost
    from synthspec.privacy.entropy import SampleRng
    from synthspec.run.device import check_device
    from synthspec.run.public import public_rows

    plan = spec.plan().value
    fits = {op.group: op for op in plan.ops if isinstance(op, Fit)}
    groups = [(each, net) for each in plan.groups if (net := _network(each, group)) is not None]
    if not groups:
        raise SpecError(
            "G473",
            "no network to be tuned" if group is None else f"the group `{group}` is no network",
            helps=("the generators with options to tune are `vae`, `ctgan` and `autoregressive`",),
        )
    check_device("cpu", neural=True)
    found: list[Trial] = []
    with _public(spec, plan, source, seed) as rows:
        codes, flagged = public_rows(rows)
        for words in _misfits(flagged, len(next(iter(codes.values()), ()))):
            noted(words)
        for each, net in groups:
            rng = SampleRng(seed, "tune").split(each.name)
            for options in _combinations(net, space or SPACE, trials, rng.generator):
                cost = Cost(mu2=fits[each.name].cost.mu2, delta0=slack_of(spec.checked()))
                distance = _distance(rows, each, _with(net, options), cost, rng)
                trial = Trial(each.name, options, distance)
                found.append(trial)
                told(trial)
    order = {name: at for at, name in enumerate(each.name for each, _ in groups)}
    return tuple(sorted(found, key=lambda trial: (order[trial.group], trial.distance)))


def _misfits(flagged: Mapping[str, int], kept: int) -> Iterator[str]:
    """Yield, in words, how many rows are outside the spec; refuse when none is left: G473."""
    for label, rows in flagged.items():
        if rows:
            yield f"`{label}` in {rows} of the rows; they are treated as the spec says"
    if not kept:
        raise SpecError(
            "G473",
            "no row of the table fits the spec",
            helps=("name a release of the same table, with domains no wider than those of the spec",),
        )


def _network(group: Group, wanted: str | None) -> Network | None:
    """Return the network of a group; None where it has none, or another group is wanted."""
    from synthspec.generators.neural.network import Network

    if wanted not in (None, group.name) or not isinstance(group.generator, Network):
        return None
    return group.generator


@contextmanager
def _public(spec: Spec, plan: Plan, source: str | Path | None, seed: int) -> Iterator[Plan]:
    """Yield the plan over public rows in place of its own source; see `tune`."""
    from synthspec.api.ledgers import refuse_owned
    from synthspec.api.release import load_release
    from synthspec.api.sources import located_source
    from synthspec.plan.view import build_view
    from synthspec.run.engine import engine_of
    from synthspec.run.preflight import check_view
    from synthspec.terms.view import Source

    if source is None:
        if not plan.source_public or plan.source is None:
            raise SpecError(
                "P411",
                "a search over options reads rows again and again, and these are private",
                helps=(
                    f"search on rows of a release: `synthspec tune {spec.origin} --from RELEASE`",
                    "or declare the source public when it is: `source: {public: true, basis: ...}`",
                ),
            )
        refuse_owned(plan)
        where = located_source(plan)
        there = plan.model_copy(update={"source": where})
        check_view(build_view(there, plan.columns), engine_of(where))
        yield there
        return
    frame = load_release(source).sample(plan.public_rows or plan.rows, seed=seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.write_parquet(path)
        held = Source(path=str(path), format="parquet", nulls=())
        columns = tuple(_as_released(column) for column in plan.columns)
        rows = plan.model_copy(update={"source": held, "source_public": True, "columns": columns})
        view = build_view(rows, columns)
        _check_names([field.origin for field in view.fields], frame.columns, source)
        check_view(view, engine_of(held))
        yield rows


def _check_names(wanted: Sequence[str], there: Sequence[str], source: str | Path) -> None:
    """Refuse a release of another table: D407."""
    absent = [f"`{name}`" for name in wanted if name not in there]
    if absent:
        raise SourceError(
            "D407",
            f"the release `{source}` has no column {', '.join(absent)}",
            helps=("name a release of a table with the columns of this spec",),
        )


def _as_released(column: PlannedColumn) -> PlannedColumn:
    """Return a column that is read from released rows: under its own name, values as they are."""
    if column.field is None:
        return column
    plain = {"origin": column.name, "nulls": (), "labels": (), "format": None, "table": "rows"}
    return column.model_copy(update={"field": column.field.model_copy(update=plain)})


def _combinations(
    generator: Network, space: Mapping[str, Sequence[Any]], trials: int, rng: np.random.Generator
) -> list[tuple[tuple[str, Any], ...]]:
    """Return the spec's own options, then others at random, none twice.

    Raises:
        SpecError: G402, for an option that the generator has not; G403, for a value that does not fit.
    """
    for key, values in space.items():
        if key not in type(generator).model_fields or key == "kind":
            raise SpecError("G402", f"`{generator.kind}` has no option `{key}`")
        for value in values:
            _with(generator, ((key, value),))
    found: dict[tuple[tuple[str, Any], ...], None] = {(): None}
    for _ in range(50 * trials):
        if len(found) >= trials:
            break
        one = tuple((key, values[int(rng.integers(len(values)))]) for key, values in sorted(space.items()))
        changed = tuple((key, value) for key, value in one if getattr(generator, key) != value)
        found.setdefault(changed)
    return list(found)[:trials]


def _with(generator: Network, options: Sequence[tuple[str, Any]]) -> Network:
    from pydantic import ValidationError

    try:
        return type(generator)(**{**generator.model_dump(exclude={"kind"}), **dict(options)})
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        raise SpecError(
            "G403", f"the option `{key}` of `{generator.kind}` has a value that does not fit"
        ) from None


def _distance(
    plan: Plan,
    group: Group,
    generator: Network,
    cost: Cost,
    rng: SampleRng,
) -> float:
    """Fit once and return the mean distance of the model's rows to those it learned."""
    from synthspec.draw.learn import domain_of, workload_of
    from synthspec.plan.level import level_of_group
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.engine import engine
    from synthspec.run.rehearsal import rehearsed, rehearsed_codes
    from synthspec.terms.codes import Codes

    domain, level = domain_of(group, plan.columns), level_of_group(plan, group.name)
    workload = workload_of(plan, group, plan.columns)
    with rehearsed(plan, domain.attributes, cost, engine("polars"), SystemNoise(), level) as oracle:
        model = generator.fit(oracle, workload, cost, rng)
    codes = rehearsed_codes(plan, engine("polars"), SystemNoise(), level)
    rows = len(next(iter(codes.values())))
    known = [name for name in domain.attributes if name not in group.columns]
    given = Codes(domain.project(known), {name: codes[name] for name in known}) if known else None
    own = model.sample(rows, rng.split("rows"), given).columns
    drawn = {**codes, **{name: np.asarray(column, dtype=np.int64) for name, column in own.items()}}
    sizes = dict(zip(domain.attributes, domain.sizes, strict=True))
    found = [
        _apart(codes, drawn, sizes, clique)
        for order in (1, 2, 3)
        for clique in list(combinations(domain.attributes, order))[:MOST_CLIQUES]
        if set(clique) & set(group.columns)
    ]
    return float(np.mean(found))


def _apart(one: Codes_, two: Codes_, sizes: Mapping[str, int], clique: Sequence[str]) -> float:
    keys = []
    for codes in (one, two):
        key = np.zeros(len(codes[clique[0]]), dtype=np.int64)
        for name in clique:
            key = key * sizes[name] + codes[name]
        keys.append(key)
    _, place = np.unique(np.concatenate(keys), return_inverse=True)
    counts = [np.bincount(part, minlength=int(place.max()) + 1) for part in np.split(place, [len(keys[0])])]
    return float(np.abs(counts[0] / len(keys[0]) - counts[1] / len(keys[1])).sum() / 2)

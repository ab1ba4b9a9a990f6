"""tune: options of networks tried on public rows, with the noise that the private ones would get; free.

What a search over private rows gives away has no price in the ledger, so there is none: the rows are
drawn from a release, which is post-processing, or belong to a table that is declared public.

Source: ours; Papernot & Steinke 2022 (what a search on private rows would cost).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.api.spec import Spec
    from synthspec.generators.base import Generator
    from synthspec.plan.ops import Fit
    from synthspec.plan.plan import Group, Plan

Options = Mapping[str, Any]
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

    Raises:
        SpecError: P411, when the rows would be private ones; G473, when nothing can be tried; G471.
        BudgetError: B554, when a source that is declared public is one that a ledger protects.
    """
    from synthspec.plan.ops import Fit
    from synthspec.privacy.entropy import SampleRng
    from synthspec.run.device import check_device

    plan = spec.plan().value
    fits = {op.group: op for op in plan.ops if isinstance(op, Fit)}
    groups = [each for each in plan.groups if _tried(each.generator) and group in (None, each.name)]
    if not groups:
        raise SpecError(
            "G473",
            "no network to be tuned" if group is None else f"the group `{group}` is no network",
            helps=("the generators with options to tune are `vae`, `ctgan` and `autoregressive`",),
        )
    check_device("cpu", neural=True)
    codes = _codes(spec, plan, source, seed)
    found: list[Trial] = []
    for each in groups:
        rng = SampleRng(seed, "tune").split(each.name)
        for options in _combinations(each.generator, space or SPACE, trials, rng.generator):
            trial = Trial(each.name, options, _distance(plan, each, fits[each.name], options, codes, rng))
            found.append(trial)
            told(trial)
    return tuple(
        sorted(found, key=lambda trial: ([g.name for g in groups].index(trial.group), trial.distance))
    )


def _tried(generator: Generator) -> bool:
    from synthspec.generators.neural.network import Network

    return isinstance(generator, Network)


def _codes(spec: Spec, plan: Plan, source: str | Path | None, seed: int) -> Codes_:
    """Return the codes of public rows; see `tune`."""
    from synthspec.api.ledgers import refuse_owned, source_path
    from synthspec.api.release import load_release
    from synthspec.run.public import public_codes
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
        where = plan.source.model_copy(update={"path": str(source_path(plan))})
        return public_codes(plan.model_copy(update={"source": where}))
    rows = plan.public_rows or plan.rows
    frame = load_release(source).sample(rows, seed=seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.write_parquet(path)
        columns = tuple(
            column
            if column.field is None
            else column.model_copy(
                update={"field": column.field.model_copy(
                    update={"origin": column.name, "nulls": (), "labels": (), "format": None}
                )}
            )
            for column in plan.columns
        )  # fmt: skip
        held = Source(path=str(path), format="parquet", nulls=())
        return public_codes(
            plan.model_copy(update={"source": held, "source_public": True, "columns": columns})
        )


def _combinations(
    generator: Generator, space: Mapping[str, Sequence[Any]], trials: int, rng: np.random.Generator
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


def _with(generator: Generator, options: Sequence[tuple[str, Any]]) -> Generator:
    from pydantic import ValidationError

    try:
        return type(generator)(**{**generator.model_dump(exclude={"kind"}), **dict(options)})
    except ValidationError as error:
        key = str(error.errors()[0]["loc"][0])
        raise SpecError(
            "G403", f"the option `{key}` of `{generator.kind}` has a value that does not fit"
        ) from None


def _distance(
    plan: Plan, group: Group, op: Fit, options: Sequence[tuple[str, Any]], codes: Codes_, rng: Any
) -> float:
    """Fit once and return the mean distance of the model's rows to those it learned."""
    from synthspec.api.rehearsal import Rehearsal
    from synthspec.draw.learn import domain_of, workload_of
    from synthspec.terms.codes import Codes
    from synthspec.terms.protection import Protection

    domain = domain_of(group, plan.columns)
    protection = plan.protection or Protection(unit="row", max_rows=1)
    oracle = Rehearsal(domain, codes, protection, op.cost)
    model = _with(group.generator, options).fit(oracle, workload_of(plan, group, plan.columns), op.cost, rng)
    rows = len(next(iter(codes.values())))
    given = Codes(domain.project(group.given), {n: codes[n] for n in group.given}) if group.given else None
    drawn = {**codes, **model.sample(rows, rng.split("rows"), given).columns}
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

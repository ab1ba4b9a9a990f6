"""Attacks: which are run on a release, on whom, with which control.

Source: ours; REPORTS.md 1.4 of the design.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from synthspec.attack.attribute import SECRETS, AttributeInference
from synthspec.attack.density import Nearness, most_exposed
from synthspec.attack.linkability import Linkability
from synthspec.attack.membership import Counted, by_counts, released_cells
from synthspec.attack.outcome import Outcome, Power
from synthspec.attack.power import judged, powered, smallest_seen
from synthspec.attack.singling_out import SinglingOut
from synthspec.attack.table import FloatArray, Table
from synthspec.privacy.risk import of_cost, tradeoff
from synthspec.release.level import rows_alone
from synthspec.release.release import Measurement, Release
from synthspec.run.internal.people import People

TRIALS = 1_000
"""People of the table attacked, and of the control."""

COUNTED = 10_000
"""People of the table attacked by counts, which is cheap."""

INFERRED = 400
"""The same, for attribute inference and linkability."""

LOOKED = 4_000
"""People among whom the most exposed are looked for."""

REFERENCE = 4_000
"""Records of other people to which distances are measured; counts are compared with all there are."""

NOISE_LEFT = (0.0, 0.1, 0.25, 0.5, 0.75)
"""Shares of the paid noise that are left in, to see what the attack on the measured tables would see."""

Attack = Callable[[], Outcome]
Bound = Callable[[float], float]


@dataclass(frozen=True, eq=False, repr=False)
class Attacked:
    """Everything that attacks are handed; one row a person. Without a control most are not judged.

    Attributes:
        everybody: every row of the table, for exact counts.
        members: one row of each person in the table.
        others: one row of each person of the control that is attacked.
        reference: one row of each of the rest of the control.
        made: released rows.
        counted: the measured noisy tables.
        total: about how many rows were counted.
        bound: the most members that any attack can find at a false-positive rate.
        seed: public.
    """

    everybody: Table
    members: Table
    others: Table | None
    reference: Table | None
    made: Table
    counted: tuple[Counted, ...]
    total: float
    bound: Bound | None
    seed: int

    @classmethod
    def of(cls, release: Release, people: People, others: People | None, made: Table, seed: int) -> Attacked:
        """Return what attacks need; the control is cut in two: those attacked, and a reference."""
        rng = rng_of(seed, 0)
        tested = reference = None
        if others is not None:
            alone = others.one_each(rng)
            order = rng.permutation(alone.rows)
            tested = alone.take(np.sort(order[: alone.rows // 2]))
            reference = alone.take(np.sort(order[alone.rows // 2 :]))
        members = people.one_each(rng)
        # the first rows in order would be people who sit together in the file
        members = members.take(rng.permutation(members.rows))
        counted, total = measured(rows_alone(release), members)
        return cls(
            everybody=people.table,
            members=members,
            others=tested,
            reference=reference,
            made=made,
            counted=counted,
            total=total if counted else float(people.table.rows),
            bound=_bound(release),
            seed=seed,
        )

    @property
    def judges(self) -> bool:
        """Whether there are enough other people to judge by."""
        return self.others is not None and self.reference is not None and self.others.rows >= 20


def rng_of(seed: int, stream: int) -> np.random.Generator:
    """Return a public generator."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, 100 + stream], dtype=np.uint64)))


def attacks(found: Attacked) -> Iterator[tuple[str, Attack]]:
    """Yield the default attacks by name; none where there is no control."""
    if not found.judges or found.others is None or found.reference is None:
        return
    if found.counted:
        yield "membership by the measured tables", partial(_by_measured, found)
    yield "membership by the released cells", partial(_by_released, found)
    yield "membership by nearest rows", partial(_by_nearness, found, exposed=False)
    yield "membership of the most exposed", partial(_by_nearness, found, exposed=True)
    rng = rng_of(found.seed, 1)
    members, others = found.members.some(INFERRED, rng), found.others.some(INFERRED, rng)
    secrets = tuple(sorted(rng.permutation(len(found.made.attributes))[:SECRETS].tolist()))
    inference = AttributeInference(found.made, members, others, secrets)
    yield "attribute inference", lambda: powered(inference.judge, members, rng_of(found.seed, 2))
    whole = found.others.join(found.reference)
    for kind in ("one column", "several columns"):
        single = SinglingOut(found.made, found.members, whole, kind, found.seed)
        yield f"singling out by {kind}", partial(powered, single.judge, found.members, rng_of(found.seed, 3))
    linked = Linkability(found.made, members, others, found.seed)
    yield "linkability", lambda: powered(linked.judge, members, rng_of(found.seed, 4))


def not_judged(found: Attacked, *, shadow: bool) -> tuple[str, ...]:
    """Return which attacks were not judged, and why."""
    lines = []
    if not found.judges:
        names = "membership inference, attribute inference, singling out and linkability"
        lines.append(
            f"{names} cannot be judged without people who are not in the table: declare `sample.holdout` in "
            "the spec, or give `--control FILE`"
        )
    elif not found.counted:
        lines.append("membership by the measured tables: the release holds none over these columns")
    if not shadow:
        lines.append("shadow models: ask for them with `--attack shadow`; they run the generator many times")
    elif not found.judges:
        lines.append("shadow models need people who are not in the table, too")
    return tuple(lines)


def measured(measurements: Sequence[Measurement], table: Table) -> tuple[tuple[Counted, ...], float]:
    """Return the noisy tables over columns of `table`, and the precision-weighted mean of their totals."""
    places = {name: i for i, name in enumerate(table.names)}
    found = []
    for each in measurements:
        if not each.axes or not all(axis.attribute in places for axis in each.axes):
            continue
        if any(
            axis.levels is None and axis.size != table.sizes[places[axis.attribute]] for axis in each.axes
        ):
            continue
        if any(
            axis.levels is not None and len(axis.levels) != table.sizes[places[axis.attribute]]
            for axis in each.axes
        ):
            continue  # measured on codes that were bought later, or on others than the released ones
        found.append(
            Counted(
                columns=tuple(places[axis.attribute] for axis in each.axes),
                levels=tuple(
                    np.arange(axis.size, dtype=np.int64) if axis.levels is None else axis.levels
                    for axis in each.axes
                ),
                sizes=tuple(axis.size for axis in each.axes),
                counts=each.values.astype(np.float64),
                variance=each.stddev**2 + 1 / 12,
            )
        )
    weights = [1 / (each.counts.size * each.variance) for each in found]
    sums = sum(w * float(each.counts.sum()) for w, each in zip(weights, found, strict=True))
    return tuple(found), max(1.0, sums / sum(weights)) if weights else 0.0


def _by_measured(found: Attacked) -> Outcome:
    assert found.others is not None and found.reference is not None
    members = found.members.some(COUNTED, rng_of(found.seed, 5))
    others, reference = found.others, found.reference

    def judge(counted: Sequence[Counted]) -> Outcome:
        return by_counts(
            counted, members, others, reference, found.total, found.bound,
            attack="membership-measured",
            title="Membership by the measured tables",
            about="compares a record's cells in every published noisy table with a reference of other people",
        )  # fmt: skip

    outcome = judge(found.counted)
    if outcome.verdict != "not seen":
        return outcome
    exact = [_exact(each, found.everybody) for each in found.counted]

    def seen(gone: float) -> bool:
        quieter = [_quieter(each, true, 1 - gone) for each, true in zip(found.counted, exact, strict=True)]
        return judge(quieter).verdict == "found"

    smallest, missed = smallest_seen(seen, tuple(1 - left for left in NOISE_LEFT))
    return judged(outcome, Power(planted="noise taken away", smallest=smallest, missed=missed))


def _exact(each: Counted, rows: Table) -> FloatArray:
    return np.bincount(each.cells(rows), minlength=each.counts.size).astype(np.float64)


def _quieter(each: Counted, exact: FloatArray, left: float) -> Counted:
    """Return a noisy table with only a part of its noise left, which the attacker knows."""
    return replace(each, counts=exact + left * (each.counts - exact), variance=each.variance * left * left)


def _by_released(found: Attacked) -> Outcome:
    assert found.others is not None and found.reference is not None
    members = found.members.some(COUNTED, rng_of(found.seed, 5))
    others, reference = found.others, found.reference

    def judge(planted: Table | None) -> Outcome:
        rows = found.made if planted is None else found.made.join(planted)
        cells = released_cells(rows, found.total, rng_of(found.seed, 6))
        return by_counts(
            cells, members, others, reference, found.total, found.bound,
            attack="membership-cells",
            title="Membership by the released cells",
            about="compares a record's cells in the released rows with a reference of other people",
        )  # fmt: skip

    return powered(judge, found.members, rng_of(found.seed, 7))


def _by_nearness(found: Attacked, *, exposed: bool) -> Outcome:
    assert found.others is not None and found.reference is not None
    rng = rng_of(found.seed, 8)
    reference = found.reference.some(REFERENCE, rng)
    if exposed:
        one, two = found.members.some(LOOKED, rng), found.others.some(LOOKED, rng)
        members = one.take(most_exposed(one, reference))
        others = two.take(most_exposed(two, reference))
    else:
        members, others = found.members.some(TRIALS, rng), found.others.some(2 * TRIALS, rng)
    attack = Nearness(
        found.made,
        members,
        others,
        reference,
        found.bound,
        attack="membership-exposed" if exposed else "membership-nearest",
        title="Membership of the most exposed" if exposed else "Membership by nearest rows",
        about="looks how near the nearest released row is, against the nearest of other people"
        + (", for the twentieth of people who lie furthest from others" if exposed else ""),
    )
    return powered(attack.judge, members, rng_of(found.seed, 9))


def _bound(release: Release) -> Bound | None:
    claim = release.claim
    if claim is None:
        return None
    mu, delta0 = of_cost(claim.cost)
    return lambda rate: tradeoff(mu, delta0, rate)

"""Our figures beside those of other projects: python benchmarks/peers/opinions.py --env ENV [RELEASE...].

    bash benchmarks/peers/setup.sh ../peers-env opinions
    python benchmarks/peers/opinions.py --env ../peers-env/opinions examples/signed/release

Three questions are put to SDMetrics, dp-accounting and OpenDP, which live in an environment of their own and
see a folder (`with_opinions.py`); the answers are held against ours, and `../results/opinions.md` is written:

1. our total variation and SDMetrics' complement of it, on single columns and pairs of categories: 1e-9 apart;
2. our epsilon and dp-accounting's where each event is the Gaussian of its price: equal, by its exact formula
   (delta within 1e-9 of itself) and by composed loss distributions (epsilon within 0.1 %);
3. our epsilon and what the events *as they are* give there, and our rho and OpenDP's: ours is never below.

OpenDP composes in zCDP, whose conversion to (epsilon, delta) is looser than the exact curve of Gaussians, so
its epsilon may lie above ours although its rho does not: both rhos are converted by OpenDP itself to compare.

Exit 1 when an opinion differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from synthspec.mechanisms import Exponential, RoundedGaussian, SubsampledGaussian  # noqa: E402
from synthspec.mechanisms.exponential import SCALE_UNIT  # noqa: E402
from synthspec.metrics.tvd import Tvd  # noqa: E402
from synthspec.privacy.accountant import claim_epsilon, epsilon_of, mu_in  # noqa: E402
from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT, Cost  # noqa: E402
from synthspec.privacy.runs import MULTIPLIER_UNIT  # noqa: E402
from synthspec.release.bundle import read_release  # noqa: E402
from synthspec.terms.query import Sensitivity  # noqa: E402

PAGE = ROOT / "benchmarks" / "results" / "opinions.md"
TVD_APART, DELTA_APART, EPSILON_APART = 1e-9, 1e-9, 1e-3
BELOW = 1e-6
"""How far, relatively, ours may lie under what a peer computes: their rounding, which is upwards."""

WORDS = (
    "*As they are*: noisy tables as Gaussians of their stated noise, a choice as the choice between two",
    "(its worst symmetric pair), gradients as Poisson-sampled Gaussians. Ours lies above, as each event",
    "is priced as the Gaussian that covers it; most where a choice stands alone, as its loss is bounded",
    "and that of its Gaussian is not. dp-accounting rounds losses up to a grid of 1e-4: a few of its",
    "figures lie above ours by that, a hundredth of a percent at most. OpenDP composes in zCDP, whose",
    "conversion is looser than the exact curve of Gaussians: its epsilon is above ours at the same rho,",
    "which is no disagreement; so rho is compared, and both by one conversion.",
)

Codes = NDArray[np.int64]
Tables = dict[str, tuple[Codes, Codes]]
PARTS = ("private", "released")


@dataclass(frozen=True, eq=False)
class Charge:
    """A composed price: its name, what it costs, the delta of the claim, and events in a peer's words."""

    name: str
    cost: Cost
    delta: float
    events: tuple[dict[str, Any], ...]

    @property
    def epsilon(self) -> float:
        """What we claim."""
        return float(claim_epsilon(self.cost, self.delta))

    @property
    def rest(self) -> float:
        """The delta left for the Gaussians of the prices: slack of gradients is part of their price."""
        slack = self.cost.delta0 * DELTA0_UNIT
        return float((Fraction(repr(self.delta)) - slack) / (1 - slack))

    @property
    def asked(self) -> dict[str, Any]:
        """The question to the peers."""
        mu2 = float(self.cost.mu2 * MU2_UNIT)
        return {"events": self.events, "delta": self.delta, "rest": self.rest, "mu2": mu2}


def event_of(mechanism: object, cost: Cost, sensitivity: Sensitivity | None) -> dict[str, Any] | None:
    """Return an event in a peer's words; None for kinds that no peer has."""
    mu = float(mu_in(Cost(mu2=cost.mu2)))
    match mechanism:
        case RoundedGaussian():
            assert sensitivity is not None
            stddev = mechanism.stddev(sensitivity)
            return {"kind": "gaussian", "mu": mu, "stddev": stddev, "l2": sensitivity.l2_squared**0.5}
        case Exponential():
            return {"kind": "selection", "mu": mu, "scale": float(mechanism.scale * SCALE_UNIT)}
        case SubsampledGaussian():
            return {
                "kind": "gradients",
                "mu": mu,
                "rate": float(mechanism.probability),
                "steps": mechanism.steps,
                "multiplier": float(mechanism.multiplier * MULTIPLIER_UNIT),
            }
        case _:
            return None


def drawn(at: int) -> Charge:
    """Return a random charge: up to 12 noisy tables and choices, in every fourth a short run of gradients."""
    random = np.random.default_rng((7, at))
    delta, whole, events = float(random.choice([1e-5, 1e-6, 1e-9])), Cost(), []
    for _ in range(int(random.integers(1, 13))):
        price = Cost(mu2=int(10 ** random.uniform(11, 14.5)))
        rows = int(random.integers(1, 9))
        bound = Sensitivity(rows, int(random.integers(1, rows**2 + 1)))
        mechanism = (Exponential if random.random() < 0.4 else RoundedGaussian).costing(price)
        whole = whole + mechanism.cost()
        events.append(event_of(mechanism, mechanism.cost(), bound))
    if at % 4 == 3:
        slack = int(Fraction(repr(delta)) / 10 / DELTA0_UNIT)
        run = SubsampledGaussian.costing(
            Cost(mu2=10**14, delta0=slack),
            rate=float(random.uniform(0.01, 0.2)),
            steps=int(random.integers(5, 40)),
        )
        whole = whole + run.cost()
        events.append(event_of(run, run.cost(), None))
    return Charge(f"drawn {at}", whole, delta, tuple(each for each in events if each))


def released(folder: Path) -> Charge:
    """Return what a release bought."""
    from pydantic import TypeAdapter

    from synthspec.mechanisms import AnyMechanism

    release = read_release(folder)
    adapter: TypeAdapter[object] = TypeAdapter(AnyMechanism)
    events = []
    for event in release.events:
        bound = None
        if event.sensitivity_l1 is not None and event.sensitivity_l2_squared is not None:
            bound = Sensitivity(event.sensitivity_l1, event.sensitivity_l2_squared)
        told = event_of(adapter.validate_python(event.mechanism), event.cost, bound)
        if told is None:
            raise SystemExit(f"{folder}: no peer knows the mechanism of {event.id}")
        events.append(told)
    assert release.claim is not None
    return Charge(f"release `{folder.name}`", release.spent, float(release.claim.delta), tuple(events))


def tables() -> Tables:
    """Return pairs of tables of codes: simulated ones, and halves of a public table where it is at hand."""
    random = np.random.default_rng(0)
    found: Tables = {}
    for name, many in (("small", (40, 30)), ("large", (20000, 7000))):
        sizes = (2, 3, 12, 200)
        parts = [
            np.stack([random.choice(size, rows, p=random.dirichlet(np.ones(size))) for size in sizes], 1)
            for rows in many
        ]
        found[f"simulated, {name}"] = (parts[0], parts[1])
    from tables import folder, load

    if folder().exists():
        coded = load("adult")
        codes = coded.rows[:, [at for at, size in enumerate(coded.sizes) if size <= 50]]
        found["adult, two halves"] = (codes[::2], codes[1::2])
    return found


ADDED = 1e-6
"""What SDMetrics adds to the private count of a category of one column that only released rows have."""


def distance(one: Codes, two: Codes, added: float = 0.0) -> float:
    """Return our total variation of two tables of codes, over their joint cells.

    Args:
        one: private rows.
        two: released rows.
        added: to the count of cells that private rows lack; ours is with 0.
    """
    joint = np.concatenate([one, two])
    cells = np.unique(joint, axis=0, return_inverse=True)[1].reshape(-1)
    size = int(cells.max()) + 1
    first = np.bincount(cells[: len(one)], minlength=size).astype(np.float64)
    return Tvd().score(np.where(first > 0, first, added), np.bincount(cells[len(one) :], minlength=size))


def put(env: Path, held: Tables, charges: Sequence[Charge]) -> dict[str, Any]:
    """Ask the peers of `env`, and return what was asked of tables and Gaussians beside what they said."""
    compared = [
        {"table": name, "columns": list(columns)}
        for name, (one, _) in held.items()
        for columns in [(i,) for i in range(one.shape[1])]
        + [(i, j) for i in range(one.shape[1]) for j in range(i)]
    ]
    gaussians = [
        (mu, float(epsilon_of(mu, delta)), delta)
        for mu in (0.01, 0.05, 0.2, 0.5, 1.0, 2.0, 4.0)
        for delta in (1e-3, 1e-6, 1e-9, 1e-12)
    ]
    ask = {
        "complements": compared,
        "gaussians": [each[:2] for each in gaussians if each[1] > 0],
        "charges": [each.asked for each in charges],
    }
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        arrays = {
            f"{name}/{part}": a
            for name, two in held.items()
            for part, a in zip(("private", "released"), two, strict=True)
        }
        np.savez(place / "tables.npz", **arrays)  # type: ignore[arg-type]
        (place / "ask.json").write_text(json.dumps(ask), encoding="utf-8")
        script = Path(__file__).parent / "with_opinions.py"
        subprocess.run([str(env / "bin" / "python"), "-W", "ignore", str(script), str(place)], check=True)
        said: dict[str, Any] = json.loads((place / "said.json").read_text(encoding="utf-8"))
    return {"compared": compared, "gaussians": [each for each in gaussians if each[1] > 0], "said": said}


def judged(held: Tables, charges: Sequence[Charge], told: dict[str, Any]) -> list[tuple[str, bool, str]]:
    """Return each question with whether the opinions agree, and by how much."""
    said = told["said"]
    apart, lacking = [], 0
    for each, theirs in zip(told["compared"], said["complements"], strict=True):
        one, two = (part[:, each["columns"]] for part in held[each["table"]])
        added = ADDED if len(each["columns"]) == 1 else 0.0
        apart.append(abs(distance(one, two, added) - theirs))
        lacking += distance(one, two, added) != distance(one, two)
    deltas = [
        abs(theirs / each[2] - 1) for each, theirs in zip(told["gaussians"], said["deltas"], strict=True)
    ]
    pairs = list(zip(charges, said["charges"], strict=True))
    equal = [abs(theirs["equivalents"] / mine.epsilon - 1) for mine, theirs in pairs]
    over = [mine.epsilon / theirs["realised"] - 1 for mine, theirs in pairs]
    rho = [
        (float(mine.cost.mu2 * MU2_UNIT) / 2, theirs["opendp"]) for mine, theirs in pairs if theirs["opendp"]
    ]
    rhos = [mine / theirs["rho"] - 1 for mine, theirs in rho]
    converted = [theirs["of_ours"] / theirs["of_theirs"] - 1 for _, theirs in rho]
    return [
        (
            f"total variation is SDMetrics' complement, {len(apart)} tables of one and two columns",
            max(apart) <= TVD_APART,
            f"at most {max(apart):.1g} apart; {lacking} columns with their 1e-6 for categories that only "
            "released rows have",
        ),
        (
            f"delta of {len(deltas)} Gaussians at our epsilon, dp-accounting's exact formula",
            max(deltas) <= DELTA_APART,
            f"at most {max(deltas):.1g} apart, relatively",
        ),
        (
            f"epsilon of {len(equal)} charges, their Gaussians composed by dp-accounting",
            max(equal) <= EPSILON_APART,
            f"at most {max(equal):.4%} apart",
        ),
        (
            f"epsilon of {len(over)} charges, events as they are composed by dp-accounting",
            min(over) >= -EPSILON_APART / 10,
            f"ours lies {min(over):+.3%} to {max(over):+.0%} above theirs",
        ),
        (
            f"rho of {len(rhos)} charges, OpenDP's maps of its own mechanisms",
            min(rhos) >= -BELOW,
            f"ours lies {min(rhos):+.4%} to {max(rhos):+.0%} above theirs",
        ),
        (
            f"epsilon of {len(converted)} charges, both rhos converted by OpenDP",
            min(converted) >= -BELOW,
            f"ours lies {min(converted):+.4%} to {max(converted):+.0%} above theirs",
        ),
    ]


def page(found: list[tuple[str, bool, str]], versions: dict[str, str]) -> str:
    """Return the page of results."""
    lines = [
        "# Second opinions",
        "",
        "`python benchmarks/peers/opinions.py --env ENV RELEASE...`: our figures beside those of",
        ", ".join(f"{name} {number}" for name, number in versions.items()) + ".",
        "",
        "| question | agrees | by how much |",
        "|---|---|---|",
        *(f"| {what} | {'yes' if right else '**no**'} | {how} |" for what, right, how in found),
        "",
        *WORDS,
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    """Ask, compare, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--env", type=Path, required=True)
    parser.add_argument("--charges", type=int, default=200)
    parser.add_argument("-o", "--output", type=Path, default=PAGE)
    parser.add_argument("releases", nargs="*", type=Path)
    given = parser.parse_args()
    charges = [*(released(each) for each in given.releases), *(drawn(at) for at in range(given.charges))]
    held = tables()
    told = put(given.env, held, charges)
    found = judged(held, charges, told)
    for what, right, how in found:
        print("yes" if right else "NO ", what, "-", how)
    given.output.write_text(page(found, told["said"]["versions"]), encoding="utf-8")
    return 0 if all(right for _, right, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main())

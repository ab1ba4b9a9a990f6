"""Outcome: what an attack found, with control, trials, intervals and what it could have seen; class I.

Every record that holds a number says `class: I`: it touches private rows and no budget paid for it.
There is no "passed": an attack found a leak, or would have seen one of a stated size and saw none, or
could not have seen any.

Source: Clopper & Pearson 1934; Newcombe 1998 (method 10) for differences; Carlini et al. 2022,
arXiv:2112.03570 (true positives at low false-positive rates).
"""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from synthspec.metrics.binomial import clopper_pearson, wilson
from synthspec.terms.frozen import Frozen

CONFIDENCE = 0.95

Verdict = Literal["found", "not seen", "no evidence either way", "not judged"]


class Inside(Frozen):
    """A record of the internal edition: of class I, for nobody outside."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    class_: Literal["I"] = Field(default="I", alias="class")


class Amount(Inside):
    """A number with its interval, where it has one."""

    value: float
    low: float | None = None
    high: float | None = None


class Share(Inside):
    """Hits among trials with their exact 95 % interval; without trials the interval is 0..1."""

    hits: int
    trials: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, trials: int) -> Share:
        """Return the share of `hits` among `trials`."""
        ends = clopper_pearson(hits, trials, CONFIDENCE)
        return cls(
            hits=hits, trials=trials, value=hits / trials if trials else 0.0, low=ends.low, high=ends.high
        )


class AtRate(Inside):
    """Members found at a false-positive rate; the threshold was set on people who are not counted here.

    `bound` is the most that any attack can reach at `rate` against the release's claim.
    """

    rate: float
    members: Share
    others: Share
    bound: float | None = None


class Band(Inside):
    """Members, and others, whose score lies between two quantiles of the scores of further others."""

    low: float
    high: float
    members: Share
    others: Share


class Worst(Inside):
    """The members that an attack is surest of.

    Attributes:
        members: how many of the members score as high.
        others: how many of the others do.
        right: how likely "this person is in the table" is right about one who scores as high, at even odds.
        bound: the most that it can be by the claim.
    """

    members: Share
    others: Share
    right: Amount
    bound: float | None = None


class Point(Inside):
    """Members found at a false-positive rate, both counted on everybody; for the curve."""

    rate: float
    members: float


class Exposed(Inside):
    """Where the members' scores lie among the others'."""

    bands: tuple[Band, ...] = ()
    worst: Worst
    curve: tuple[Point, ...]


class Power(Inside):
    """What an attack that found nothing would have seen.

    `planted` is what was planted (copies of people among the released rows, or less noise), `smallest`
    the least amount of it that was found, `missed` the largest that was not; `smallest` None: not even
    the whole.
    """

    planted: str
    smallest: float | None
    missed: float | None = None


class Outcome(Inside):
    """One attack on one release.

    Attributes:
        attack: its id.
        title: for people.
        about: what the attacker knows and does.
        cites: the papers behind the method.
        success: how often it was right about people of the table.
        control: how often about people who are not in it.
        excess: (success - control) / (1 - control), with a 95 % interval.
        precision: right guesses among guesses made.
        recall: right guesses among people attacked.
        auc: how well scores tell members from others, 0.5 for not at all.
        rates: members found at low false-positive rates.
        exposed: where members' scores lie among others', person by person (attack/exposed.py).
        verdict: see the module; chance finds something in one attack of twenty.
        power: asked of attacks that found nothing.
        notes: what limits the figure.
    """

    attack: str
    title: str
    about: str
    cites: str
    success: Share | None = None
    control: Share | None = None
    excess: Amount | None = None
    precision: Share | None = None
    recall: Share | None = None
    auc: Amount | None = None
    rates: tuple[AtRate, ...] = ()
    exposed: Exposed | None = None
    verdict: Verdict
    power: Power | None = None
    notes: tuple[str, ...] = ()


def excess(success: Share, control: Share) -> Amount:
    """Return (success - control) / (1 - control); the interval of the difference is Newcombe's."""
    a = wilson(success.hits, success.trials, CONFIDENCE)
    b = wilson(control.hits, control.trials, CONFIDENCE)
    gap = success.value - control.value
    low = gap - ((success.value - a.low) ** 2 + (b.high - control.value) ** 2) ** 0.5
    high = gap + ((a.high - success.value) ** 2 + (control.value - b.low) ** 2) ** 0.5
    rest = max(1e-9, 1 - control.value)
    return Amount(value=gap / rest, low=max(-1.0, low / rest), high=min(1.0, high / rest))


def more_often(success: Share, control: Share) -> float:
    """Return how likely chance alone makes the first share this much larger: Fisher's exact test."""
    from scipy.stats import hypergeom

    both = success.trials + control.trials
    hits = success.hits + control.hits
    if not success.trials or not control.trials:
        return 1.0
    return float(hypergeom.sf(success.hits - 1, both, hits, success.trials))

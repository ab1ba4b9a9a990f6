"""Attribute inference: everything but one value of a person is known; the nearest released row gives it.

What can be guessed of people who are *not* in the table as well is what the table says of people in
general; only what is guessed better of its own people is a leak. The attacker may keep silent: guesses
are counted over everybody, and over the attacker's surest tenth. Precision is right guesses among
guesses, recall right guesses among people: low recall hides high precision, and the other way round.

Source: Francis & Wagner 2025, arXiv:2507.01710 (precision with recall); Stadler, Oprisanu & Troncoso
2022, arXiv:2011.07018; Raab, Nowok & Dibben 2024, arXiv:2406.16826 (target disclosure). Code ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthspec.attack.nearest import Block, Pieces
from synthspec.attack.outcome import Outcome, Share, excess, more_often
from synthspec.attack.roc import LEVEL
from synthspec.attack.table import BoolArray, FloatArray, IntArray, Table

SURE = 0.1
"""The share of all people attacked about whom the attacker is surest."""

NEAR = 0.02
"""A guess of an ordered value is right within this part of the public range."""

SECRETS = 8


@dataclass(frozen=True, eq=False)
class AttributeInference:
    """The released rows against people of the table and others, one secret column after the other."""

    synthetic: Table
    members: Table
    others: Table
    secrets: tuple[int, ...]

    def judge(self, planted: Table | None) -> Outcome:
        """Return the secret that is best guessed of members, against others; all of them are tried."""
        guessed = [self._asked(secret, planted) for secret in self.secrets]
        tests = [test for each in guessed for test in each.tests]
        best = min(guessed, key=lambda each: min(each.tests))
        found = min(tests) * len(tests) < LEVEL
        name = self.synthetic.attributes[best.secret].name
        one, two = best.sure if best.tests[1] <= best.tests[0] else best.everybody
        return Outcome(
            attack="attribute-inference",
            title="Attribute inference",
            about="knows all of a person but one value, and takes it from the nearest released row",
            cites="Francis & Wagner 2025; Stadler et al. 2022; Raab et al. 2024",
            success=one.recalled,
            control=two.recalled,
            excess=excess(one.recalled, two.recalled),
            precision=one.precise,
            recall=one.recalled,
            verdict="found" if found else "not seen",
            notes=(
                f"of {len(self.secrets)} columns tried, the largest difference is at `{name}`",
                f"counted over {'the surest tenth' if best.tests[1] <= best.tests[0] else 'everybody'}",
            ),
        )

    def _asked(self, secret: int, planted: Table | None) -> _Guessed:
        one, two = self._members[secret], self._others[secret]
        if planted is not None and planted.rows:
            one = _nearer(one, _look(self.members, planted, (secret,))[secret])
            two = _nearer(two, _look(self.others, planted, (secret,))[secret])
        line = float(np.quantile(np.concatenate([one.away, two.away]), SURE))
        parts = []
        for guess in (one, two):
            sure = guess.away <= line
            parts.append((_Told.of(guess.right, np.ones_like(sure)), _Told.of(guess.right, sure)))
        everybody, sure_ones = (parts[0][0], parts[1][0]), (parts[0][1], parts[1][1])
        tests = tuple(more_often(a.recalled, b.recalled) for a, b in (everybody, sure_ones))
        return _Guessed(secret, everybody, sure_ones, (tests[0], tests[1]))

    @cached_property
    def _members(self) -> dict[int, _Guess]:
        return _look(self.members, self.synthetic, self.secrets)

    @cached_property
    def _others(self) -> dict[int, _Guess]:
        return _look(self.others, self.synthetic, self.secrets)


@dataclass(frozen=True)
class _Told:
    recalled: Share
    precise: Share

    @classmethod
    def of(cls, right: BoolArray, made: BoolArray) -> _Told:
        hits = int((right & made).sum())
        return cls(Share.of(hits, len(right)), Share.of(hits, int(made.sum())))


@dataclass(frozen=True)
class _Guessed:
    secret: int
    everybody: tuple[_Told, _Told]
    sure: tuple[_Told, _Told]
    tests: tuple[float, float]


@dataclass(frozen=True, eq=False)
class _Guess:
    """How far the nearest row is in the known columns, and whether its secret is the person's."""

    away: FloatArray
    right: BoolArray


def _look(people: Table, rows: Table, secrets: Sequence[int]) -> dict[int, _Guess]:
    columns = range(len(rows.attributes))
    away = {secret: np.zeros(people.rows) for secret in secrets}
    places: dict[int, IntArray] = {secret: np.zeros(people.rows, dtype=np.int64) for secret in secrets}
    for here, total, part in Pieces(people, rows).blocks(columns):
        for secret in secrets:
            _least(total, part, secret, here, away[secret], places[secret])
    return {
        secret: _Guess(away[secret], _right(people, rows.take(places[secret]), secret)) for secret in secrets
    }


def _least(
    total: Block,
    part: Callable[[int], Block],
    secret: int,
    here: slice,
    away: FloatArray,
    places: IntArray,
) -> None:
    known = total - part(secret)
    best = known.argmin(axis=1)
    places[here] = best
    away[here] = np.maximum(known[np.arange(len(best)), best], 0.0)


def _right(people: Table, guessed: Table, secret: int) -> BoolArray:
    a, b = people.values[:, secret], guessed.values[:, secret]
    both = np.isnan(a) & np.isnan(b)
    if not people.attributes[secret].ordered:
        return np.asarray(a == b)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(a - b) <= NEAR) | both)


def _nearer(held: _Guess, more: _Guess) -> _Guess:
    closer = more.away <= held.away
    return _Guess(np.where(closer, more.away, held.away), np.where(closer, more.right, held.right))

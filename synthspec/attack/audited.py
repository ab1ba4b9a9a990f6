"""The result of an audit of this software: what games on simulated tables proved, against what is claimed.

Class P: nothing in it comes from anybody's data, and it holds no fact about the machine that it ran on.

Source: ours; REPORTS 1.4 and 2.2 (section 7).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.terms.frozen import Frozen

Outcome = Literal["passed", "failed", "could not have seen it"]

SURE = 0.9
"""A game that catches its planted bug with less than this probability is no evidence either way."""


class Claimed(Frozen):
    """What is claimed: mu with slack, and the epsilon that it amounts to at `delta`."""

    mu: float
    delta0: float
    epsilon: float
    delta: float


class Planted(Frozen):
    """What the same game, as often played, proved where a bug had been planted.

    Attributes:
        bug: what it was.
        mu: mu is at least so much.
        caught: whether that is above the claim.
    """

    bug: str
    mu: float
    caught: bool


class Played(Frozen):
    """One distinguishing game.

    Attributes:
        shelf: where its entry stands.
        entry: the kind that was audited.
        title: what was asked or fitted.
        neighbours: the relation of the two tables.
        max_rows: rows of the unit.
        attack: what the attacker looks at.
        runs: plays of each world; a half of them chose the threshold.
        right: of the other half, how often the unit was rightly said to be there.
        wrong: and how often wrongly.
        true_rate: a lower bound on the share of right ones.
        false_rate: an upper bound on the share of wrong ones.
        claim: what the price says.
        mu: mu is at least so much.
        epsilon: epsilon at the claim's delta is at least so much.
        guess: the mu that the plain shares point to.
        provable: the most that so many runs could have proved of mu.
        power: how likely so many runs catch half the noise, if the attack is as good as it was; None where
            the game is not about the size of noise.
        planted: what the game proved of a planted bug, None where none was played.
    """

    kind: Literal["game"] = "game"
    shelf: Literal["mechanism", "generator"]
    entry: str
    title: str
    neighbours: str
    max_rows: int
    attack: str
    runs: int
    right: int
    wrong: int
    true_rate: float
    false_rate: float
    claim: Claimed
    mu: float
    epsilon: float
    guess: float
    provable: float
    power: float | None
    planted: Planted | None = None

    @property
    def outcome(self) -> Outcome:
        """A pass only where the same game sees a planted bug, or half the noise would have been seen."""
        if self.mu > self.claim.mu or self.epsilon > self.claim.epsilon:
            return "failed"
        seen = self.planted.caught if self.planted is not None else (self.power or 0.0) >= SURE
        return "passed" if seen else "could not have seen it"


class Canaries(Frozen):
    """One training with canaries, each put in by its own coin.

    Attributes:
        entry: the kind that was audited.
        title: what was looked at.
        canaries: how many there were.
        guesses: how many coins were guessed at.
        right: how many guesses were right.
        claim: what the price says.
        mu: mu is at least so much.
        epsilon: epsilon at the claim's delta is at least so much.
        alarm: how often these bounds may be wrong.
        provable: the most that so many canaries could have proved of mu.
        half: how likely they prove more than the claim where the noise is a half of what was bought.
        quarter: the same, where it is a quarter.
        planted: what the same audit proved of a planted bug.
    """

    kind: Literal["canaries"] = "canaries"
    shelf: Literal["generator"] = "generator"
    entry: str
    title: str
    canaries: int
    guesses: int
    right: int
    claim: Claimed
    mu: float
    epsilon: float
    alarm: float
    provable: float
    half: float
    quarter: float
    planted: Planted | None = None

    @property
    def outcome(self) -> Outcome:
        """See `Played.outcome`."""
        if self.mu > self.claim.mu or self.epsilon > self.claim.epsilon:
            return "failed"
        seen = self.planted.caught if self.planted is not None else self.quarter >= SURE
        return "passed" if seen else "could not have seen it"


class NotPlayed(Frozen):
    """An entry whose games were not played, and why."""

    shelf: Literal["mechanism", "generator"]
    entry: str
    reason: str


class AuditResult(Frozen):
    """One audit of this software.

    Attributes:
        version: of this software.
        day: when it was audited, as YYYY-MM-DD.
        runs: plays of each world, at most; slow games are played less, and say so.
        alarm: how often each of a game's two bounds may be wrong.
        games: the distinguishing games.
        canaries: the audits by canaries.
        left_out: what was not played.
    """

    schema_: Literal["synthspec.audit/1"] = Field(default="synthspec.audit/1", alias="schema")
    class_: Literal["P"] = Field(default="P", alias="class")
    version: str
    day: str
    runs: int
    alarm: float
    games: tuple[Played, ...] = ()
    canaries: tuple[Canaries, ...] = ()
    left_out: tuple[NotPlayed, ...] = ()

    @property
    def every(self) -> tuple[Played | Canaries, ...]:
        """All that was played."""
        return (*self.games, *self.canaries)

    @property
    def passed(self) -> bool:
        """Whether nothing that was played proved more than its claim."""
        return all(each.outcome != "failed" for each in self.every)

    @property
    def unseen(self) -> int:
        """How many games could not have seen a bug: no evidence either way."""
        return sum(each.outcome == "could not have seen it" for each in self.every)

    def to_json(self) -> str:
        """Return the JSON that is written, with the outcomes spelled out."""
        import json

        tree = self.model_dump(mode="json", by_alias=True)
        for part in ("games", "canaries"):
            for each, written in zip(getattr(self, part), tree[part], strict=True):
                written["outcome"] = each.outcome
        return json.dumps({**tree, "passed": self.passed}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> AuditResult:
        """Return what `to_json` wrote; a ValueError where it is something else."""
        import json

        tree = json.loads(text)
        if not isinstance(tree, dict):
            raise ValueError("no audit")
        passed, outcomes = tree.pop("passed", None), []
        for part in ("games", "canaries"):
            outcomes += [each.pop("outcome", None) for each in tree.get(part, ())]
        found = cls.model_validate(tree)
        if passed != found.passed or outcomes != [each.outcome for each in found.every]:
            raise ValueError("the outcomes are not those of the figures")
        return found


def recent() -> AuditResult | None:
    """Return the result that this package carries, None where it has none or it is of another version."""
    from importlib.resources import files

    from synthspec import __version__

    place = files("synthspec.attack").joinpath("recent.json")
    if not place.is_file():
        return None
    found = AuditResult.from_json(place.read_text(encoding="utf-8"))
    return found if found.version == __version__ else None

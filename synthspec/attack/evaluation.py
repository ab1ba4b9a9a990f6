"""Evaluation: everything that the internal edition says, as one value; all of it of class I.

It is written beside a release, never into it. The public report does not know this module.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.attack.copies import Closeness
from synthspec.attack.exact.fidelity import Fidelity
from synthspec.attack.exact.regression import Regression
from synthspec.attack.exact.separation import Separation
from synthspec.attack.exact.utility import Utility
from synthspec.attack.outcome import Inside, Outcome

Control = Literal["held out", "file", "none"]

WARNING = (
    "INTERNAL: contains statistics of personal data, not covered by the privacy guarantee. These figures "
    "were read off private rows without noise and without a price. Publishing one of them, choosing between "
    "releases by them, or showing them to somebody who may not see the table, leaks information about people."
)


class People(Inside):
    """How many rows and people there are on each side."""

    rows: int
    people: int
    control_rows: int
    control_people: int
    released: int


class CuratorGate(Inside):
    """A gate of the spec, judged by exact figures; it decides nothing."""

    name: str
    text: str
    value: float | None
    outcome: Literal["met", "not met", "not known"]


class Evaluation(Inside):
    """The annex of the internal edition.

    Attributes:
        release: SHA-256 of the release's manifest.
        public_part: SHA-256 of the public part that the page begins with.
        tied: whether the source is, byte for byte, the one that the release was made from.
        control: where people come from who are not in the table.
        not_judged: attacks that could not be judged, and why.
        doubts: reasons to distrust the attacks that were.
        values_within: how many steps a public range was cut into, to compare values.
    """

    version: Literal["synthspec.internal/1"] = Field(default="synthspec.internal/1", alias="schema")
    edition: Literal["internal"] = "internal"
    warning: str = WARNING
    name: str
    tool: str
    release: str
    public_part: str = ""
    tied: Literal["yes", "not known"] = "not known"
    control: Control
    people: People
    fidelity: Fidelity
    separation: Separation
    utility: Utility
    regressions: tuple[Regression, ...] = ()
    attacks: tuple[Outcome, ...] = ()
    closeness: Closeness
    gates: tuple[CuratorGate, ...] = ()
    not_judged: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    values_within: int
    releases: int | None = None

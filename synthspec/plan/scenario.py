"""Scenario: another table to draw from the same models; post-processing of what is released, free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen


class Rebalance(Frozen):
    """The shares that the values of one column shall have; values are canonical literal texts."""

    column: str
    shares: tuple[tuple[str, float], ...]


class Rows(Frozen):
    """Rows that come out as they are: a file declared public with its `basis`, or the rows of a release.

    `path` is as the spec writes it, relative to the spec; `sha256` that of the file, or of the manifest
    of the release, which names every file of it by its digest. `columns` are those that are used.
    """

    kind: Literal["public", "release"]
    path: str
    sha256: str
    columns: tuple[str, ...]
    basis: str | None = None


class Part(Frozen):
    """One source of a mix, and its share of the rows."""

    rows: Rows
    share: float
    label: str


class Jitter(Frozen):
    """Values of a column moved by up to `points` points of its grid, up or down."""

    kind: Literal["jitter"] = "jitter"
    column: str
    points: StrictInt


class Interpolate(Frozen):
    """Rows moved towards one of the `k` nearest of the rows that agree with them in `classes`."""

    kind: Literal["interpolate"] = "interpolate"
    classes: tuple[str, ...]
    k: int


Augment = Annotated[Jitter | Interpolate, Field(discriminator="kind")]

PROVENANCE = "provenance"
"""The column that says where a row of a mix comes from, when the spec gives it no other name."""


class Scenario(Frozen):
    """A named table: how many rows, under which condition, with which shares.

    `weights` names a column that undoes the rebalancing in analysis: its mean is 1. `given` holds partial
    rows that come out verbatim, the rest of each drawn. With `units`, so many units are drawn, each with
    all its rows, in place of `rows`. A `mix` is not drawn at all: it blends tables that
    are public or released, `provenance` says which row is whose. `augment` changes synthetic rows.
    """

    name: str
    rows: int
    units: int | None = None
    where: Expr | None = None
    where_text: str = ""
    rebalance: tuple[Rebalance, ...] = ()
    weights: str | None = None
    given: Rows | None = None
    mix: tuple[Part, ...] = ()
    provenance: str | None = None
    augment: tuple[Augment, ...] = ()

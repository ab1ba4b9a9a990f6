"""Spec: what the user wrote, one closed value; every key of the language parses, built or not.

Values whose type depends on a column (domain ends, list values, labels) are kept as source text;
expressions are kept as text and parsed by the checker. Spans are found by path in the source tree
(spec/source.py), so this model carries none.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from synthspec.terms.frozen import Frozen

Outside = Literal["clip", "missing", "other", "drop"]
ColumnKind = Literal["id", "bool", "int", "float", "decimal", "category", "date", "datetime"]


class About(Frozen):
    """Identity and purpose, shown in reports."""

    text: str = ""
    purpose: str | None = None
    owner: str | None = None
    contact: str | None = None
    retention: str | None = None


class SourceSpec(Frozen):
    """`source:`; `rows` and `units` are public round numbers, used for prediction only."""

    path: str
    format: Literal["csv", "parquet"] | None = None
    nulls: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"
    decimal: str = "."
    duplicates: Literal["keep", "drop"] = "keep"
    public: bool = False
    basis: str | None = None
    rows: int | None = Field(default=None, ge=1)
    units: int | None = Field(default=None, ge=1)


class PrivacySpec(Frozen):
    """`privacy:`; unit, max_rows and epsilon have no defaults."""

    unit: str
    max_rows: int | None = None
    epsilon: float
    delta: float = 1e-9
    neighbours: Literal["add-remove", "replace"] = "add-remove"
    ledger: str | None = None
    split: dict[str, float] = Field(default_factory=dict)
    unit_null: Literal["own", "drop"] = "own"
    contribution: Literal["rows", "weights"] = "rows"


class RangeDomain(Frozen):
    """`lo..hi`, ends as source text, both included."""

    kind: Literal["range"] = "range"
    lo: str
    hi: str


class ListDomain(Frozen):
    """`[a, b]`, values as source text."""

    kind: Literal["list"] = "list"
    values: tuple[str, ...]


class FileDomain(Frozen):
    """`{file, column}`: the distinct values of a public file's column."""

    kind: Literal["file"] = "file"
    file: str
    column: str


class DiscoverDomain(Frozen):
    """`{discover: n, else: OTHER}`."""

    kind: Literal["discover"] = "discover"
    limit: int
    other: str


Domain_ = Annotated[RangeDomain | ListDomain | FileDomain | DiscoverDomain, Field(discriminator="kind")]


class ColumnSpec(Frozen):
    """One column in its long form. `type` is None for `derive`/`lookup` whose type is inferred.

    `domain` is the key `in:`; `scale` is n of decimal(n); `from_` the key `from:`; `bins` a count or
    edges as text; `other` the `else`/`other` value of a list domain that takes values outside it.
    """

    type: ColumnKind | None = None
    scale: int = 0
    domain: Domain_ | None = None
    basis: str | None = None
    clip: float | None = None
    step: str | None = None
    bins: int | tuple[str, ...] | None = None
    missing: Literal["never", "random", "modelled", "derived"] = "never"
    per: Literal["row", "unit"] = "row"
    derive: str | None = None
    lookup: str | None = None
    by: dict[str, str] = Field(default_factory=dict)
    take: str | None = None
    measured_in: str | None = None
    about: str | None = None
    from_: str | None = None
    nulls: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    format: str | None = None
    outside: Outside | None = None
    other: str | None = None


class CheckRule(Frozen):
    """`name: expression` or `{check: ..., repair, because, enforce}`."""

    kind: Literal["check"] = "check"
    check: str
    repair: tuple[str, ...] = ()
    because: str | None = None
    enforce: Literal["always", "report"] = "always"


class IfRule(Frozen):
    """`{if: ..., then: ...}`."""

    kind: Literal["if"] = "if"
    if_: str
    then: str
    repair: tuple[str, ...] = ()
    because: str | None = None
    enforce: Literal["always", "report"] = "always"


class UniqueRule(Frozen):
    """`{unique: [cols]}`."""

    kind: Literal["unique"] = "unique"
    unique: tuple[str, ...]
    because: str | None = None


class CombosRule(Frozen):
    """`{combos: [cols], rows: [...]}` or `file:`."""

    kind: Literal["combos"] = "combos"
    combos: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] | None = None
    file: str | None = None
    because: str | None = None
    enforce: Literal["always", "report"] = "always"


class DeterminesRule(Frozen):
    """`{determines: [y], by: [x]}`."""

    kind: Literal["determines"] = "determines"
    determines: tuple[str, ...]
    by: tuple[str, ...]
    because: str | None = None


class NoOverlapRule(Frozen):
    """`{no_overlap: [start, end], per: col}`."""

    kind: Literal["no_overlap"] = "no_overlap"
    no_overlap: tuple[str, str]
    per: str
    because: str | None = None


RuleSpec = Annotated[
    CheckRule | IfRule | UniqueRule | CombosRule | DeterminesRule | NoOverlapRule, Field(discriminator="kind")
]


class Edge(Frozen):
    """`a, b -> c`; `any` is a wildcard."""

    parents: tuple[str, ...]
    child: str


class KnownCase(Frozen):
    """One case of a `known` table: `if` (None for the final else) and a distribution.

    `values` maps a value's source text to a probability; `distribution` is like `normal(7.6, 1.4)`.
    """

    if_: str | None = None
    values: dict[str, float] | None = None
    distribution: str | None = None


class Known(Frozen):
    """A distribution that the author brings; `strength` None fixes it, else it is worth so many units.

    A unit counts as one draw of the column, however many rows it may have.
    """

    cite: str
    strength: float | None = None
    cases: tuple[KnownCase, ...]


class NetworkSpec(Frozen):
    """`network:`."""

    require: tuple[Edge, ...] = ()
    forbid: tuple[Edge, ...] = ()
    max_parents: int = 3
    known: dict[str, Known] = Field(default_factory=dict)


class Sequence_(Frozen):
    """`sequence: {by, memory}`."""

    by: str
    memory: int = 1


class GroupSpec(Frozen):
    """One entry of `generate:`; `options` is the key `with:`, validated by the generator."""

    columns: tuple[str, ...] = ()
    using: str = "marginal"
    given: tuple[str, ...] = ()
    options: dict[str, object] = Field(default_factory=dict)
    sequence: Sequence_ | None = None


class MixPart(Frozen):
    """One source of a mix: the folder of a release, or a public file with its basis."""

    kind: Literal["release", "public"]
    path: str
    share: float
    basis: str | None = None


class AugmentSpec(Frozen):
    """`{jitter: step}` or `{class: [columns], k: 5}`; of the latter there is one, called `interpolate`."""

    jitter: str | None = None
    classes: tuple[str, ...] = ()
    k: int = 5


class Scenario(Frozen):
    """One entry of `sample.scenarios`."""

    rows: int | None = None
    units: int | None = None
    where: str | None = None
    rebalance: dict[str, dict[str, float]] = Field(default_factory=dict)
    weights: str | None = None
    given: str | None = None
    basis: str | None = None
    mix: tuple[MixPart, ...] = ()
    provenance: str | None = None
    augment: dict[str, AugmentSpec] = Field(default_factory=dict)


class SampleSpec(Frozen):
    """`sample:`; rows default to 10,000 (a constant, never the size of the source)."""

    rows: int | None = None
    units: int | None = None
    seed: int = 0
    holdout: float | None = None
    scenarios: dict[str, Scenario] = Field(default_factory=dict)


class OutputSpec(Frozen):
    """`output:`; `folder` is the release, default `out/<name>`."""

    folder: str | None = None
    format: Literal["parquet", "csv"] = "parquet"
    also: tuple[str, ...] = ()


class WorkloadItem(Frozen):
    """A marginal that matters more."""

    columns: tuple[str, ...]
    weight: int = Field(ge=1)


class MustAnswer(Frozen):
    """A question that the release must answer: how many rows satisfy `count`, by groups."""

    count: str
    by: tuple[str, ...] = ()


class TableSpec(Frozen):
    """One of two tables: that of the units has a `path`; the rest is in the other one, read from `source`.

    `key` is what the file calls the unit's column; None: as the spec does. `columns` None: the rest.
    """

    path: str | None = None
    format: Literal["csv", "parquet"] | None = None
    key: str | None = None
    columns: tuple[str, ...] | None = None


class Spec(Frozen):
    """One file, one release."""

    spec: Literal[1] = 1
    name: str
    about: About = About()
    source: SourceSpec | None = None
    privacy: PrivacySpec | None = None
    columns: dict[str, ColumnSpec]
    rules: dict[str, RuleSpec] = Field(default_factory=dict)
    network: NetworkSpec = NetworkSpec()
    generate: dict[str, GroupSpec] = Field(default_factory=dict)
    sample: SampleSpec = SampleSpec()
    gates: dict[str, str] = Field(default_factory=dict)
    output: OutputSpec = OutputSpec()
    workload: tuple[WorkloadItem, ...] = ()
    must_answer: dict[str, MustAnswer] = Field(default_factory=dict)
    subgroups: tuple[str, ...] = ()
    tables: dict[str, TableSpec] = Field(default_factory=dict)

    @property
    def units_table(self) -> TableSpec | None:
        """The table with one row per unit, in a file of its own; None without `tables`."""
        return next((table for table in self.tables.values() if table.path is not None), None)

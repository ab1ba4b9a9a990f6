"""Extras: keys that later parts build, checked in full already: names, expressions, shares."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import Literal

from synthspec.compile.diagnose.keys import is_computed
from synthspec.compile.diagnose.names import known_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings
from synthspec.privacy.spark_address import is_spark_address
from synthspec.privacy.table_address import helps, is_table_address, why_not
from synthspec.spec.model import GroupSpec, Scenario, SourceSpec, Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.types import BOOL

_SUM_TOLERANCE = 1e-9

SourceFormat = Literal["csv", "parquet", "duckdb", "postgres", "spark"]


@dataclass(frozen=True, eq=False)
class Extras:
    """Checks `sample`, `workload`, `sequence` and `output`."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    wheres: dict[str, Expr] = field(default_factory=dict)

    def check(self) -> None:
        """Report everything found; `wheres` are then the conditions of the scenarios."""
        spec = self.spec
        for at, item in enumerate(spec.workload):
            self._names(item.columns, "`workload`", ("workload", str(at), "columns"))
        for name, group in spec.generate.items():
            if group.sequence is not None:
                where = ("generate", name, "sequence", "by")
                known_column(self.findings, self.expressions, group.sequence.by, f"the group `{name}`", where)
        self._workload()
        self._sample()
        self._output()
        self._source()

    def _names(self, names: tuple[str, ...], where: str, path: Path_) -> None:
        for at, name in enumerate(names):
            spot = (*path, str(at)) if self.findings.parsed.tree.node((*path, str(at))) is not None else path
            known_column(self.findings, self.expressions, name, where, spot)

    def _sample(self) -> None:
        sample = self.spec.sample
        if sample.rows is not None and sample.units is not None:
            self.findings.report(
                "G430",
                "`sample` says both how many rows and how many units",
                ("sample", "units"),
                "a second count",
                also=((("sample", "rows"), "the first"),),
                helps=("keep `rows:` or `units:`",),
            )
        for name, scenario in sample.scenarios.items():
            path = ("sample", "scenarios", name)
            if scenario.where is not None:
                where = self.expressions.parse(
                    scenario.where, (*path, "where"), f"scenario `{name}`", wants=BOOL
                )
                if where is not None:
                    self.wheres[name] = where
            for column, shares in scenario.rebalance.items():
                spot = (*path, "rebalance", column)
                known_column(self.findings, self.expressions, column, f"scenario `{name}`", spot, key=True)
                self._rebalance(name, column, shares, (*path, "rebalance", column))
            self._scenario(name, scenario, path)

    def _scenario(self, name: str, scenario: Scenario, path: Path_) -> None:
        where = f"scenario `{name}`"
        for column, step in scenario.augment.items():
            spot = (*path, "augment", column)
            for at, label in enumerate(step.classes):
                one = (*spot, "class", str(at))
                place = one if self.findings.written(*one) else (*spot, "class")
                known_column(self.findings, self.expressions, label, where, place)
            if step.jitter is not None:
                known_column(self.findings, self.expressions, column, where, spot, key=True)
        if scenario.rows is not None and scenario.units is not None:
            self.findings.report(
                "G430",
                f"{where} says both how many rows and how many units",
                (*path, "units"),
                "a second count",
                also=(((*path, "rows"), "the first"),),
                helps=("keep `rows:` or `units:`",),
            )
        if scenario.weights in self.spec.columns:
            self.findings.report(
                "G434",
                f"{where} gives its weights the name of a column",
                (*path, "weights"),
                "taken",
                also=((self.findings.parsed.key_span(("columns", scenario.weights or "")), "declared here"),),
                helps=("give the weights a name of their own, like `sample_weight`",),
            )

    def _output(self) -> None:
        also = self.spec.output.also
        for at, text in enumerate(also):
            scheme, _, rest = text.partition(":")
            label, shown = "", f"`{text}`"
            if scheme not in ("csv", "duckdb", "postgres", "postgresql", "spark") or not rest.strip():
                label = "a kind, a colon and a path"
            elif text in also[:at]:
                label = "named already"
            elif (is_table_address(text) or is_spark_address(text)) and why_not(text) is not None:
                label, shown = f"the address of the table {why_not(text)}", "to that table"
            if label:
                spot = ("output", "also", str(at))
                self.findings.report(
                    "G435",
                    f"`output.also` cannot write {shown}",
                    spot if self.findings.written(*spot) else spot[:-1],
                    label,
                    helps=(
                        "write `csv:PATH`, `duckdb:FILE#TABLE`, `postgres://HOST/DATABASE#TABLE` "
                        "or `spark:TABLE`",
                    ),
                )

    def _workload(self) -> None:
        """Report G422 for a marginal that no learning group holds: its weight would have no effect."""
        homes = {name: (group.using, {*group.columns, *self._given(group)})
                 for name, group in self.spec.generate.items()}  # fmt: skip
        homes = homes or {
            "": ("marginal", {name for name, c in self.spec.columns.items() if not is_computed(c)})
        }
        learns = self.spec.source is not None or self.findings.written("source")
        known = set(self.spec.columns)
        for at, item in enumerate(self.spec.workload):
            path = ("workload", str(at), "columns")
            ids = [name for name in item.columns if name in self.ids]
            held = learns and (
                any(set(item.columns) <= mine and using not in ("rules", "independent")
                                 for using, mine in homes.values())
            )  # fmt: skip
            if len(item.columns) > 1 and held and not ids:
                continue
            label = f"`{ids[0]}` is an id" if ids else "in no one group that learns them together"
            if not known.issuperset(item.columns):
                continue
            if len(item.columns) == 1:
                label = "a single column, which is always measured"
            self.findings.report(
                "G422",
                "a marginal of `workload` has no effect",
                path,
                label,
                helps=("name two or more columns of one group (its `given:` included)",),
            )

    def _given(self, group: GroupSpec) -> tuple[str, ...]:
        parts = [self.spec.generate[g].columns if g in self.spec.generate else (g,) for g in group.given]
        return tuple(name for part in parts for name in part)

    def _rebalance(self, name: str, column: str, shares: dict[str, float], path: Path_) -> None:
        values = self.expressions.values.get(column)
        for value in shares:
            if values is not None and value not in values:
                span = self.findings.parsed.key_span((*path, value))
                helps, fixes = self.findings.did_you_mean(value, values, span)
                self.findings.report(
                    "G431",
                    f"scenario `{name}` rebalances a value that `{column}` does not have",
                    (*path, value),
                    f"`{value}` is not in the domain",
                    span=span,
                    helps=helps or ("correct the value",),
                    fixes=fixes,
                )
        total = sum(shares.values())
        if abs(total - 1) > _SUM_TOLERANCE:
            self.findings.report(
                "G432",
                f"the shares of scenario `{name}` do not sum to 1",
                path,
                f"they sum to {total:g}",
                helps=("give every value its share of the rows",),
            )

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that are ids."""
        return tuple(name for name, column in self.spec.columns.items() if column.type == "id")

    def _source(self) -> None:
        source = self.spec.source
        if source is not None:
            self._source_keys(source)
        if source is not None and source.format is None and source_format(source.path) is None:
            path = ("source", "path") if self.findings.parsed.tree.node(("source", "path")) else ("source",)
            self.findings.report(
                "G433",
                "the format of the source cannot be told from its name",
                path,
                "neither .csv nor .parquet",
                helps=("add `format: csv` or `format: parquet` under `source:`",),
            )

    def _source_keys(self, source: SourceSpec) -> None:
        """Report keys of the source that cannot be used, contradict each other or have no effect."""
        if not _codec(source.encoding):
            self.findings.report(
                "G436",
                f"there is no encoding `{source.encoding}`",
                ("source", "encoding"),
                "unknown",
                helps=("write `utf-8`, `latin-1`, `cp1252` or `utf-16`",),
            )
        if source.rows is not None and source.units is not None and source.units > source.rows:
            self.findings.report(
                "G437",
                "the source has more units than rows",
                ("source", "units"),
                "each unit has a row at least",
                also=((("source", "rows"), "the rows"),),
                helps=("correct one of the two figures, which are public and rough",),
            )
        kind = source.format or source_format(source.path)
        if kind == "parquet":
            self._no_effect(("delimiter", "encoding", "decimal"), "columns of a Parquet file have types")
        elif kind not in ("csv", None):
            self._no_effect(("delimiter", "encoding"), "a table of a database is no text file")
        if is_table_address(source.path) or is_spark_address(source.path):
            self._address(source)
        if not source.public:
            self._no_effect(("basis",), "the source is not declared public")

    def _address(self, source: SourceSpec) -> None:
        """Report an address of a table that cannot be read, and a format beside it; it is not quoted."""
        problem = why_not(source.path)
        if problem is None and source.format is None:
            return
        at = ("source", "path") if self.findings.parsed.tree.node(("source", "path")) else ("source",)
        self.findings.report(
            "G438",
            "`format` says a file, and the source is a table of a database"
            if problem is None
            else f"the address of the table {problem}",
            at if problem is not None else ("source", "format"),
            "drop `format`" if problem is None else "not an address of a table",
            helps=helps(source.path),
        )

    def _no_effect(self, keys: tuple[str, ...], why: str) -> None:
        for key in keys:
            if self.findings.written("source", key):
                self.findings.report(
                    "C114",
                    f"`{key}` has no effect on the source",
                    ("source", key),
                    why,
                    helps=(f"drop `{key}`",),
                )


def _codec(name: str) -> bool:
    """Return whether `name` is an encoding of text."""
    try:
        return bool(getattr(codecs.lookup(name), "_is_text_encoding", True))
    except LookupError:
        return False


def source_format(path: str) -> SourceFormat | None:
    """Return the format that a path's scheme or ending says, or None.

    >>> source_format("data/a.csv"), source_format("duckdb:x.db#t"), source_format("a.xlsx")
    ('csv', 'duckdb', None)
    """
    schemes: dict[str, SourceFormat] = {
        "duckdb:": "duckdb",
        "postgres:": "postgres",
        "postgresql:": "postgres",
        "spark:": "spark",
    }
    found = next((kind for scheme, kind in schemes.items() if path.startswith(scheme)), None)
    if found is not None:
        return found
    endings: dict[str, SourceFormat] = {
        ".csv": "csv",
        ".tsv": "csv",
        ".txt": "csv",
        ".data": "csv",
        ".parquet": "parquet",
        ".pq": "parquet",
    }
    return next((kind for ending, kind in endings.items() if path.lower().endswith(ending)), None)

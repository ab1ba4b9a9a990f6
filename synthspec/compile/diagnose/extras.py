"""Extras: keys that later parts build, checked in full already: names, expressions, shares."""

from __future__ import annotations

from dataclasses import dataclass

from synthspec.compile.diagnose.names import known_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.types import BOOL

_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Extras:
    """Checks `sample`, `workload`, `subgroups`, `must_answer`, `sequence` and `output`."""

    findings: Findings
    spec: Spec
    expressions: Expressions

    def check(self) -> None:
        """Report everything found."""
        spec = self.spec
        for at, item in enumerate(spec.workload):
            self._names(item.columns, "`workload`", ("workload", str(at), "columns"))
        self._names(spec.subgroups, "`subgroups`", ("subgroups",))
        for name, question in spec.must_answer.items():
            path = ("must_answer", name)
            self.expressions.parse(question.count, (*path, "count"), f"question `{name}`", wants=BOOL)
            self._names(question.by, f"question `{name}`", (*path, "by"))
        for name, group in spec.generate.items():
            if group.sequence is not None:
                where = ("generate", name, "sequence", "by")
                known_column(self.findings, self.expressions, group.sequence.by, f"the group `{name}`", where)
        self._sample()
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
                self.expressions.parse(scenario.where, (*path, "where"), f"scenario `{name}`", wants=BOOL)
            for column, shares in scenario.rebalance.items():
                where = f"scenario `{name}`"
                known_column(self.findings, self.expressions, column, where, (*path, "rebalance", column))
                self._rebalance(name, column, shares, (*path, "rebalance", column))

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

    def _source(self) -> None:
        source = self.spec.source
        if source is not None and source.format is None and source_format(source.path) is None:
            path = ("source", "path") if self.findings.parsed.tree.node(("source", "path")) else ("source",)
            self.findings.report(
                "G433",
                "the format of the source cannot be told from its name",
                path,
                "neither .csv nor .parquet",
                helps=("add `format: csv` or `format: parquet` under `source:`",),
            )


def source_format(path: str) -> str | None:
    """Return the format that a path's scheme or ending says, or None.

    >>> source_format("data/a.csv"), source_format("duckdb:x.db#t"), source_format("a.xlsx")
    ('csv', 'duckdb', None)
    """
    for scheme in ("duckdb:", "postgres:", "spark:"):
        if path.startswith(scheme):
            return scheme[:-1]
    if path.startswith("postgresql:"):
        return "postgres"
    endings = {
        ".csv": "csv",
        ".tsv": "csv",
        ".txt": "csv",
        ".data": "csv",
        ".parquet": "parquet",
        ".pq": "parquet",
    }
    return next((kind for ending, kind in endings.items() if path.lower().endswith(ending)), None)

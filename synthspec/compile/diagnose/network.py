"""Network: declared edges and known tables, each by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from synthspec.columns import Boolean, Listed, Ordered
from synthspec.columns.literal import number
from synthspec.compile.diagnose.cycle import because
from synthspec.compile.diagnose.names import known_column
from synthspec.compile.domains import holds
from synthspec.compile.expressions import GAP, Expressions
from synthspec.compile.findings import Findings, plural
from synthspec.compile.graph import arrows, node_of
from synthspec.plan.plan import PlannedColumn
from synthspec.spec.model import Edge, Known, KnownCase, Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.types import BOOL

ANY = "any"
_ARGUMENTS = {"normal": 2, "lognormal": 2, "gamma": 2, "beta": 2, "poisson": 1, "uniform": 2}
_POSITIVE: Mapping[str, Callable[[tuple[float, ...]], bool]] = {
    "normal": lambda given: given[1] > 0,
    "lognormal": lambda given: given[1] > 0,
    "gamma": lambda given: min(given) > 0,
    "beta": lambda given: min(given) > 0,
    "poisson": lambda given: given[0] > 0,
    "uniform": lambda given: given[0] < given[1],
}
_WANTED = {
    "normal": "the second number, a deviation, is above 0",
    "lognormal": "the second number, a deviation, is above 0",
    "gamma": "shape and rate are above 0",
    "beta": "both numbers are above 0",
    "poisson": "the mean is above 0",
    "uniform": "the first number is below the second",
}
_DISTRIBUTION = re.compile(r"\s*([a-z]+)\s*\((.*)\)\s*\Z")
_SUM_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Network:
    """Checks `network:` and the order that derive, lookup, given and edges ask for together."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    columns: dict[str, PlannedColumn]
    cases: dict[str, tuple[Expr | None, ...]] = field(default_factory=dict)
    """After `check`: the typed conditions of each known table that has no error, None for its else."""

    def check(self) -> None:
        """Report everything that is wrong with the network."""
        network = self.spec.network
        for key, edges in (("require", network.require), ("forbid", network.forbid)):
            for at, edge in enumerate(edges):
                self._names(edge, ("network", key, str(at)), wildcard=key == "forbid")
        self._contradictions()
        self._without_effect()
        self._parents()
        for name, known in network.known.items():
            self._known(name, known)

    def _names(self, edge: Edge, path: Path_, *, wildcard: bool) -> None:
        for name in (*edge.parents, edge.child):
            if name == ANY and name not in self.spec.columns:
                if not wildcard:
                    self.findings.report(
                        "N304",
                        "`any` stands for all columns, which only `forbid` can mean",
                        path,
                        "a required edge names its columns",
                        helps=("name the parents: `age, sex -> pregnant`",),
                    )
                continue
            if known_column(self.findings, self.expressions, name, "the network", path, gaps=True):
                self._gap(name, path)
                if name in self.columns and self.columns[name].role == "id":
                    self.findings.report(
                        "N313",
                        f"the id `{name}` stands in an edge",
                        path,
                        "an id is made up fresh, and depends on nothing",
                        also=((("columns", name), "declared here"),),
                        helps=(f"leave `{name}` out of the edge",),
                    )

    def _gap(self, name: str, path: Path_) -> None:
        if name.endswith(GAP) and name.removesuffix(GAP) not in self.expressions.gaps:
            plain = name.removesuffix(GAP)
            self.findings.report(
                "N312",
                f"`{plain}` is never missing",
                path,
                f"`{name}` is always false",
                also=((("columns", plain), "declared without `missing:`"),),
                helps=(f"add `missing: modelled` to `{plain}`",),
            )

    def _contradictions(self) -> None:
        """Report edges that are both required, or read by a known table, and forbidden."""
        network = self.spec.network
        for arrow in (arrow for arrow in arrows(self.spec) if arrow.why == "known"):
            for against, edge in enumerate(network.forbid):
                fixed = network.known[arrow.target].strength is None
                into = (ANY, arrow.target) if fixed else (ANY, arrow.target, f"{arrow.target}{GAP}")
                if _covers(edge.parents, arrow.source) and edge.child in into:
                    self.findings.report(
                        "N302",
                        f"the edge `{arrow.source} -> {arrow.target}` is both stated and forbidden",
                        arrow.path,
                        "the known table depends on it",
                        also=((("network", "forbid", str(against)), "forbidden here"),),
                        notes=_gap_note(edge),
                        helps=("drop one of the two",),
                    )
        for at, wanted in enumerate(network.require):
            for parent in wanted.parents:
                for against, edge in enumerate(network.forbid):
                    if _covers(edge.parents, parent) and _covers((edge.child,), wanted.child):
                        self.findings.report(
                            "N302",
                            f"the edge `{parent} -> {wanted.child}` is both required and forbidden",
                            ("network", "require", str(at)),
                            "required here",
                            also=((("network", "forbid", str(against)), "forbidden here"),),
                            notes=_gap_note(edge),
                            helps=("drop one of the two lines",),
                        )

    def _without_effect(self) -> None:
        """Warn of `forbid` lines that forbid everything, or what a computed column has anyway."""
        made = [arrow for arrow in arrows(self.spec) if arrow.why in ("derive", "lookup")]
        for at, edge in enumerate(self.spec.network.forbid):
            path = ("network", "forbid", str(at))
            if edge.child == ANY and ANY in edge.parents:
                self.findings.report(
                    "N328",
                    "`any -> any` forbids every edge that is not declared",
                    path,
                    "no dependence is learned at all",
                    helps=("drop the line, or write `using: independent`", "or name the columns"),
                    level="warning",
                )
                continue
            hit = [
                arrow
                for arrow in made
                if (ANY in edge.parents or arrow.source in edge.parents) and edge.child in (ANY, arrow.target)
            ]
            if hit and (ANY not in edge.parents or edge.child != ANY):
                arrow = hit[0]
                self.findings.report(
                    "N329",
                    f"`{arrow.target}` depends on `{arrow.source}`, which is forbidden here",
                    path,
                    "speaks of learned edges only",
                    also=((arrow.path, because(arrow)),),
                    helps=(f"drop it, or compute `{arrow.target}` without `{arrow.source}`",),
                    level="warning",
                )

    def _parents(self) -> None:
        parents: dict[str, dict[str, Path_]] = {}
        for at, edge in enumerate(self.spec.network.require):
            for parent in edge.parents:
                parents.setdefault(edge.child, {}).setdefault(parent, ("network", "require", str(at)))
        most = self.spec.network.max_parents
        for child, above in parents.items():
            if len(above) > most:
                self.findings.report(
                    "N303",
                    f"`{child}` has {plural(len(above), 'required parent')}, more than `max_parents: {most}`",
                    list(above.values())[-1],
                    "one parent too many",
                    also=((("network", "max_parents"), "the limit"),) if self._written("max_parents") else (),
                    helps=(f"write `max_parents: {len(above)}`, or drop an edge",),
                )

    def _written(self, key: str) -> bool:
        return self.findings.parsed.tree.node(("network", key)) is not None

    def _known(self, name: str, known: Known) -> None:
        path = ("network", "known", name)
        before = len(self.findings.found)
        if not known_column(
            self.findings, self.expressions, name, "`network.known`", path, gaps=True, key=True
        ):
            return
        self._gap(name, path)
        plain = node_of(name)
        if plain in self.columns and self.columns[plain].role != "modelled":
            self.findings.report(
                "N306",
                f"`{name}` is not modelled, so it takes no distribution",
                path,
                "an id or a computed column",
                helps=(f"drop `known: {name}`",),
            )
        if not known.cite.strip():
            self.findings.report(
                "N307",
                f"the known table of `{name}` has no source",
                (*path, "cite"),
                "empty",
                helps=("cite where the figures come from",),
            )
        self._ends_with_else(name, known, path)
        found = [self._case(name, case, (*path, "cases", str(at))) for at, case in enumerate(known.cases)]
        if before == len(self.findings.found):
            self.cases[name] = tuple(found)

    def _ends_with_else(self, name: str, known: Known, path: Path_) -> None:
        early = [at for at, case in enumerate(known.cases[:-1]) if case.if_ is None]
        if early:
            place, label = (*path, "cases", str(early[0])), "cases below it are never reached"
        elif known.cases and known.cases[-1].if_ is not None:
            place, label = (*path, "cases", str(len(known.cases) - 1)), "the last case has a condition"
        else:
            return
        self.findings.report(
            "N308",
            f"the cases of `{name}` need one `else`, and it comes last",
            place,
            label,
            helps=("end the list with `- else: ...`",),
        )

    def _case(self, name: str, case: KnownCase, path: Path_) -> Expr | None:
        """Return the typed condition of a case, None for the else, after reporting what is wrong."""
        found = None
        if case.if_ is not None:
            found = self.expressions.parse(case.if_, (*path, "if"), f"a case of `known: {name}`", wants=BOOL)
        place = (*path, "else" if case.if_ is None else "is")
        if case.distribution is not None:
            self._distribution(name, case.distribution, place)
        elif case.values is not None:
            self._table(name, case.values, place)
        return found

    def _distribution(self, name: str, text: str, path: Path_) -> None:
        """Report N309 for a distribution that is incomplete, impossible or elsewhere than the domain."""
        from synthspec.compile.known import reaches

        match = _DISTRIBUTION.fullmatch(text)
        kind = match[1] if match else ""
        numbers = [number(part) for part in match[2].split(",")] if match else []
        column = self.columns.get(name)
        label = "its numbers are missing or are no numbers"
        helps = "write its numbers, like `normal(5.4, 0.4)` or `poisson(3)`"
        given = tuple(float(each) for each in numbers if each is not None)
        if column is not None and (column.type.name in ("text", "bool") or name.endswith(GAP)):
            label, helps = "a distribution of numbers", "write `{value: probability, ...}`"
        elif column is not None and column.type.name in ("date", "datetime"):
            label, helps = f"`{name}` is a {column.type.name}", "derive the date from a column of numbers"
        elif _ARGUMENTS.get(kind) == len(numbers) == len(given):
            if _POSITIVE[kind](given):
                if column is None or not isinstance(column.column, Ordered) or reaches(column.column, text):
                    return
                label, helps = "it gives nothing to the domain", "correct its numbers, or widen the domain"
            else:
                label, helps = _WANTED[kind], f"correct the numbers of `{kind}`"
        self.findings.report(
            "N309", f"the distribution of `{name}` cannot be used", path, label, helps=(helps,)
        )

    def _column(self, name: str) -> PlannedColumn | None:
        """Return a column; `x.missing` is a boolean."""
        if name not in self.columns and node_of(name) in self.columns:
            return PlannedColumn(name=name, role="modelled", type=BOOL, column=Boolean(name=name))
        return self.columns.get(name)

    def _table(self, name: str, values: dict[str, float], path: Path_) -> None:
        column = self._column(name)
        if column is None or column.column is None:
            return
        listed = column.column.listed() if isinstance(column.column, Listed) else ()
        for value in values:
            if column.discovery is None and not holds(column.column, value):
                helps, _ = self.findings.did_you_mean(
                    value, listed, self.findings.parsed.key_span((*path, value))
                )
                self.findings.report(
                    "N310",
                    f"the known table of `{name}` names a value outside its domain",
                    (*path, value),
                    f"`{value}` is not in the domain",
                    span=self.findings.parsed.key_span((*path, value)),
                    also=((("columns", name), "declared here"),),
                    helps=helps or ("correct the value, or add it to the domain",),
                )
        if any(part[: len(path)] == path for part in self.findings.parsed.broken):
            return
        total = sum(values.values())
        one_side = column.type == BOOL and len(values) == 1
        if not one_side and abs(total - 1) > _SUM_TOLERANCE:
            self.findings.report(
                "N311",
                f"the probabilities of `{name}` do not sum to 1",
                path,
                f"they sum to {total:g}",
                helps=(
                    (f"the rest is {1 - total:g}: give it to a value",)
                    if total < 1
                    else (f"that is {total - 1:g} too much: lower one of them",)
                ),
            )


def _covers(names: tuple[str, ...], name: str) -> bool:
    """Return whether an edge that names `names` is about `name`: a column's gap comes with its values."""
    return ANY in names or name in names or f"{name}{GAP}" in names


def _gap_note(edge: Edge) -> tuple[str, ...]:
    named = [name for name in (*edge.parents, edge.child) if name.endswith(GAP)]
    return tuple(f"a table with `{node_of(n)}` in it also tells `{n}`" for n in named)

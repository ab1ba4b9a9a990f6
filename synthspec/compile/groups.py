"""Groups: who generates which column, given what, in which order; every modelled column exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.diagnose.names import known_column
from synthspec.compile.equations import Equations, apply_solutions
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings, listing
from synthspec.errors import Span
from synthspec.generators import GENERATORS
from synthspec.generators.base import Generator
from synthspec.plan.late import late_columns
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule
from synthspec.spec.model import GroupSpec, Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

DEFAULT_GROUP = "all"
CONSUMERS = ("bounds", "domains", "rows_per_unit", "fit", "report")
"""Names of `privacy.split` that are no groups."""


@dataclass(frozen=True, eq=False)
class Groups:
    """Reads `generate:`; without it, one group over all modelled columns."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    columns: Mapping[str, PlannedColumn]
    rules: tuple[AnyRule, ...] = ()

    def resolve(self) -> tuple[CheckedGroup, ...]:
        """Return the groups in order of work."""
        modelled = tuple(name for name, column in self.columns.items() if column.role == "modelled")
        if not self.spec.generate:
            using = "marginal" if self.spec.source is not None else "rules"
            if not modelled:
                self.findings.report(
                    "G410",
                    "there is nothing to generate",
                    ("columns",),
                    "no modelled column",
                    span=self.findings.parsed.key_span(("columns",)),
                    helps=("add a column with a domain, like `age: int 0..120`",),
                )
                return ()
            generator = GENERATORS[using]()
            return (
                CheckedGroup(
                    name=DEFAULT_GROUP, using=using, columns=modelled, given=(), generator=generator
                ),
            )
        found = {name: self._group(name, group) for name, group in self.spec.generate.items()}
        solved = self._coverage(modelled)
        return _ordered(found, {**self.columns, **apply_solutions(self.columns, (), solved)[0]})

    def _group(self, name: str, group: GroupSpec) -> CheckedGroup:
        path = ("generate", name)
        if name in CONSUMERS:
            self.findings.report(
                "G421",
                f"`{name}` cannot name a group",
                path,
                "a step of the plan has this name",
                span=self.findings.parsed.key_span(path),
                notes=("`privacy.split` could not tell the two apart",),
                helps=("give the group another name",),
            )
        if not group.columns:
            self.findings.report(
                "G414",
                f"the group `{name}` has no columns",
                path,
                "nothing to generate",
                helps=("add `columns: [a, b]`",),
                unless=(*path, "columns"),
            )
        for at, column in enumerate(group.columns):
            self._generated(name, column, (*path, "columns", str(at)))
        generator = self._generator(name, group, path)
        given: dict[str, None] = {}
        for at, item in enumerate(group.given):
            given.update(dict.fromkeys(self._given(name, item, (*path, "given", str(at)))))
        if given and generator is not None and not generator.supports_given():
            self.findings.report(
                "G415",
                f"`{group.using}` cannot be conditioned on other columns",
                (*path, "given"),
                f"`{name}` uses `{group.using}`",
                helps=("use `marginal`, or drop `given:`",),
            )
        if self.spec.source is None and group.using != "rules" and generator is not None:
            self.findings.report(
                "G416",
                f"`{group.using}` learns from a source, and the spec has none",
                (*path, "using"),
                "needs private or public rows",
                helps=("write `using: rules`, or add `source:` and `privacy:`",),
            )
        return CheckedGroup(
            name=name, using=group.using, columns=group.columns, given=tuple(given), generator=generator
        )

    def _generated(self, group: str, name: str, path: Path_) -> None:
        if not known_column(self.findings, self.expressions, name, f"the group `{group}`", path):
            return
        role = self.columns[name].role if name in self.columns else "modelled"
        if role != "modelled":
            what = "an id, which is made up fresh" if role == "id" else "computed from other columns"
            self.findings.report(
                "G412",
                f"`{name}` is not generated by a group",
                path,
                what,
                also=((("columns", name), "declared here"),),
                helps=(f"drop it from `{group}`" + ("" if role == "id" else ", or name it under `given:`"),),
            )

    def _given(self, group: str, item: str, path: Path_) -> tuple[str, ...]:
        """Return the columns that one entry of `given` names; a group stands for its columns."""
        if item == group:
            return self._itself(group, item, path)
        if item in self.spec.generate:
            return tuple(name for name in self.spec.generate[item].columns if name in self.columns)
        if item not in self.expressions.types:
            if item not in self.expressions.unread:
                self._unknown_given(group, item, path)
            return ()
        column = self.columns.get(item)
        if column is not None and column.role == "id":
            self.findings.report(
                "G417",
                f"`{item}` says nothing that `{group}` could be conditioned on",
                path,
                "an id",
                helps=("name a group, a modelled column or a derived one",),
            )
            return ()
        if column is not None and column.role == "computed" and column.column is None:
            self.findings.report(
                "G418",
                f"the derived column `{item}` needs a domain to be conditioned on",
                path,
                "used as a parent here",
                also=((("columns", item), "has no `in:`"),),
                helps=(f"add `in:` to `{item}`, like `in: 0..120`",),
            )
            return ()
        if column is not None and column in late_columns(tuple(self.columns.values())):
            self._of_the_table(group, item, path)
            return ()
        if item in self.spec.generate[group].columns:
            return self._itself(group, item, path)
        return (item,)

    def _itself(self, group: str, item: str, path: Path_) -> tuple[str, ...]:
        """Report G419: a group is given what it generates itself."""
        self.findings.report(
            "G419",
            f"`{group}` is conditioned on what it generates itself",
            path,
            "the group itself" if item == group else f"`{item}` is one of its columns",
            helps=(f"drop `{item}` from `given:`; columns of one group are modelled jointly",),
        )
        return ()

    def _of_the_table(self, group: str, item: str, path: Path_) -> None:
        """Report G423: a group is given what is known once all rows are drawn."""
        self.findings.report(
            "G423",
            f"`{group}` is conditioned on `{item}`, which is computed over the rows of a unit",
            path,
            "known when all rows are drawn",
            also=((("columns", item), "over a window, or from a column that is"),),
            helps=("drop it from `given:`, or derive a column of the same row",),
        )

    def _unknown_given(self, group: str, item: str, path: Path_) -> None:
        known = (*self.spec.generate, *self.expressions.types)
        helps, fixes = self.findings.did_you_mean(item, known, self.findings.parsed.span(path))
        self.findings.report(
            "G413",
            f"unknown name in `given` of the group `{group}`",
            path,
            f"there is no group or column `{item}`",
            helps=helps or (f"the groups are {listing(tuple(self.spec.generate))}",),
            fixes=fixes,
        )

    def _generator(self, name: str, group: GroupSpec, path: Path_) -> Generator | None:
        """Return the generator with its options, or None (in error)."""
        known = tuple(GENERATORS)
        if group.using not in GENERATORS:
            spot = (*path, "using")
            helps, fixes = self.findings.did_you_mean(group.using, known, self.findings.parsed.span(spot))
            self.findings.report(
                "G401",
                f"unknown generator `{group.using}`",
                spot,
                "no such generator",
                helps=helps or (f"the generators are {listing(known)}",),
                fixes=fixes,
            )
            return None
        made: type[Generator] = GENERATORS[group.using]
        options = tuple(field for field in made.model_fields if field != "kind")
        unknown = [key for key in group.options if key not in options]
        for key in unknown:
            self._unknown_option(group.using, key, options, (*path, "with", key))
        if unknown:
            return None
        try:
            return made(**group.options)
        except ValidationError as error:
            for problem in error.errors(include_input=False, include_url=False):
                key = str(problem["loc"][0]) if problem["loc"] else ""
                self.findings.report(
                    "G403",
                    f"the option `{key}` of `{group.using}` has a value that does not fit",
                    (*path, "with", key),
                    problem["msg"][:1].lower() + problem["msg"][1:],
                    helps=(f"see `synthspec explain G403`; the options are {listing(options)}",),
                )
            return None

    def _unknown_option(self, using: str, key: str, options: tuple[str, ...], path: Path_) -> None:
        span = self.findings.parsed.key_span(path)
        helps, fixes = self.findings.did_you_mean(key, options, span)
        self.findings.report(
            "G402",
            f"`{using}` has no option `{key}`",
            path,
            "not an option",
            span=span,
            helps=helps or ((f"the options are {listing(options)}",) if options else ("drop `with:`",)),
            fixes=fixes,
        )

    def _coverage(self, modelled: tuple[str, ...]) -> dict[str, Expr]:
        """Report modelled columns in no group or in two; returns the values of those that rules give."""
        homes: dict[str, list[str]] = {}
        for name, group in self.spec.generate.items():
            for column in group.columns:
                homes.setdefault(column, []).append(name)
        lost = [name for name in modelled if name not in homes]
        equations = Equations(self.spec, self.columns, self.rules, frozenset(self.expressions.gaps))
        solved = equations.homeless(dict.fromkeys(homes, 0))
        self._homeless([name for name in lost if name not in solved])
        for column, groups in homes.items():
            if len(groups) > 1:
                first, second = groups[0], groups[1]
                at = self.spec.generate[second].columns.index(column)
                self.findings.report(
                    "G420",
                    f"two groups generate `{column}`",
                    ("generate", second, "columns", str(at)),
                    f"again in `{second}`",
                    also=((("generate", first, "columns"), f"already in `{first}`"),),
                    helps=(f"keep it in `{first}`, and write `given: [{first}]` in `{second}`",),
                )
        return solved

    def _homeless(self, names: list[str]) -> None:
        """Report G411 once for all columns in no group; a group that cannot be read may hold them."""
        if not names or not all(group.columns for group in self.spec.generate.values()):
            return
        places: list[tuple[Path_ | Span, str]] = [
            (self.findings.parsed.key_span(("columns", name)), "neither") for name in names[1:4]
        ]
        self.findings.report(
            "G411",
            f"no group generates {listing(names)}",
            ("columns", names[0]),
            "modelled, and in no group",
            span=self.findings.parsed.key_span(("columns", names[0])),
            also=places,
            helps=(
                f"add {_them(names)} to a group: {listing(tuple(self.spec.generate), 3)}",
                "or compute it with `derive:`",
            ),
        )


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _ordered(
    groups: Mapping[str, CheckedGroup], columns: Mapping[str, PlannedColumn]
) -> tuple[CheckedGroup, ...]:
    """Return groups after those whose columns they need; () when they need each other (N301 says so)."""
    home = {column: name for name, group in groups.items() for column in group.columns}
    needs = {
        name: {home[base] for item in group.given for base in bases(item, columns) if base in home} - {name}
        for name, group in groups.items()
    }
    order: list[CheckedGroup] = []
    while len(order) < len(groups):
        done = {group.name for group in order}
        ready = [name for name in groups if name not in done and needs[name] <= done]
        if not ready:
            return ()
        order.append(groups[ready[0]])
    return tuple(order)


def bases(name: str, columns: Mapping[str, PlannedColumn]) -> tuple[str, ...]:
    """Return the columns that are not computed and that `name` is computed from, itself if it is none."""
    column = columns.get(name)
    if column is None or column.value is None:
        return (name,)
    found: dict[str, None] = {}
    for part in columns_of(column.value):
        if part != name:
            found.update(dict.fromkeys(bases(part, columns)))
    return tuple(found)

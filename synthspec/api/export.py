"""export: the rules of a spec or a release as SQL, so that auditors can run them in their own engine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthspec.api.spec import Spec
from synthspec.errors import SpecError
from synthspec.terms.to_sql import DialectName, identifier, sql_type

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.plan.plan import PlannedColumn
    from synthspec.rules import AnyRule

Target = Literal["duckdb", "postgres", "spark", "dbt"]
REPORTED = "reported only: rows that break it are counted, none is a failure"


@dataclass(frozen=True)
class RuleQuery:
    """One rule as one SELECT, without a semicolon; its rows are those that break the rule."""

    name: str
    text: str
    because: str | None
    enforce: Literal["always", "report"]
    query: str
    file: str

    @property
    def comments(self) -> tuple[str, ...]:
        """What it says, why, and whether it is enforced: one line each."""
        said = [f"{self.name}: {self.text}"] if self.text != self.name else [self.name]
        said += [f"because {self.because}"] if self.because else []
        said += [REPORTED] if self.enforce == "report" else []
        return tuple(" ".join(line.split()) for line in said)

    def tree(self) -> dict[str, Any]:
        """Return it as JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class RuleQueries:
    """The rules of a spec for one engine."""

    to: Target
    rules: tuple[RuleQuery, ...]
    columns: str

    def text(self) -> str:
        """Return one script: every rule a statement; for dbt, every rule under the name of its file."""
        if not self.rules:
            return "-- no rules"
        if self.to == "dbt":
            return "\n\n".join(f"-- {each.file}\n{self.body(each)}" for each in self.rules)
        head = [f"-- the table: {self.columns}"]
        head += ["SET TIME ZONE 'UTC';"] if self.to == "spark" else []
        return "\n".join([*head, *(f"\n{self.body(each)};" for each in self.rules)])

    def body(self, rule: RuleQuery) -> str:
        """Return one rule's SELECT under its comments; for dbt the text of its singular test."""
        if self.to == "dbt":
            lines = [f"{{# {line.replace('#}', '# }')} #}}" for line in rule.comments]
            lines += ["{{ config(severity='warn') }}"] if rule.enforce == "report" else []
        else:
            lines = [f"-- {line}" for line in rule.comments]
        return "\n".join([*lines, rule.query])

    def write(self, folder: str | Path) -> tuple[Path, ...]:
        """Write one file a rule into `folder`, and return the files."""
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        ending = "" if self.to == "dbt" else ";"
        files = []
        for rule in self.rules:
            files.append(place / rule.file)
            files[-1].write_text(f"{self.body(rule)}{ending}\n", encoding="utf-8")
        return tuple(files)


def rule_queries(
    target: Spec | Release, to: Target, table: str, adapter: DialectName = "postgres"
) -> RuleQueries:
    """Return per rule the query whose rows break it; unknown does not break (SQL CHECK).

    Args:
        target: a spec without errors, or a release, which needs no public file any more.
        to: the engine; `dbt` gives singular tests, which fail, or warn, on any row.
        table: the name of the table, taken as a name and quoted; the model's name for dbt.
        adapter: the engine that dbt runs on; the others ignore it.

    Raises:
        SpecError: when `check` finds an error; S159, when two names are one in the engine.
    """
    columns, rules = _parts(target)
    dialect: DialectName = adapter if to == "dbt" else to
    if dialect != "postgres":
        _refuse_alike([column.name for column in columns], dialect)
    source = f"{{{{ ref({_jinja(table)}) }}}}" if to == "dbt" else identifier(table, dialect)
    files = _files([rule.name for rule in rules])
    found = []
    for rule, file in zip(rules, files, strict=True):
        query = rule.broken_query("\x00", dialect)
        query = (_unjinjaed(query) if to == "dbt" else query).replace("\x00", source)
        found.append(RuleQuery(rule.name, rule.text, rule.because, rule.enforce, query, file))
    return RuleQueries(to, tuple(found), _columns(columns, dialect))


def _parts(target: Spec | Release) -> tuple[Sequence[PlannedColumn], Sequence[AnyRule]]:
    """Return the columns and the rules about columns that are written out."""
    if isinstance(target, Spec):
        checked = target.checked()
        return checked.columns, checked.rules
    shown = [column for column in target.value.columns if not column.hidden]
    names = {column.name for column in shown}
    return shown, [rule for rule in target.value.plan.rules if set(rule.columns) <= names]


def _columns(columns: Sequence[PlannedColumn], dialect: DialectName) -> str:
    shown = [column for column in columns if not column.hidden]
    return ", ".join(
        f"{identifier(column.name, dialect)} {sql_type(column.type, dialect)}" for column in shown
    )


def _refuse_alike(names: Sequence[str], dialect: DialectName) -> None:
    """Refuse names that differ in case only: the engine would read one column for the other."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            engine = {"duckdb": "DuckDB", "spark": "Spark"}.get(dialect, dialect)
            raise SpecError(
                "S159",
                f"`{other}` and `{name}` are one name in {engine}",
                notes=(f"{engine} does not tell upper from lower case in names",),
                helps=(
                    f"name one of them otherwise, and say where it is read from: "
                    f"`{name}_2: {{..., from: {name}}}`",
                    "or `--to postgres`, which keeps them apart",
                ),
            )


def _files(rules: Sequence[str]) -> list[str]:
    """Return a file name a rule, each once whatever the system thinks of case.

    >>> _files(["in range", "in-range", "Ä"])
    ['in_range.sql', 'in_range_2.sql', 'rule.sql']
    """
    found: list[str] = []
    for name in rules:
        stem = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")[:80] or "rule"
        file, count = f"{stem}.sql", 2
        while file in found:
            file, count = f"{stem}_{count}.sql", count + 1
        found.append(file)
    return found


def _jinja(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _unjinjaed(text: str) -> str:
    """Return SQL in which dbt finds nothing to expand, whatever a constant holds."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)

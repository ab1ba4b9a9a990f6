"""Statement: a view as SELECTs: its rows with flags, the rows that the bound keeps, and their codes.

Everything depends on one unit's own rows only, as in the other engines. Which rows of a unit stay is decided
by SHA-256 of the row's content behind the secret key, a function of the row and the key; rows of equal hash
are equal in every field, so which of them stays cannot be told. The hash is not that of the other engines:
under one key they keep different rows of a unit that has too many, and the same rows of every other.

Source: ours; PRIVACY 1 (stable truncation) and 5; for the split see `engines.side`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from synthspec.engines.cells import Reader
from synthspec.engines.sql.dialects import Kind, SqlDialect
from synthspec.engines.sql.fields import can_push, read
from synthspec.engines.sql.layers import Layers
from synthspec.terms.expr import Arithmetic, Call, Cast, Expr
from synthspec.terms.expr import Column as Name
from synthspec.terms.to_sql import to_sql
from synthspec.terms.types import FLOAT
from synthspec.terms.view import Drop, Flag, Let, View
from synthspec.terms.walk import columns_of, has_window, rebuild, walk

UNIT, TIMES, VALUE = "unit", "times", "value"
"""Columns of the statements beside `code(i)`."""
KEY, SPLIT = "secret_key", "split_key"


def code(position: int) -> str:
    """Return the column of the attribute at `position` of the view's domain."""
    return f"code{position}"


def pushable(view: View, kinds: Mapping[str, Kind], dialect: SqlDialect) -> bool:
    """Return whether the database can run the whole view with the values that the reference gives."""
    if view.source.units is not None:
        return False
    steps = [step.value if isinstance(step, Let) else step.when for step in view.steps]
    codes = [each for coded in view.codes for each in (coded.code, coded.by) if each is not None]
    return all(can_push(each, kinds[each.origin]) for each in view.fields) and all(
        _same_everywhere(node, dialect) for expr in (*steps, *codes) for node in walk(expr)
    )


def _same_everywhere(node: Expr, dialect: SqlDialect) -> bool:
    """Return whether an expression has its value in this database whatever the row; in DuckDB all have."""
    if has_window(node):
        return False
    if dialect.name == "duckdb":
        return True
    if isinstance(node, Arithmetic):
        if dialect.name == "spark":  # IEEE arithmetic, and what is not finite is null
            return node.type != FLOAT or node.op != "%"
        return node.type != FLOAT  # overflow is an error there
    if isinstance(node, Cast):
        return node.arg.type != FLOAT or node.type == FLOAT  # too large is an error there
    return not (
        isinstance(node, Call)
        and (node.function in _ELSEWHERE or (node.function == "round" and node.args[0].type == FLOAT))
    )


_ELSEWHERE = ("power", "exp", "lower", "upper", "ln", "sqrt", "date_add", "trim")
"""Functions that differ in the last digit, in letters beyond ASCII, or where they have no value."""


@dataclass
class _State:
    """The names of the columns so far, and what was dropped and flagged."""

    names: dict[str, str]
    gone: list[str] = field(default_factory=list)
    hits: dict[str, list[tuple[str, tuple[str, ...]]]] = field(default_factory=dict)


class Statement:
    """The layers of one view over one table."""

    def __init__(self, view: View, table: str, kinds: Mapping[str, Kind], dialect: SqlDialect) -> None:
        """Build the layers.

        Args:
            view: the recipe; `pushable`.
            table: the table's name as SQL text.
            kinds: of the columns that the fields read, by their names in the table.
            dialect: of the database.
        """
        self._view = view
        self._dialect = dialect
        origins = list(dict.fromkeys(each.origin for each in view.fields))
        raw = {f"r{i}": dialect.terms.identifier(name) for i, name in enumerate(origins)}
        rows, secrets = dialect.with_secrets(table, (KEY, SPLIT))
        self._layers = Layers(rows, {**raw, **secrets}, dialect.fence)
        self._columns = {
            each.name: read(
                each, Reader.of(each, view.source), kinds[each.origin], f"r{origins.index(each.origin)}",
                self._layers, dialect,
            )
            for each in view.fields
        }  # fmt: skip
        self._unit = self._unit_text()
        self._hash: dict[str, str] = {}
        if view.side is not None:
            self._keep_side()
        self._state = self._stepped()
        self.flags = tuple(self._state.hits)
        self._alive = self._all_false(self._state.gone)
        self._flagged = [self._flag(label) for label in self.flags]

    # ---- the statements

    def flagged(self, alone: bool) -> str:
        """Return the SELECT of one line: units with each flag, then units kept, then units cut.

        With `alone` of the rows without a unit, each of which is one; else of the named units.
        """
        names, alive = list(self._flagged), self._alive
        ranks = [] if alone or not self._distinct else [self._ranking()]
        rows = self._layers.select([self._unit, alive, *names, *ranks])
        if alone:
            sums = [f"sum(CASE WHEN {name} THEN 1 ELSE 0 END)" for name in (*names, alive)]
            found = [f"CAST(coalesce({each}, 0) AS BIGINT) AS s{i}" for i, each in enumerate((*sums, "0"))]
            return f"SELECT {', '.join(found)} FROM ({rows}) AS q WHERE {self._unit} IS NULL"
        marks = [f"max(CASE WHEN {name} THEN 1 ELSE 0 END) AS m{i}" for i, name in enumerate(names)]
        what = f"DISTINCT {ranks[0]}" if ranks else "*"
        size = f"count({what}) FILTER (WHERE {alive}) AS n"
        named = f"WHERE {self._unit} IS NOT NULL GROUP BY {self._unit}"
        units = f"SELECT {', '.join((*marks, size))} FROM ({rows}) AS q {named}"
        sums = [f"sum(m{i})" for i in range(len(names))]
        for least in (0, self._view.bound.max_rows):
            sums.append(f"sum(CASE WHEN n > {least} THEN 1 ELSE 0 END)")
        found = [f"CAST(coalesce({each}, 0) AS BIGINT) AS s{i}" for i, each in enumerate(sums)]
        return f"SELECT {', '.join(found)} FROM ({units}) AS u"

    def coded(self) -> str:
        """Return the SELECT of the rows that are left: UNIT, TIMES where rows weigh, and the codes."""
        self._bounded()
        codes = [self._code(i) for i in range(len(self._view.codes))]
        bound, dialect = self._view.bound, self._dialect
        wanted = {UNIT: self._unit}
        if bound.weight is not None:
            wanted[TIMES] = self._layers.add(
                f"CAST(floor({bound.weight} / {self._size}) AS BIGINT)", self._size
            )
        if bound.once is not None:
            codes.append(self._layers.add(dialect.narrow(f"({self._size} - 1)", bound.max_rows), self._size))
        wanted |= {code(i): name for i, name in enumerate(codes)}
        return self._renamed(wanted)

    def values(self, column: str) -> str:
        """Return the SELECT of every text value of a column with its number of distinct units."""
        self._bounded()
        name = self._state.names[column]
        rows = self._layers.select([self._unit, name])
        alone = f"sum(CASE WHEN {self._unit} IS NULL THEN 1 ELSE 0 END)"
        units = f"CAST(count(DISTINCT {self._unit}) + {alone} AS BIGINT)"
        return (
            f"SELECT {name} AS {VALUE}, {units} AS {TIMES} FROM ({rows}) AS q "
            f"WHERE {name} IS NOT NULL GROUP BY {name}"
        )

    def _renamed(self, wanted: Mapping[str, str]) -> str:
        inner = self._layers.select(wanted.values())
        return f"SELECT {', '.join(f'{name} AS {to}' for to, name in wanted.items())} FROM ({inner}) AS q"

    # ---- reading, the split, the steps

    def _unit_text(self) -> str:
        name = self._view.bound.unit
        if name is None:
            return self._layers.add(f"CAST(NULL AS {self._dialect.terms.varchar})")
        at = next(each for each in self._view.fields if each.name == name)
        value, bad, text = (part := self._columns[name]).value, part.bad, part.text
        if at.type.name in ("text", "null"):
            return self._layers.add(self._dialect.lacking(f"{value} IS NOT NULL", text), value, text)
        shown = self._dialect.number(value, at.type.name)
        return self._layers.add(f"CASE WHEN {bad} THEN '?' || {text} ELSE {shown} END", value, bad, text)

    def _content(self, key: str, purpose: str) -> str:
        """Return the hash of a row's content behind a key: the unit's text, and each field's value."""
        if purpose not in self._hash:
            quote, layers = self._dialect, self._layers
            parts, reads = [self._cell(self._unit, None, "text")], [self._unit, key]
            for each in self._view.fields:
                column = self._columns[each.name]
                parts.append(self._cell(column.value, column.bad, each.type.name))
                reads += [column.value, column.bad]
            whole = " || ".join((f"'{purpose} '", key, *parts))
            self._hash[purpose] = layers.add(quote.hashed(f"({whole})"), *reads)
        return self._hash[purpose]

    def _cell(self, value: str, bad: str | None, type_name: str) -> str:
        """Return a value as a text that ends where it ends: different texts for different values."""
        text = self._dialect.number(value, type_name)
        if type_name in ("text", "null"):
            text = f"{self._dialect.length(value)} || ':' || {value}"
        null = "'n;'" if bad is None else f"(CASE WHEN {bad} THEN 'b;' ELSE 'n;' END)"
        return f"(CASE WHEN {value} IS NULL THEN {null} ELSE {text} || ';' END)"

    def _keep_side(self) -> None:
        """Keep the rows of the view's side of the split."""
        side, layers, dialect = self._view.side, self._layers, self._dialect
        assert side is not None
        content = self._content(SPLIT, "alone")
        alone = dialect.lacking(f"{self._unit} IS NULL", content)
        group = layers.add(alone, self._unit, content)
        copy = layers.add(f"row_number() OVER (PARTITION BY {group} ORDER BY {group})", group)
        number = f"CAST({copy} AS {dialect.terms.varchar})"
        unit = dialect.hashed(f"('unit ' || {SPLIT} || {self._unit})")
        row = dialect.hashed(f"('row ' || {SPLIT} || {content} || {number})")
        drawn = layers.add(
            f"CASE WHEN {self._unit} IS NULL THEN {row} ELSE {unit} END", self._unit, SPLIT, content, copy
        )
        limit = f"{min(round(side.share * 2**64), 2**64 - 1):016x}"
        held = f"{dialect.sorted(f'substr({drawn}, 1, 16)')} < '{limit}'"
        layers.keep(held if side.held else f"NOT ({held})", drawn)

    def _stepped(self) -> _State:
        names: dict[str, str] = {}
        for name, column in self._columns.items():
            names |= {name: column.value, f"{name}.bad": column.bad}
        state = _State(names)
        for step in self._view.steps:
            match step:
                case Let():
                    state.names[step.name] = self._expression(step.value, state.names)
                case Flag():
                    hit = self._true(step.when, state.names)
                    state.hits.setdefault(step.label, []).append((hit, tuple(state.gone)))
                case Drop():
                    state.gone.append(self._true(step.when, state.names))
                case _:
                    assert_never(step)
        return state

    def _expression(self, expr: Expr, names: Mapping[str, str]) -> str:
        if isinstance(expr, Name):
            return names[expr.name]

        def renamed(node: Expr) -> Expr:
            if isinstance(node, Name):
                return node.model_copy(update={"name": names[node.name]})
            return rebuild(node, renamed)

        reads = dict.fromkeys(names[name] for name in columns_of(expr))
        return self._layers.add(to_sql(renamed(expr), self._dialect.name), *reads)

    def _true(self, expr: Expr, names: Mapping[str, str]) -> str:
        found = self._expression(expr, names)
        return self._layers.add(f"coalesce({found}, FALSE)", found)

    def _all_false(self, names: Sequence[str]) -> str:
        return self._layers.add(f"NOT ({' OR '.join(names)})" if names else "TRUE", *names)

    def _flag(self, label: str) -> str:
        parts, reads = [], []
        for hit, gone in self._state.hits[label]:
            parts.append(f"({hit} AND NOT ({' OR '.join(gone)}))" if gone else hit)
            reads += [hit, *gone]
        return self._layers.add(" OR ".join(parts), *dict.fromkeys(reads))

    # ---- the bound

    @property
    def _distinct(self) -> bool:
        return self._view.source.duplicates == "drop" and self._view.bound.unit is not None

    def _ranking(self) -> str:
        return self._content(KEY, "rank")

    def _bounded(self) -> None:
        """Keep, of each unit, the rows that are alive and within the bound; give `_size` its name."""
        bound, layers, unit = self._view.bound, self._layers, self._unit
        stays = (
            self._alive
            if bound.unit_null == "own" or bound.unit is None
            else f"{self._alive} AND {unit} IS NOT NULL"
        )
        if bound.unit is None:
            layers.keep(stays, self._alive)
            self._size = layers.add("1")
            return
        rank = self._ranking()
        layers.keep(stays, self._alive, unit)
        order = self._dialect.sorted(rank)
        if self._distinct:
            copy = layers.add(f"row_number() OVER (PARTITION BY {unit}, {rank} ORDER BY {rank})", unit, rank)
            layers.keep(f"{copy} = 1 OR {unit} IS NULL", copy, unit)
        at = layers.add(f"row_number() OVER (PARTITION BY {unit} ORDER BY {order})", unit, rank)
        size = layers.add(f"count(*) OVER (PARTITION BY {unit})", unit)
        self._size = layers.add(
            f"CASE WHEN {unit} IS NULL THEN 1 ELSE least({size}, {bound.max_rows}) END", unit, size
        )
        layers.keep(f"{unit} IS NULL OR {at} <= {bound.max_rows}", unit, at)
        self._before = [self._lagged(i, rank) for i in range(len(self._view.codes))]
        if bound.once is not None:
            layers.keep(f"{unit} IS NULL OR {at} = 1", unit, at)

    def _lagged(self, position: int, rank: str) -> str | None:
        """Return the code of the row before, of a coded that has `by`."""
        coded = self._view.codes[position]
        if coded.by is None:
            return None
        layers, dialect = self._layers, self._dialect
        own, by = self._inside(coded.code, coded.size - 1), self._expression(coded.by, self._state.names)
        order = f"{dialect.terms.ordered(by, coded.by.type)} NULLS FIRST, {dialect.sorted(rank)}"
        before = layers.add(
            f"lag({own}) OVER (PARTITION BY {self._unit} ORDER BY {order})", own, by, rank, self._unit
        )
        last = coded.size - 1
        return layers.add(
            f"CASE WHEN {self._unit} IS NULL THEN {last} ELSE coalesce({before}, {last}) END",
            self._unit,
            before,
        )

    def _inside(self, expr: Expr, size: int) -> str:
        found = self._expression(expr, self._state.names)
        return self._layers.add(f"CASE WHEN {found} BETWEEN 0 AND {size - 1} THEN {found} ELSE 0 END", found)

    def _code(self, position: int) -> str:
        coded = self._view.codes[position]
        if self._view.bound.unit is None or self._before[position] is None:
            own = str(coded.size - 1) if coded.by is not None else None
            found = self._layers.add(own) if own is not None else self._inside(coded.code, coded.size)
        else:
            found = self._before[position] or ""
        return self._layers.add(self._dialect.narrow(found, coded.size), found)

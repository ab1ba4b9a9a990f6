"""The reference engine: a plain loop over records, slow and obvious; the law for every other engine.

CSV only; Parquet rows come from polars one by one, since there is no other reader at hand.

Source: ours; PRIVACY 1 and 5.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from math import prod
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from synthspec.engines import csvfile
from synthspec.engines.base import Held, Part
from synthspec.engines.cells import BLANKS, EPOCH_DAY, Physical, Reader
from synthspec.engines.content import KEY_BYTES, cell, row_hash
from synthspec.engines.files import files
from synthspec.engines.matrix import narrowest
from synthspec.engines.side import row_held, sides_of, unit_held
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Expr
from synthspec.terms.query import Axis, Scored
from synthspec.terms.view import Drop, Field, Flag, Let, Source, View

_Cell = tuple[Physical | None, bool]


@dataclass
class _Read:
    unit: str | None
    cells: Mapping[str, _Cell]


@dataclass
class _Row:
    values: dict[str, object]
    unit: str | None
    content: bytes
    flags: set[str]
    alive: bool = True


@dataclass
class _CodedRow:
    unit: int
    of: int
    codes: dict[str, int]


class StdlibEngine:
    """See `engines.base.Engine`."""

    def header(self, source: Source) -> tuple[tuple[str, ...], ...]:
        """See `Engine.header`."""
        return tuple(
            tuple(next(csvfile.records(path, source.encoding, source.delimiter), []))
            for path in files(source)
        )

    def unreadable(self, source: Source, fields: Sequence[Field]) -> tuple[str, ...]:
        """See `Engine.unreadable`: every type can be read from text."""
        return ()

    @contextmanager
    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> Iterator[StdlibRows]:
        """See `Engine.open`."""
        yield StdlibRows(view, noise.bytes(KEY_BYTES), split)


class StdlibRows:
    """See `engines.base.Rows`; everything is in lists, read when first asked for."""

    def __init__(self, view: View, key: bytes, split: bytes = b"") -> None:
        sides_of(view, split)
        self._view = view
        self._key = key
        self._split = split

    def __repr__(self) -> str:
        return "StdlibRows(...)"

    @cached_property
    def _read(self) -> list[_Row]:
        rows = _rows(self._view, self._key)
        return [_stepped(row, self._view) for row in _side(rows, self._view, self._split)]

    @cached_property
    def _units(self) -> list[list[_Row]]:
        return _units([row for row in self._read if row.alive], self._view)

    @cached_property
    def _people(self) -> list[list[_Row]]:
        """The rows that the bound leaves of each unit, the one with the smallest hash first."""
        return [_bounded(rows, self._view, self._key) for rows in self._units]

    @property
    def _kept(self) -> list[_Row]:
        return [row for rows in self._people for row in rows[self._staying]]

    @property
    def _staying(self) -> slice:
        return slice(None if self._view.bound.once is None else 1)

    @cached_property
    def _coded(self) -> list[_CodedRow]:
        found = []
        for number, rows in enumerate(self._people):
            coded = _with_codes(rows, self._view, self._key)
            found += [_CodedRow(number, len(rows), codes) for codes in coded[self._staying]]
        return found

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """See `Rows.count`."""
        answers = []
        for clique in cliques:
            table = np.zeros(prod(axis.size for axis in clique), dtype=np.int64)
            for row in self._coded:
                table[_place(0, clique, row.codes)] += self._times(row)
            answers.append(table)
        return answers

    def _times(self, row: _CodedRow) -> int:
        weight = self._view.bound.weight
        return 1 if weight is None else weight // row.of

    def scored(self, questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
        """See `Rows.scored`."""
        answers = []
        for question in questions:
            counts = np.zeros(question.cells, dtype=np.int64)
            for row in self._coded:
                tables = zip(question.attributes, question.tables, strict=True)
                points = sum(int(table[row.codes[attribute]]) for attribute, table in tables)
                bin_ = sum(int(cut) <= points for cut in question.cuts)
                counts[_place(bin_, question.axes, row.codes)] += self._times(row)
            answers.append(counts)
        return answers

    def affected(self, flags: Sequence[str]) -> NDArray[np.int64]:
        """See `Rows.affected`."""
        found: dict[str, int] = defaultdict(int)
        for rows in _units(self._read, self._view):
            for label in set().union(*(row.flags for row in rows)):
                found[label] += 1
        bound = self._view.bound
        found[bound.kept] = len(self._units)
        found[bound.over] = sum(len(_distinct(rows, self._view)) > bound.max_rows for rows in self._units)
        if bound.unit is None:
            found[bound.over] = 0
        return np.array([found[label] for label in flags], dtype=np.int64)

    def partitions(self, column: str) -> Mapping[str, int]:
        """See `Rows.partitions`."""
        found: dict[str, int] = defaultdict(int)
        for rows in _units(self._kept, self._view):
            for value in {row.values[column] for row in rows} - {None}:
                found[str(value)] += 1
        return dict(found)

    def held(self) -> Held:
        """See `Rows.held`."""
        domain = self._view.domain
        codes = {
            name: np.array([row.codes[name] for row in self._coded], dtype=narrowest(size))
            for name, size in zip(domain.attributes, domain.sizes, strict=True)
        }
        return Held(codes, np.array([row.unit for row in self._coded], dtype=np.int64))

    def parts(self) -> Iterator[Part]:
        """See `Rows.parts`; one part."""
        held = self.held()
        marks = np.zeros((len(held.units), 2), dtype=np.uint64)
        marks[:, 1] = held.units
        yield Part(held.codes, marks)


def _place(index: int, axes: Sequence[Axis], codes: Mapping[str, int]) -> int:
    for axis in axes:
        code = codes[axis.attribute]
        index = index * axis.size + (code if axis.levels is None else int(axis.levels[code]))
    return index


def _side(rows: Iterator[_Row], view: View, key: bytes) -> Iterator[_Row]:
    """Yield the rows of the view's side; see `engines.side`."""
    copies: dict[bytes, int] = defaultdict(int)
    for row in rows:
        if view.side is None:
            yield row
            continue
        if row.unit is not None and view.bound.unit is not None:
            held = unit_held(row.unit, view.side.share, key)
        else:
            held = row_held(row_hash(row.content, key), copies[row.content], view.side.share, key)
            copies[row.content] += 1
        if held == view.side.held:
            yield row


def _rows(view: View, key: bytes) -> Iterator[_Row]:
    here = view.fields_of_rows
    there = [field for field in view.fields if field.table == "units"]
    known = _unit_rows(view, there, key) if there else {}
    for read in _read_rows(view.source, here, view.bound.unit):
        joined = dict(read.cells)
        for field in there:
            unknown = {field.name: (None, False)}
            joined |= unknown if read.unit is None or read.unit not in known else known[read.unit].cells
        values: dict[str, object] = {}
        for field in view.fields:
            value, bad = joined[field.name]
            values |= {field.name: shown(value, field), f"{field.name}.bad": bad}
        yield _Row(values, read.unit, _content(read.unit, joined, view.fields), set())


def _unit_rows(view: View, fields: Sequence[Field], key: bytes) -> dict[str, _Read]:
    """Return one row of each unit in the table of units: of several the one with the smallest hash."""
    source = view.source.of_units
    if source is None:
        raise ValueError("the source has no table of units")
    found: dict[str, list[_Read]] = defaultdict(list)
    for read in _read_rows(source, view.fields_of_units, view.bound.unit):
        if read.unit is not None:
            found[read.unit].append(_Read(read.unit, {f.name: read.cells[f.name] for f in fields}))
    return {
        name: min(rows, key=lambda row: row_hash(_content(row.unit, row.cells, fields), key))
        for name, rows in found.items()
    }


def _content(unit: str | None, cells: Mapping[str, _Cell], fields: Sequence[Field]) -> bytes:
    return cell(unit, False) + b"".join(cell(*cells[field.name]) for field in fields)


def _read_rows(source: Source, fields: Sequence[Field], unit: str | None) -> Iterator[_Read]:
    readers = [Reader.of(field, source) for field in fields]
    for texts in _texts(source, fields):
        cells = {
            field.name: reader.read(text) for field, reader, text in zip(fields, readers, texts, strict=True)
        }
        mine = (
            _unit(text, *cells[field.name], field)
            for field, text in zip(fields, texts, strict=True)
            if field.name == unit
        )
        yield _Read(next(mine, None), cells)


def _texts(source: Source, fields: Sequence[Field]) -> Iterator[list[str | None]]:
    for path in files(source):
        if source.format == "parquet":
            import polars as pl

            frame = pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
            yield from (list(row) for row in frame.select(pl.col(f.origin) for f in fields).iter_rows())
            continue
        records = csvfile.records(path, source.encoding, source.delimiter)
        header = next(records, [])
        for record in records:
            at = (header.index(field.origin) for field in fields)
            yield [record[i] if i < len(record) else "" for i in at]


def _unit(text: str | None, value: Physical | None, bad: bool, field: Field) -> str | None:
    if value is None and not bad:
        return None
    stripped = (text or "").strip(BLANKS)
    if field.type.name in ("text", "null"):
        return stripped
    return f"?{stripped}" if bad else str(int(value) if isinstance(value, bool) else value)


def _stepped(row: _Row, view: View) -> _Row:
    for step in view.steps:
        match step:
            case Let():
                row.values[step.name] = evaluate(step.value, row.values)
            case Flag():
                if row.alive and evaluate(step.when, row.values) is True:
                    row.flags.add(step.label)
            case Drop():
                row.alive = row.alive and evaluate(step.when, row.values) is not True
            case _:
                assert_never(step)
    return row


def _units(rows: list[_Row], view: View) -> list[list[_Row]]:
    """Return the rows unit by unit; a row without a unit is one by itself, or is left out."""
    named: dict[str, list[_Row]] = defaultdict(list)
    alone: list[list[_Row]] = []
    for row in rows:
        if view.bound.unit is not None and row.unit is not None:
            named[row.unit].append(row)
        elif view.bound.unit is None or view.bound.unit_null == "own":
            alone.append([row])
    return [*named.values(), *alone]


def _distinct(rows: list[_Row], view: View) -> list[_Row]:
    if view.source.duplicates == "keep" or view.bound.unit is None:
        return rows
    return list({row.content: row for row in rows}.values())


def _bounded(rows: list[_Row], view: View, key: bytes) -> list[_Row]:
    ranked = sorted(_distinct(rows, view), key=lambda row: row_hash(row.content, key))
    return ranked[: view.bound.max_rows]


def _with_codes(rows: list[_Row], view: View, key: bytes) -> list[dict[str, int]]:
    """Return the codes of each of the rows of one unit."""
    found = []
    for row in rows:
        codes = {}
        for coded in view.codes:
            if coded.by is None:
                codes[coded.attribute] = _code(evaluate(coded.code, row.values), coded.size)
                continue
            earlier = _before(row, rows, coded.by, key)
            last = coded.size - 1
            codes[coded.attribute] = (
                last if earlier is None else _code(evaluate(coded.code, earlier.values), last)
            )
        if view.bound.once is not None:
            codes[view.bound.once] = len(rows) - 1
        found.append(codes)
    return found


def _before(row: _Row, rows: list[_Row], by: Expr, key: bytes) -> _Row | None:
    """Return the row before `row` among the rows of its unit, None for the first."""

    def place(each: _Row) -> tuple[bool, object, bytes]:
        value = evaluate(by, each.values)
        return value is not None, value, row_hash(each.content, key)

    ordered = sorted(rows, key=place)
    at = next(i for i, each in enumerate(ordered) if each is row)
    return ordered[at - 1] if at else None


def _code(value: object, size: int) -> int:
    return value if isinstance(value, int) and 0 <= value < size else 0


def shown(value: Physical | None, field: Field) -> object:
    """Return a physical value as `terms.evaluate` takes it."""
    if value is None or isinstance(value, bool | str):
        return value
    match field.type.name:
        case "decimal":
            return Decimal(int(value)).scaleb(-field.type.scale)
        case "date":
            return date.fromordinal(int(value) + EPOCH_DAY)
        case "datetime":
            return datetime(1970, 1, 1) + timedelta(seconds=int(value))
        case _:
            return value

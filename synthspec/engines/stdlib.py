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
from synthspec.terms.query import Axis, Scored
from synthspec.terms.view import Drop, Field, Flag, Let, Source, View


@dataclass
class _Row:
    values: dict[str, object]
    unit: str | None
    content: bytes
    flags: set[str]
    alive: bool = True


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
        return [_stepped(row, self._view) for row in _side(_rows(self._view), self._view, self._split)]

    @cached_property
    def _units(self) -> list[list[_Row]]:
        return _units([row for row in self._read if row.alive], self._view)

    @cached_property
    def _kept(self) -> list[_Row]:
        return [row for rows in self._units for row in _bounded(rows, self._view, self._key)]

    @property
    def _coded(self) -> list[dict[str, int]]:
        return [
            {c.attribute: _code(evaluate(c.code, row.values), c.size) for c in self._view.codes}
            for row in self._kept
        ]

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """See `Rows.count`."""
        coded = self._coded
        answers = []
        for clique in cliques:
            table = np.zeros(prod(axis.size for axis in clique), dtype=np.int64)
            for codes in coded:
                table[_place(0, clique, codes)] += 1
            answers.append(table)
        return answers

    def scored(self, questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
        """See `Rows.scored`."""
        coded = self._coded
        answers = []
        for question in questions:
            counts = np.zeros(question.cells, dtype=np.int64)
            for codes in coded:
                tables = zip(question.attributes, question.tables, strict=True)
                points = sum(int(table[codes[attribute]]) for attribute, table in tables)
                bin_ = sum(int(cut) <= points for cut in question.cuts)
                counts[_place(bin_, question.axes, codes)] += 1
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
        units = [_bounded(rows, self._view, self._key) for rows in self._units]
        kept = [(number, row) for number, rows in enumerate(units) for row in rows]
        codes = {
            coded.attribute: np.array(
                [_code(evaluate(coded.code, row.values), coded.size) for _, row in kept],
                dtype=narrowest(coded.size),
            )
            for coded in self._view.codes
        }
        return Held(codes, np.array([number for number, _ in kept], dtype=np.int64))

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


def _rows(view: View) -> Iterator[_Row]:
    readers = [Reader.of(field, view.source) for field in view.fields]
    for texts in _texts(view):
        values: dict[str, object] = {}
        unit: str | None = None
        content = b""
        for field, reader, text in zip(view.fields, readers, texts, strict=True):
            value, bad = reader.read(text)
            values[field.name] = shown(value, field)
            values[f"{field.name}.bad"] = bad
            content += cell(value, bad)
            if field.name == view.bound.unit:
                unit = _unit(text, value, bad, field)
        yield _Row(values, unit, cell(unit, False) + content, set())


def _texts(view: View) -> Iterator[list[str | None]]:
    source = view.source
    for path in files(source):
        if source.format == "parquet":
            import polars as pl

            frame = pl.read_parquet(path).with_columns(pl.all().cast(pl.String))
            yield from (list(row) for row in frame.select([f.origin for f in view.fields]).iter_rows())
            continue
        records = csvfile.records(path, source.encoding, source.delimiter)
        header = next(records, [])
        for record in records:
            at = (header.index(field.origin) for field in view.fields)
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

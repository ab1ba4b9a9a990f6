"""Rows of a view in a database: counted there by GROUP BY, fetched coded where that cannot be.

Many cliques are counted in one statement: attributes of cliques that overlap form blocks (`engines.blocks`),
each block is a grouping set, and what is asked of fewer attributes is summed from one that has them. Codes
are never null, so the columns that are null in a line of the answer say which set it is of.

Source: ours; PRIVACY 5, DECISIONS 14 and 27.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.base import Held, Part
from synthspec.engines.blocks import cover
from synthspec.engines.content import KEY_BYTES
from synthspec.engines.marks import marks
from synthspec.engines.matrix import WEIGHT, Chunk, count, narrowest, scored
from synthspec.engines.sql.dialects import Kind, SqlDialect
from synthspec.engines.sql.statement import TIMES, UNIT, VALUE, Statement, code
from synthspec.terms.query import Axis, Scored
from synthspec.terms.view import View

CELLS = 1 << 14
"""Of a joint table out of which several are summed, at most."""
SETS = 64
"""Grouping sets in one statement."""
HELD = 512 << 20
"""Codes are held in memory up to this many bytes, where the database cannot keep them."""

Secrets = tuple[str, str]


class Session(Protocol):
    """One consistent state of a database, read but never written."""

    @property
    def dialect(self) -> SqlDialect:
        """How it is spoken to."""

    def fetch(self, statement: str, secrets: Secrets | None) -> Iterator[pl.DataFrame]:
        """Yield the answer of a SELECT in pieces, the secrets bound as its first and second parameter."""

    def keep(self, name: str, statement: str, secrets: Secrets) -> bool:
        """Keep the answer of a SELECT under a name until the session ends, outside the source; or say no."""


class SqlRows:
    """See `engines.base.Rows`."""

    def __init__(
        self,
        view: View,
        session: Session,
        table: str,
        kinds: Mapping[str, Kind],
        key: bytes,
        split: bytes = b"",
        held: int = HELD,
    ) -> None:
        """Ask nothing yet.

        Args:
            view: the recipe, one that `statement.pushable` lets through.
            session: an open one.
            table: the source as SQL text, quoted.
            kinds: of the columns that the fields read.
            key: secret, of the bound.
            split: secret, of the split.
            held: bytes of codes that may be held here.

        Raises:
            ValueError: for a side without a secret key.
        """
        if view.side is not None and len(split) != KEY_BYTES:
            raise ValueError("a split needs its secret key")
        self._view = view
        self._session = session
        self._table = table
        self._kinds = kinds
        self._key = key
        self._secrets = (key.hex(), split.hex())
        self._held = held
        self._asked = 0
        self._kept: str | None = None
        self._chunks: list[tuple[int, Chunk]] | None = None
        domain = view.domain
        self._sizes = dict(zip(domain.attributes, domain.sizes, strict=True))
        self._places = {name: code(i) for i, name in enumerate(domain.attributes)}

    def __repr__(self) -> str:
        return "SqlRows(...)"

    def forget(self) -> None:
        """Let go of the rows and the key."""
        self._chunks, self._key, self._secrets = None, b"", ("", "")

    # ---- the contract

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """See `Rows.count`."""
        self._hold()
        if self._chunks is not None:
            return count(self._chunks, cliques)
        wanted = [frozenset(axis.attribute for axis in clique) for clique in cliques]
        answers: list[NDArray[np.int64] | None] = [None] * len(cliques)
        sets = _largest(self._blocks(wanted))
        for start in range(0, len(sets), SETS):
            here = sets[start : start + SETS]
            found = self._grouped(here)
            for each in here:
                mine = [at for at, names in enumerate(wanted) if answers[at] is None and names <= each]
                tables = count([found[each]], [cliques[at] for at in mine])
                for at, table in zip(mine, tables, strict=True):
                    answers[at] = table
        return [answer for answer in answers if answer is not None]

    def scored(self, questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
        """See `Rows.scored`."""
        self._hold()
        if self._chunks is not None:
            return scored(self._chunks, questions)
        answers = []
        for question in questions:
            names = {*question.attributes, *(axis.attribute for axis in question.axes)}
            chunks = (self._chunk(frame, names) for frame in self._fetch(self._grouping([names])))
            answers += scored(chunks, [question])
        return answers

    def affected(self, flags: Sequence[str]) -> NDArray[np.int64]:
        """See `Rows.affected`."""
        statement, bound = self._statement(), self._view.bound
        found = np.zeros(len(statement.flags) + 2, dtype=np.int64)
        kinds = [True] if bound.unit is None else [True, False] if bound.unit_null == "own" else [False]
        for alone in kinds:
            line = pl.concat(list(self._fetch(self._statement().flagged(alone))))
            found += np.array([int(line[f"s{i}"][0]) for i in range(len(found))], dtype=np.int64)
        labels = (*statement.flags, bound.kept, bound.over)
        known = dict(zip(labels, found.tolist(), strict=True))
        return np.array([known[label] for label in flags], dtype=np.int64)

    def partitions(self, column: str) -> Mapping[str, int]:
        """See `Rows.partitions`."""
        return {
            str(value): int(times)
            for frame in self._fetch(self._statement().values(column))
            for value, times in frame.select(VALUE, TIMES).iter_rows()
        }

    def held(self) -> Held:
        """See `Rows.held`; as much memory as the codes and two words per row."""
        parts = list(self.parts())
        codes = {
            name: np.concatenate([np.zeros(0, dtype=narrowest(size)), *(part.codes[name] for part in parts)])
            for name, size in self._sizes.items()
        }
        return Held(codes, _numbered([part.marks for part in parts]))

    def parts(self) -> Iterator[Part]:
        """See `Rows.parts`; a piece of the answer at a time."""
        alone = 0
        for frame in self._fetch(f"SELECT * FROM {self._source()}"):
            _, chunk = self._chunk(frame, self._sizes)
            units = frame[UNIT].cast(pl.String)
            codes = {name: chunk[name] for name in self._sizes}
            yield Part(codes, marks(units, self._key, alone))
            alone += units.null_count()

    # ---- inside

    def _statement(self) -> Statement:
        return Statement(self._view, self._table, self._kinds, self._session.dialect)

    def _source(self) -> str:
        """Return what stands for the coded rows after FROM: the kept ones, or the whole recipe."""
        if self._kept is None:
            text = self._statement().coded()
            if not self._session.keep("kept", text, self._secrets):
                return f"({text}) AS kept"
            self._kept = "kept"
        return self._kept

    def _fetch(self, statement: str) -> Iterator[pl.DataFrame]:
        return self._session.fetch(statement, self._secrets if "secret_key" in statement else None)

    def _blocks(self, wanted: Sequence[frozenset[str]]) -> list[frozenset[str]]:
        """Return sets of attributes, fewer than were asked for, one of which holds each that was."""
        names = list(self._sizes)
        cliques = [tuple(sorted(names.index(name) for name in each)) for each in wanted]
        blocks = cover(cliques, list(self._sizes.values()), CELLS)
        return [frozenset(names[at] for at in block) for block in blocks]

    def _grouping(self, sets: Sequence[Iterable[str]]) -> str:
        """Return the statement that counts rows by each of the sets of attributes."""
        places = [sorted(self._places[name] for name in names) for names in sets]
        columns = sorted({place for each in places for place in each})
        sums = "count(*)" if self._view.bound.weight is None else f"CAST(coalesce(sum({TIMES}), 0) AS BIGINT)"
        how = self._session.dialect.grouped(places)
        return f"SELECT {', '.join((*columns, f'{sums} AS n'))} FROM {self._source()} {how}"

    def _grouped(self, sets: Sequence[frozenset[str]]) -> dict[frozenset[str], tuple[int, Chunk]]:
        """Return, per set, the lines of its table that have rows, with their numbers."""
        frames = list(self._fetch(self._grouping(sets)))
        names = sorted({name for each in sets for name in each})
        whole = pl.concat(frames) if frames else pl.DataFrame({"n": []}, schema={"n": pl.Int64})
        there = np.ones((whole.height, len(names)), dtype=np.bool_)
        for i, name in enumerate(names):
            there[:, i] = whole[self._places[name]].is_not_null().to_numpy() if whole.height else True
        found = {}
        for each in sets:
            mine = (there == np.array([name in each for name in names], dtype=np.bool_)).all(axis=1)
            lines = whole.filter(pl.Series(mine, dtype=pl.Boolean))
            found[each] = self._chunk(lines, each)
        return found

    def _chunk(self, frame: pl.DataFrame, names: Iterable[str]) -> tuple[int, Chunk]:
        """Return lines as codes; each counts as often as its `n`, or its weight, says."""
        chunk: dict[str, NDArray[np.unsignedinteger]] = {
            name: frame[self._places[name]].to_numpy().astype(narrowest(self._sizes[name]))
            if frame.height
            else np.zeros(0, dtype=narrowest(self._sizes[name]))
            for name in names
        }
        times = "n" if "n" in frame.columns else TIMES if TIMES in frame.columns else None
        if times is not None:
            chunk[WEIGHT] = frame[times].cast(pl.Int64).to_numpy().astype(np.uint64)
        return frame.height, chunk

    def _hold(self) -> None:
        """From the second question on, hold the codes here, if they fit and the database keeps none."""
        self._asked += 1
        if self._asked != 2 or self._kept is not None or self._held <= 0:
            return
        held: list[tuple[int, Chunk]] = []
        size = 0
        source = self._source()
        if self._kept is not None:
            return
        for frame in self._fetch(f"SELECT * FROM {source}"):
            rows, chunk = self._chunk(frame, self._sizes)
            size += sum(codes.nbytes for codes in chunk.values())
            if size > self._held:
                return
            held.append((rows, chunk))
        self._chunks = held


def _largest(wanted: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Return the sets that no other contains, each once."""
    found: list[frozenset[str]] = []
    for each in sorted(set(wanted), key=len, reverse=True):
        if not any(each <= other for other in found):
            found.append(each)
    return found


def _numbered(words: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return a number per row, equal where its two words are; 0..n-1, each of them taken."""
    together = np.concatenate([np.zeros((0, 2), dtype=np.uint64), *words])
    frame = pl.DataFrame({"first": together[:, 0], "second": together[:, 1]})
    kinds = frame.unique().sort("first", "second").with_row_index("number")
    numbers = frame.join(kinds, on=("first", "second"), how="left", maintain_order="left")["number"]
    return numbers.to_numpy().astype(np.int64)

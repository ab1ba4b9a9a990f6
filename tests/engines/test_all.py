"""The law of all engines: all say the same where no unit has too many rows, and what is kept is lawful.

Rows are drawn with everything that goes wrong in a table: nulls, unknown values, ties, labels, texts that are
no numbers. What a text is on its own is settled by the plain loop over a CSV (`engines.stdlib`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthspec.engines.base import Engine, Rows
from synthspec.terms.expr import Column
from synthspec.terms.query import Axis
from synthspec.terms.types import INT, TEXT
from synthspec.terms.view import Coded, Field, Side, Source, View
from tests.engines.backends import BACKENDS, MARKS, REFERENCE, Load
from tests.engines.tables import CELLS, CLIQUES, FLAGS, LAGGED, LAGGED_CLIQUES, NAMES, SCORED, view
from tests.engines.test_engines_agree import dealt, units_of

TEXTS = {name: (*(cell.strip('"') for cell in cells), None) for name, cells in CELLS.items()}
COLUMNS = [name.upper() for name in NAMES]
UNITS = (None, "who", "age", "sex")
MORE_UNITS = ("lab", "day", "paid", "when", "ok")
PLENTY = 60
"""More rows than any unit has."""


TELLING: tuple[list[str | None], ...] = (
    ["dropped", "200", "F", "1", "1", "2020-02-29", "2020-01-01", "true"],
    ["kept", "200", None, "1", "1", "2020-02-29", "2020-01-01", "true"],
    ["A1", "7", "A1", "1", "1", "2020-02-29", "2020-01-01", "true"],
)
"""Rows that chance brings too rarely: dropped before the third flag, kept though old, a label."""


class Key:
    """One secret key, the same every time."""

    def __init__(self, number: int) -> None:
        self._byte = bytes([number])

    def bytes(self, count: int) -> bytes:
        """Return it."""
        return self._byte * count


@pytest.fixture(scope="module", params=[pytest.param(name, marks=MARKS.get(name, ())) for name in BACKENDS])
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Load]]:
    with BACKENDS[request.param](tmp_path_factory.mktemp("table")) as made:
        yield made


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Load]]:
    with REFERENCE(tmp_path_factory.mktemp("reference")) as made:
        yield made


def table(seed: int, rows: int = 40) -> list[list[str | None]]:
    """Return rows of random cells."""
    rng = np.random.default_rng(seed)
    cells = [[TEXTS[name][int(rng.integers(len(TEXTS[name])))] for name in NAMES] for _ in range(rows)]
    return cells if rows < 20 else [*cells, *TELLING]


def of(asked: View, source: Source) -> View:
    """Return the view of another source, read as its own is."""
    place = {"path": source.path, "format": source.format}
    return asked.model_copy(update={"source": asked.source.model_copy(update=place)})


def everything(rows: Rows, asked: View) -> dict[str, Any]:
    """Return all that rows can be asked."""
    cliques = (*CLIQUES, *LAGGED_CLIQUES) if len(asked.codes) > len(CLIQUES) + 1 else CLIQUES
    counts = [count.tolist() for count in rows.count(cliques)]
    held = rows.held()
    assert units_of(dealt(list(rows.parts()), held)) == units_of(held), "by marks as by numbers"
    assert [count.tolist() for count in rows.count(cliques)] == counts, "the same when it is asked again"
    return {
        "counts": counts,
        "scores": [count.tolist() for count in rows.scored(SCORED)],
        "affected": rows.affected(FLAGS).tolist(),
        "partitions": dict(rows.partitions("sex")),
        "held": units_of(held),
        "types": {name: str(codes.dtype) for name, codes in held.codes.items()},
    }


def asked_of(made: tuple[Engine, Load], asked: View, rows: Sequence[Sequence[str | None]]) -> dict[str, Any]:
    """Return everything that an engine says of a view over these rows."""
    engine, load = made
    with engine.open(of(asked, load(COLUMNS, rows)), Key(1)) as opened:
        return everything(opened, asked)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 12))])
def test_every_engine_says_what_the_plain_loop_says(
    backend: tuple[Engine, Load], reference: tuple[Engine, Load], seed: int
) -> None:
    rows = table(seed, rows=(40, 1, 0)[seed % 3])
    mine, theirs = backend[1](COLUMNS, rows), reference[1](COLUMNS, rows)
    for at, unit in enumerate((*UNITS, *MORE_UNITS) if seed else UNITS):
        more = {
            "duplicates": ("keep", "drop")[at % 2],
            "unit_null": ("own", "drop")[(at + seed) % 2],
            "decimal": (".", ",")[(at // 2 + seed) % 2],
            "weight": None if unit is None or at % 3 else 2 * PLENTY,
        }
        asked = view(Path("t"), unit, PLENTY if unit else 1, **more)
        found = []
        for (engine, _), source in ((backend, mine), (reference, theirs)):
            with engine.open(of(asked, source), Key(1)) as opened:
                found.append(everything(opened, asked))
        assert found[0] == found[1], (unit, more)


def test_a_unit_without_a_tie_has_the_same_row_before_each_in_every_engine(
    backend: tuple[Engine, Load], reference: tuple[Engine, Load]
) -> None:
    """No two rows of a unit are equal in anything that orders them, and a null stands once."""
    rows: list[list[str | None]] = []
    for who, size in (("p1", 4), ("p2", 1), ("p3", 3), (None, 2)):
        for at in range(size):
            day = None if at == 0 else f"2020-02-{29 - at}"
            rows.append(
                [who, f"{10 * at}", "FMX?"[at], f"{at}.5", f"0.{at}", day, "2020-01-01 10:00:00", "true"]
            )
    asked = view(Path("t"), "who", 4, lagged=True)
    assert asked.codes[-len(LAGGED) :] == LAGGED
    found = asked_of(backend, asked, rows)
    assert found == asked_of(reference, asked, rows)
    assert sum(found["counts"][len(CLIQUES)][-4:]) == 5, "three first rows of units and two without one"


# ---- where units are cut: which rows stay

MANY = 12


def crowd(units: int, rows: int = MANY) -> list[list[str | None]]:
    """Return units of `rows` rows, told apart by `age` 0..rows-1."""
    return [
        [f"u{unit}", str(at), "F", "1", "1", "2020-02-29", "2020-01-01", "true"]
        for unit in range(units)
        for at in range(rows)
    ]


def cut_view(max_rows: int, **more: Any) -> View:
    """Return a view that keeps `max_rows` rows of each unit and codes their number among them."""
    asked = view(Path("t"), "who", max_rows, **more)
    coded = (Coded(attribute="at", size=MANY, code=Column(name="age", type=INT)),)
    return asked.model_copy(update={"codes": coded, "steps": ()})


def kept(
    made: tuple[Engine, Load], rows: Sequence[Sequence[str | None]], asked: View, key: int
) -> list[list[int]]:
    """Return, per unit in the order of their names, which rows stay."""
    engine, load = made
    named = Coded(attribute="who", size=4096, code=_number_of_unit())
    wider = asked.model_copy(update={"codes": (*asked.codes, named)})
    with engine.open(of(wider, load(COLUMNS, rows)), Key(key)) as opened:
        held = opened.held()
    found: dict[int, list[int]] = {}
    for who, at in zip(held.codes["who"].tolist(), held.codes["at"].tolist(), strict=True):
        found.setdefault(who, []).append(at)
    return [sorted(found[who]) for who in sorted(found)]


def _number_of_unit() -> Any:
    from synthspec.terms.expr import Index

    return Index(arg=Column(name="who", type=TEXT), values=tuple(f"u{i}" for i in range(4096)))


def test_a_unit_keeps_the_rows_it_keeps_whoever_else_is_there(backend: tuple[Engine, Load]) -> None:
    """Stability: what stays of a unit is a function of its own rows and the key, and not of their order."""
    rows, asked = crowd(12), cut_view(3)
    whole = kept(backend, rows, asked, 1)
    assert [len(each) for each in whole] == [3] * 12
    assert len({tuple(each) for each in whole}) > 1
    few = [row for row in rows if row[0] in ("u3", "u7")][::-1]
    assert kept(backend, few, asked, 1) == [whole[3], whole[7]]
    assert kept(backend, rows[::-1], asked, 1) == whole
    assert kept(backend, rows, asked, 2) != whole


def test_the_rows_that_stay_are_the_same_for_every_question(backend: tuple[Engine, Load]) -> None:
    engine, load = backend
    asked = cut_view(3)
    with engine.open(of(asked, load(COLUMNS, crowd(12))), Key(1)) as opened:
        first = opened.count([(Axis("at", MANY),)])[0]
        codes = opened.held().codes["at"]
        assert np.bincount(codes, minlength=MANY).tolist() == first.tolist()
        assert opened.count([(Axis("at", MANY),)])[0].tolist() == first.tolist()
        assert opened.affected(["rows kept", "cut to max_rows"]).tolist() == [12, 12]


def test_every_row_is_as_likely_to_stay_and_the_keys_are_independent(backend: tuple[Engine, Load]) -> None:
    """Uniformity of which rows stay, one and three of twelve, and independence of two keys.

    Keys are fixed, so a verdict is always the same; over the choice of keys a false alarm has a chance below
    1e-9 per figure (chi-square by Chernoff). 400 units: a row that stays twice as often as it should is seen.
    """
    rows = crowd(400)
    engine, load = backend
    source = load(COLUMNS, rows)

    def stays(max_rows: int, key: int, **more: Any) -> np.ndarray:
        asked = of(cut_view(max_rows, **more), source)
        named = Coded(attribute="who", size=4096, code=_number_of_unit())
        with engine.open(asked.model_copy(update={"codes": (*asked.codes, named)}), Key(key)) as opened:
            held = opened.held()
        found = np.zeros((400, MANY), dtype=np.int64)
        found[held.codes["who"], held.codes["at"]] += 1
        return found

    one, other, three = stays(1, 3), stays(1, 4), stays(3, 3)
    single = stays(3, 3, once="how many")
    assert (one.sum(axis=1) == 1).all() and (three.sum(axis=1) == 3).all() and (single <= three).all()
    assert (single == one).all(), "the row that stays of those that stay is the first of them"
    weighed, counted = cut_view(3, weight=7), cut_view(3, once="how many")
    with engine.open(of(weighed, source), Key(3)) as opened:
        assert opened.count([(Axis("at", MANY),)])[0].tolist() == (2 * three.sum(axis=0)).tolist()
        assert opened.count([()])[0].tolist() == [400 * 3 * (7 // 3)]
    with engine.open(of(counted, source), Key(3)) as opened:
        assert opened.count([(Axis("how many", 3),)])[0].tolist() == [0, 0, 400], "three are left of each"
    for found, times in ((one, 1), (other, 1), (three, 3)):
        expected = 400 * times / MANY
        assert ((found.sum(axis=0) - expected) ** 2 / expected).sum() < 75
    both = int((one * other).sum())
    assert 5 <= both <= 80, "two keys meet as often as chance has it: 33 times of 400"


def test_equal_rows_count_once_where_duplicates_are_dropped(
    backend: tuple[Engine, Load], reference: tuple[Engine, Load]
) -> None:
    rows = [*crowd(5, 2), *crowd(5, 2), *crowd(5, 1)]
    unlike = [["u0", text, "F", "1", "1", None, "2020-01-01", "true"] for text in (None, "x", "", "y")]
    for duplicates in ("drop", "keep"):  # null, and what is no number: two contents, of two rows each
        asked = view(Path("t"), "who", 4, duplicates=duplicates)
        assert asked_of(backend, asked, unlike) == asked_of(reference, asked, unlike)
    for duplicates, max_rows in (("drop", 2), ("keep", 5), ("drop", 3)):
        asked = view(Path("t"), "who", max_rows, duplicates=duplicates)
        assert asked_of(backend, asked, rows) == asked_of(reference, asked, rows)
    cut = cut_view(1, duplicates="drop")
    engine, load = backend
    with engine.open(of(cut, load(COLUMNS, rows)), Key(1)) as opened:
        assert opened.affected(["rows kept", "cut to max_rows"]).tolist() == [5, 5]
        assert opened.count([()])[0].tolist() == [5]


def test_the_two_sides_of_a_split_part_the_units(backend: tuple[Engine, Load]) -> None:
    """A unit is on one side, the same in any table; copies of a row without a unit fall on both."""
    engine, load = backend
    alone = [[None, "5", "M", "1", "1", "2020-02-29", "2020-01-01", "true"]] * 300
    rows = [*crowd(300, 1), *alone]
    parts = []
    for held in (True, False):
        asked = cut_view(2, side=Side(share=0.5, held=held))
        named = Coded(attribute="who", size=4096, code=_number_of_unit())
        wider = asked.model_copy(update={"codes": (*asked.codes, named)})
        with engine.open(of(wider, load(COLUMNS, rows)), Key(1), b"s" * 32) as opened:
            parts.append(opened.held().codes)
        with engine.open(of(wider, load(COLUMNS, rows[:100])), Key(9), b"s" * 32) as opened:
            few = opened.held().codes
        assert set(few["who"][few["at"] == 0].tolist()) <= set(parts[-1]["who"].tolist())
    sizes = [int((codes["at"] == 5).sum()) for codes in parts]
    assert sum(sizes) == 300 and min(sizes) > 90, "copies fall on both sides"
    units = [set(codes["who"][codes["at"] == 0].tolist()) for codes in parts]
    assert not units[0] & units[1] and len(units[0] | units[1]) == 300 and min(map(len, units)) > 90
    with (
        pytest.raises(ValueError, match="secret key"),
        engine.open(of(wider, load(COLUMNS, rows)), Key(1)) as _,
    ):
        raise AssertionError("a split without a key")


def test_a_format_of_dates_is_read_as_python_reads_it(
    backend: tuple[Engine, Load], reference: tuple[Engine, Load]
) -> None:
    rows = table(7, 20)
    for at, row in enumerate(rows):
        row[5] = ("1/2/2020", "31.12.1999", "12/31/1999", None, "01/02/20", "30/02/2020")[at % 6]
    asked = view(Path("t"), "who", PLENTY)
    fields = tuple(
        Field.model_validate({**each.model_dump(), "format": "%d/%m/%Y"}) if each.name == "day" else each
        for each in asked.fields
    )
    asked = asked.model_copy(update={"fields": fields})
    assert asked_of(backend, asked, rows) == asked_of(reference, asked, rows)

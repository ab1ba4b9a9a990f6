"""`tables:` says where columns lie; what is learned, and at which price, is that of `per: unit`."""

from __future__ import annotations

import pytest

from synthspec.plan.explain import explain
from synthspec.release.public import public_plan
from tests.compile.specs import codes, diagnose, plan

FLAT = """\
spec: 1
source: {path: visits.csv, rows: 60000, units: 20000}
privacy: {unit: person, max_rows: 5, epsilon: 2}
columns:
  person: id
  visit: id
  sex: {type: category, in: [F, M], per: unit}
  born: {type: int, in: 1930..2005, per: unit}
  young: {derive: born > 1980}
  year: int 2015..2024
  paid: {type: int, in: 0..1000, missing: modelled}
generate:
  who: {columns: [sex, born]}
  visits: {columns: [year, paid], given: [who]}
"""

TABLES = "tables:\n  people: {path: people.csv, key: id, columns: [sex, born]}\n  visits: {columns: rest}\n"
TWO = FLAT.replace(", per: unit", "") + TABLES


def test_two_tables_are_the_plan_of_one_with_columns_per_unit() -> None:
    flat, two = plan(FLAT), plan(TWO)
    assert two.ops == flat.ops and two.groups == flat.groups and two.split == flat.split
    assert [(c.name, c.per, c.column) for c in two.columns] == [
        (c.name, c.per, c.column) for c in flat.columns
    ]
    tables = {c.name: c.field.table for c in two.columns if c.field is not None}
    assert tables == {"person": "rows", "sex": "units", "born": "units", "year": "rows", "paid": "rows"}


def test_each_column_is_written_to_one_table_and_the_key_to_both() -> None:
    people, visits = plan(TWO).tables
    assert (people.file, people.columns, people.parent) == (
        "table-people.parquet",
        ("person", "sex", "born", "young"),
        None,
    )
    assert (visits.columns, visits.key, visits.parent) == (
        ("person", "visit", "year", "paid"),
        "person",
        "people",
    )
    assert plan(FLAT).tables == ()


def test_the_table_of_units_is_public_by_its_last_name_only() -> None:
    found = plan(TWO.replace("people.csv", "/home/somebody/people.csv"))
    assert found.source is not None and found.source.units is not None
    assert found.source.units.key == "id" and "units      /home/somebody/people.csv" in explain(found)
    assert "somebody" not in public_plan(found).canonical().decode()


def test_the_key_is_the_unit_where_no_other_is_said() -> None:
    found = plan(TWO.replace("key: id, ", "").replace("people.csv", "people.parquet"))
    assert found.source is not None and found.source.units is not None
    assert (found.source.units.key, found.source.units.format) == ("person", "parquet")


@pytest.mark.parametrize(
    ("tables", "code", "label"),
    [
        ("tables: {people: {columns: [sex]}, visits: {columns: rest}}", "G441", "none has a `path`"),
        ("tables: {people: {path: a.csv, columns: [sex, born]}}", "G441", "no table for the rows"),
        (
            "tables: {a: {path: a.csv, columns: [sex]}, b: {path: b.csv, columns: [born]}}",
            "G441",
            "several have",
        ),
        ("tables: {a: {path: a.csv, columns: [sex, born]}, b: {}, c: {}}", "G441", "several tables of rows"),
        ("tables: {a: {path: a.csv, columns: rest}, b: {}}", "G441", "names no columns"),
        ("tables: {a: {path: a.xlsx, columns: [sex, born]}, b: {}}", "G441", "neither .csv"),
        ("tables: {a: {path: a.csv, columns: [sex, born]}, b: {key: x}}", "G441", "as `source` says"),
        ("tables: {a: {path: a.csv, columns: [sex, born, visit]}, b: {}}", "G442", "an id"),
        ("tables: {a: {path: a.csv, columns: [sex, born, young]}, b: {}}", "G442", "computed"),
        ("tables: {a: {path: a.csv, columns: [sex, born]}, b: {columns: [year]}}", "G442", "lacks `visit`"),
        ("tables: {a: {path: a.csv, columns: [sex, bron]}, b: {}}", "C101", "no column"),
    ],
)
def test_other_tables_are_refused_where_they_are_written(tables: str, code: str, label: str) -> None:
    text = FLAT.replace(", per: unit", "") + tables + "\n"
    found = [each for each in diagnose(text) if each.code == code]
    assert len(found) == 1 and set(codes(text)) == {code}
    assert any(label in span.label for span in found[0].spans), [span.label for span in found[0].spans]


def test_what_is_per_unit_lies_with_the_units() -> None:
    text = TWO.replace("year: int 2015..2024", "year: {type: int, in: 2015..2024, per: unit}")
    assert "G442" in codes(text)


def test_tables_need_a_unit() -> None:
    text = TWO.replace("unit: person, max_rows: 5", "unit: row").replace(", units: 20000", "")
    assert codes(text) == ["P441"]


def test_a_database_is_joined_where_it_lies() -> None:
    assert codes(TWO.replace("visits.csv", "'duckdb:a.db#visits'")) == ["G441"]

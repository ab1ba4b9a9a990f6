"""Drafts: from dictionaries, from names, never from values unless a person insists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthspec.api.init import init_from, init_names_only
from synthspec.errors import SourceError, SpecError
from synthspec.spec.source import Entries, load_text


def columns_of(text: str) -> dict[str, str]:
    """Return the columns of a draft and their text."""
    tree = load_text(text, "draft.yaml")
    assert not tree.diagnostics
    node = tree.node(("columns",))
    assert isinstance(node, Entries)
    return {key.text: text[value.start : value.end] for key, value in node.entries}


def test_names_only_never_writes_a_value(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("patient_id,age,ward,secret_score\nP-4711,93,oncology-canary,0.123456\n")
    text = init_names_only(str(table))
    for value in ("P-4711", "93", "oncology-canary", "0.123456"):
        assert value not in text
    assert list(columns_of(text)) == ["patient_id", "age", "ward", "secret_score"]
    assert "unit: patient_id" in text


def test_names_only_writes_no_privacy_number_for_the_user(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("age,sex\n1,F\n")
    tree = load_text(init_names_only(str(table)), "d.yaml")
    for key in ("unit", "max_rows", "epsilon"):
        node = tree.node(("privacy", key))
        assert getattr(node, "text", None) == ""


@pytest.mark.parametrize("first", ["71,F,icu\n", "age,age\n", "a,,b\n", "\n", "2020-01-01,3\n"])
def test_a_first_line_of_values_is_refused_and_not_shown(tmp_path: Path, first: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(first)
    with pytest.raises(SourceError) as refused:
        init_names_only(str(table))
    assert refused.value.code == "D451"
    shown = refused.value.message + "".join(h for d in refused.value.diagnostics for h in d.helps)
    assert "icu" not in shown and "71" not in shown


def test_a_missing_table_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no file"):
        init_names_only(str(tmp_path / "nothing.csv"))


def test_parquet_types_come_from_the_schema(tmp_path: Path) -> None:
    import polars as pl

    path = tmp_path / "t.parquet"
    pl.DataFrame({"age": [71], "score": [0.5], "ward": ["icu"], "seen": [True]}).write_parquet(path)
    found = columns_of(init_names_only(str(path)))
    assert found["age"].startswith("{type: int, in: 0..120")
    assert found["score"].startswith("{type: float")
    assert found["ward"] == "{type: category}"
    assert found["seen"] == "bool"


def test_odd_names_become_names_of_the_language(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text('"admit date","Total (EUR)",2nd,"a:b"\n1,2,3,4\n')
    found = columns_of(init_names_only(str(table)))
    assert list(found) == ["admit_date", "Total_EUR", "c_2nd", "a_b"]
    assert 'from: "admit date"' in found["admit_date"]


def test_a_csv_dictionary_becomes_domains_and_labels(tmp_path: Path) -> None:
    book = tmp_path / "d.csv"
    book.write_text(
        "variable,type,minimum,maximum,values,description\n"
        "pid,identifier,,,,key\n"
        "age,integer,18,99,,age in years\n"
        'sex,string,,,"1=Male; 2=Female",\n'
        'ward,factor,,,"medicine, surgery",\n'
        "score,numeric,,,,\n"
    )
    found = columns_of(init_from(f"csv:{book}"))
    assert found["pid"].startswith("{type: id")
    assert "in: 18..99" in found["age"] and "data dictionary d.csv" in found["age"]
    assert "in: [Male, Female]" in found["sex"] and '"1": Male' in found["sex"]
    assert "in: [medicine, surgery]" in found["ward"]
    assert "in:" not in found["score"]


def test_a_table_schema_becomes_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "datapackage.json"
    fields = [
        {"name": "id", "type": "integer"},
        {"name": "age", "type": "integer", "constraints": {"minimum": 0, "maximum": 110, "required": True}},
        {"name": "ward", "type": "string", "constraints": {"enum": ["a", "NO", "0742"]}},
        {"name": "place", "type": "geopoint"},
        {"name": "seen", "type": "date", "format": "%d.%m.%Y",
         "constraints": {"minimum": "2020-01-01", "maximum": "2021-12-31"}},
    ]  # fmt: skip
    schema = {"primaryKey": "id", "missingValues": ["", "NA"], "fields": fields}
    path.write_text(json.dumps({"resources": [{"name": "visits", "path": "visits.csv", "schema": schema}]}))
    text = init_from(str(path))
    found = columns_of(text)
    assert found["id"] == "id"
    assert "in: 0..110" in found["age"] and "missing" not in found["age"]
    assert 'in: [a, "NO", 0742]' in found["ward"] or "in: [a, NO, 0742]" in found["ward"]
    assert 'format: "%d.%m.%Y"' in found["seen"] and "in: 2020-01-01..2021-12-31" in found["seen"]
    assert "place" not in found and "# left out: place" in text
    assert "path: visits.csv" in text and "NA" in text


def test_a_data_contract_becomes_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "apiVersion: v3.0.2\nkind: DataContract\nschema:\n- name: visits\n  properties:\n"
        "  - {name: visit_id, logicalType: string, primaryKey: true}\n"
        "  - {name: age, logicalType: integer, required: true,"
        " logicalTypeOptions: {minimum: 0, maximum: 110}}\n"
        "  - {name: ward, logicalType: string, quality: [{rule: validValues, validValues: [a, b]}]}\n"
    )
    found = columns_of(init_from(f"odcs:{path}"))
    assert found["visit_id"] == "id"
    assert "in: 0..110" in found["age"]
    assert "in: [a, b]" in found["ward"]


def test_a_redcap_dictionary_becomes_a_draft(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    heads = (
        "Variable / Field Name,Form Name,Section Header,Field Type,Field Label,"
        '"Choices, Calculations, OR Slider Labels",Field Note,Text Validation Type OR Show Slider Number,'
        "Text Validation Min,Text Validation Max,Identifier?,"
        "Branching Logic (Show field only if...),Required Field?"
    )
    path.write_text(
        heads + "\n"
        "record_id,f,,text,Record,,,,,,,,\n"
        'sex,f,,radio,Sex,"1, Male | 2, Female",,,,,,,y\n'
        "sbp,f,,text,Systolic,,,integer,40,300,,,\n"
        "ssn,f,,text,SSN,,,,,,y,,\n"
        'risk,f,,checkbox,Risks,"a, Smoking | b, Alcohol",,,,,,,\n'
        "story,f,,notes,Story,,,,,,,,\n"
    )
    text = init_from(str(path))
    found = columns_of(text)
    assert found["record_id"].startswith("id") or "type: id" in found["record_id"]
    assert (
        "in: [Male, Female]" in found["sex"]
        and '"2": Female' in found["sex"]
        and "missing" not in found["sex"]
    )
    assert "in: 40..300" in found["sbp"] and "missing: modelled" in found["sbp"]
    assert "risk___a" in found and "risk___b" in found
    assert "ssn" not in found and "story" not in found


@pytest.mark.parametrize("source", ["xlsx:d.xlsx", "csv:not-there.csv"])
def test_an_unreadable_dictionary_is_said_plainly(source: str) -> None:
    with pytest.raises(SpecError) as refused:
        init_from(source)
    assert refused.value.code == "S153"


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", '{"fields": 3}', "not json", '{"resources": []}'])
def test_a_json_file_that_is_no_schema_is_said_plainly(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SpecError):
        init_from(str(path))

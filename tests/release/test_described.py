"""croissant.json and dp-registry.yaml: valid by their publishers' rules, and nothing private in them."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from jsonschema import Draft7Validator

from synthspec.plan.plan import Datasheet
from synthspec.release.bundle import read_manifest, write_release
from synthspec.release.manifest import digest_of
from synthspec.release.registry import registry
from synthspec.release.release import Release
from synthspec.release.upward import upward
from tests.release.example import empty, frame_rows, release
from tests.release.registry_schema import SCHEMA, TIER_3


@pytest.fixture(scope="module")
def example() -> Release:
    return release()


def csv_of(made: Release) -> Release:
    """Return the release with rows in CSV, which every reader can read."""
    return replace(made, plan=made.plan.model_copy(update={"format": "csv"}))


def complete_rows() -> pl.DataFrame:
    """Return rows with all columns of the example."""
    rows = pl.DataFrame(frame_rows())
    return rows if "outcome" in rows.columns else rows.with_columns(outcome=pl.lit("home"))


def record_of(folder: Path) -> Any:
    """Return the Croissant record of a release."""
    return json.loads((folder / "croissant.json").read_bytes())


def entry_of(made: Release) -> Any:
    """Return the registry's entry of a release."""
    content = registry(made)
    assert content is not None
    return yaml.safe_load(content)


def test_the_record_lists_every_other_file_with_its_digest(tmp_path: Path, example: Release) -> None:
    folder = write_release(tmp_path / "stays", example, complete_rows())
    listed = {each["@id"]: each["sha256"] for each in record_of(folder)["distribution"]}
    others = {path.name for path in folder.iterdir()} - {
        "manifest.json",
        "croissant.json",
        "dp-registry.yaml",
    }
    assert set(listed) == others
    assert all(digest_of(folder / name)[1] == digest for name, digest in listed.items())


def test_both_are_in_the_manifest_as_public_descriptions(tmp_path: Path, example: Release) -> None:
    folder = write_release(tmp_path / "stays", example, complete_rows())
    classes = {entry.name: entry.class_ for entry in read_manifest(folder).files}
    assert (classes["croissant.json"], classes["dp-registry.yaml"]) == ("S", "S")


def test_the_record_says_where_the_rows_come_from(tmp_path: Path, example: Release) -> None:
    tree = record_of(write_release(tmp_path / "stays", example, complete_rows()))
    assert tree["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert tree["prov:wasDerivedFrom"]["prov:label"] == "stays.csv"
    assert tree["prov:wasGeneratedBy"]["prov:wasAssociatedWith"]["prov:label"] == "synthspec 0.1.0"
    assert "-differential privacy" in tree["rai:personalSensitiveInformation"]
    assert "/home/ana" not in json.dumps(tree)


def test_the_record_has_no_figure_of_the_private_rows(tmp_path: Path, example: Release) -> None:
    """Another table under the same plan gives the same words: all that differs are digests and sizes."""
    one = record_of(write_release(tmp_path / "one", example, complete_rows()))
    other = replace(example, measurements=(), fit=None, assessments=(), models=(), events=())
    two = record_of(write_release(tmp_path / "two", other, complete_rows()))
    for tree in (one, two):
        for part in tree["distribution"]:
            del part["sha256"], part["contentSize"]
    assert one == two
    assert registry(example) == registry(other)


def test_columns_with_odd_names_have_plain_identifiers(tmp_path: Path, example: Release) -> None:
    odd = '<script>"a b/ü'
    columns = (*example.columns[:-1], example.columns[-1].model_copy(update={"name": odd}))
    tree = record_of(write_release(tmp_path / "odd", replace(example, columns=columns), complete_rows()))
    field = tree["recordSet"][0]["field"][-1]
    assert field["name"] == field["source"]["extract"]["column"] == odd
    assert field["@id"] == "rows-of-synthetic.parquet/%3Cscript%3E%22a%20b%2F%C3%BC"


def test_mlcroissant_accepts_the_record_and_reads_the_rows_through_it(
    tmp_path: Path, example: Release
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its dependencies' own
        mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
        folder = write_release(tmp_path / "stays", csv_of(example), complete_rows())
        dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
        issues = dataset.metadata.ctx.issues
        assert not issues.errors and not issues.warnings
        records = list(dataset.records("rows-of-synthetic.csv"))
    rows = complete_rows().to_dicts()
    assert len(records) == len(rows)
    for record, row in zip(records, rows, strict=True):
        found = {name.rpartition("/")[2]: value for name, value in record.items()}
        assert {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()} == row


def problems(tree: Any) -> list[str]:
    """Return what the registry's schema says against an entry."""
    validator = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(tree)]


def test_the_entry_is_one_of_tier_3_by_the_registrys_schema(example: Release) -> None:
    tree = entry_of(example)
    assert problems(tree) == []
    assert tree["deployment"]["administrative"]["tier"] == 3
    for part, fields in TIER_3.items():
        for field in fields:
            assert tree["deployment"][part][field], field


def test_the_schema_would_refuse_an_entry_that_is_none(example: Release) -> None:
    tree = entry_of(example)
    tree["deployment"]["basic"]["data_product_type"] = "Rows"
    tree["deployment"]["basic"]["publication_date"] = "today"
    tree["deployment"]["dp_flavor"] = {}
    assert len(problems(tree)) == 3


def test_the_entry_states_the_claim_and_never_less(example: Release) -> None:
    claim = example.claim
    assert claim is not None
    loss = entry_of(example)["deployment"]["privacy_loss"]
    assert loss["privacy_parameters"]["epsilon"] == claim.epsilon
    assert loss["privacy_parameters"]["delta"] == claim.delta
    assert loss["privacy_parameters"]["rho"] == pytest.approx(claim.mu**2 / 2)
    assert "at most 3 rows" in loss["privacy_unit_details"].lower()
    assert f"{upward(claim.mu)}-GDP" in loss["privacy_parameters_details"]


@pytest.mark.parametrize(
    ("value", "words"),
    [(1.9930001, "1.994"), (2.0, "2.0"), (0.35050001, "0.3506"), (1e-9, "1E-9"), (123456.0, "1.235E+5")],
)
def test_a_price_in_words_is_rounded_up(value: float, words: str) -> None:
    assert upward(value) == words
    assert float(upward(value)) >= value


def test_the_owners_words_are_taken_over(example: Release) -> None:
    told = Datasheet(purpose="to plan: beds # 2027", owner="St. 'Mary'", retention="2030-01-01")
    made = replace(example, plan=example.plan.model_copy(update={"datasheet": told}))
    basic = entry_of(made)["deployment"]["basic"]
    assert basic["intended_use"] == "to plan: beds # 2027"
    assert basic["data_curators"][0]["data_curator_name"] == "St. 'Mary'"
    assert problems(entry_of(made)) == []


def test_a_release_without_private_rows_has_no_entry_and_a_record(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "free", empty(), pl.DataFrame({"age": [1, 2]}))
    assert not (folder / "dp-registry.yaml").exists()
    assert "without private rows" in record_of(folder)["rai:personalSensitiveInformation"]

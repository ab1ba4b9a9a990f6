"""What can be said of Spark without one: addresses, refusals, and the bytes that travel to workers."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthspec as ss
from synthspec.errors import SourceError, SpecError
from synthspec.privacy.spark_address import SparkAddress, read_spark_address, why_not_spark

SPEC = """
spec: 1
name: far
source: {{path: '{}', rows: 100}}
privacy: {{unit: row, epsilon: 1, delta: 1e-9, ledger: far}}
columns: {{age: int 0..9}}
"""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=6).filter(str.isprintable), min_size=1, max_size=4))
def test_an_address_is_read_as_it_was_written(parts: list[str]) -> None:
    address = SparkAddress(tuple(parts))
    assert read_spark_address(str(address)) == address
    assert read_spark_address(f"spark:{address.quoted}") == address


@pytest.mark.parametrize(
    "text",
    ["spark:", "spark:a.", "spark:.a", "spark:a b", "spark:(SELECT 1)", "spark:a;b", "spark:a.b.c.d.e",
     "spark:`a", "spark:a`b`", "spark:a\n"],
)  # fmt: skip
def test_what_is_no_name_is_no_address(text: str) -> None:
    """A query in the place of a name could join rows of several units: it is no table."""
    assert why_not_spark(text) is not None
    with pytest.raises(SourceError) as caught:
        read_spark_address(text)
    assert caught.value.code == "D412"
    with pytest.raises(SpecError) as refused:
        ss.Spec.of(SPEC.format(text.replace("'", "''")), "far.yaml").plan()
    assert [each.code for each in refused.value.diagnostics][:1] == ["G438"]


def test_only_the_place_of_files_starts_at_the_spec() -> None:
    folder = Path("/specs")
    named = read_spark_address("spark:parquet.`rows/t`")
    assert str(named.located(folder)) == "spark:parquet.`/specs/rows/t`"
    for text in ("spark:clinic.visits", "spark:parquet.`/data/t`", "spark:parquet.`s3a://bucket/t`"):
        assert str(read_spark_address(text).located(folder)) == text


def test_a_release_does_not_say_where_the_files_of_a_source_lie() -> None:
    from synthspec.release.public import short

    for text, cut in (
        ("spark:parquet.`/home/olga/visits`", "spark:parquet.visits"),
        ("spark:parquet.`s3a://bucket/of/olga/visits.parquet`", "spark:parquet.`visits.parquet`"),
        ("spark:parquet.`rows/visits`", "spark:parquet.`rows/visits`"),
        ("spark:clinic.visits", "spark:clinic.visits"),
    ):
        assert short(text) == cut
        assert short(cut) == cut


def test_a_table_of_spark_is_planned_without_looking_at_it() -> None:
    plan = ss.Spec.of(SPEC.format("spark:clinic.visits"), "far.yaml").plan().value
    assert plan.source is not None
    assert (plan.source.format, plan.source.path) == ("spark", "spark:clinic.visits")


def test_spark_that_is_not_installed_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from synthspec.engines.spark_session import session

    real = importlib.util.find_spec
    monkeypatch.setattr(
        "synthspec.engines.spark_session.find_spec", lambda name: None if name == "pyspark" else real(name)
    )
    with pytest.raises(SourceError) as caught, session():
        pass
    assert caught.value.code == "D413"
    assert "synthspec[spark]" in caught.value.diagnostics[0].helps[0]


def test_a_release_arrives_as_it_was_shipped(tmp_path: Path) -> None:
    from synthspec.release.shipped import arrived, shipped

    spec = "spec: 1\nname: far\ncolumns: {age: int 0..9}\nsample: {rows: 20, seed: 1}\n"
    release = ss.Spec.of(spec, "far.yaml").plan().train(out=tmp_path / "rel").value
    content = shipped(release)
    assert shipped(arrived(content)) == content
    assert arrived(content).files == release.files


def test_a_worker_draws_what_one_process_draws_and_tells_what_it_cannot(tmp_path: Path) -> None:
    from synthspec.api import drawers_spark
    from synthspec.api.request import Request, prepared
    from synthspec.draw.parts import MANIFEST
    from synthspec.release.shipped import shipped

    spec = "spec: 1\nname: far\ncolumns: {age: int 0..9}\nsample: {rows: 20, seed: 1}\n"
    release = ss.Spec.of(spec, "far.yaml").plan().train(out=tmp_path / "rel")
    asked = Request(release=str(tmp_path / "rel"), folder=str(tmp_path / "rows"), rows=50)
    work = [asked.model_dump_json(), prepared(asked).asked.digest(), shipped(release.value)]

    def told(*given: object) -> list[dict[str, object]]:
        return [json.loads(line) for line in drawers_spark._drawn(*given, [0])]  # type: ignore[arg-type]

    assert told(*work)[0]["code"] == "D433", "it makes no folder of its own"
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / MANIFEST).write_text("{}")
    assert told(work[0], "another digest", work[2])[0]["code"] == "Q652"
    assert told(*work)[0]["kind"] == "done"
    release.sample_into(tmp_path / "one", 50)
    assert (tmp_path / "rows" / "part-00000.parquet").read_bytes() == (
        tmp_path / "one" / "part-00000.parquet"
    ).read_bytes()

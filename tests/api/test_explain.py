"""explain: what a spec says of one column or one rule; the order of the words on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.api.explain import explain, overview
from synthspec.api.spec import Spec
from synthspec.errors import SpecError
from tests.cli.conftest import Command, command  # noqa: F401

SPEC = """\
spec: 1
source: t.csv
privacy: {unit: row, epsilon: 1}
columns:
  net: int 0..9
  tax: int 0..9
  total: int 0..18
  sex: [F, M]
  lab: {type: int, in: 0..9, missing: modelled}
  twice: {derive: lab * 2, in: 0..18, missing: derived}
rules:
  sum: {check: total = net + tax, because: bills add up}
  men: {check: sex <> 'M' OR tax < 9, enforce: report}
network: {require: [sex -> lab.missing]}
generate: {all: {columns: [net, tax, sex, lab], using: marginal}}
"""


@pytest.fixture
def spec() -> Spec:
    return Spec.of(SPEC, "bills.yaml")


def test_a_solved_column_says_what_it_is_computed_from_and_depends_on_it(spec: Spec) -> None:
    pytest.importorskip("pgmpy")
    found = explain(spec, "total").document
    assert found["drawn by"] == "computed from net, tax"
    assert found["depends on"] == ["net", "tax"]
    assert found["rules"][-1] == "sum: total = net + tax  (exact transform)"


def test_a_gap_is_a_node_and_a_derived_gap_is_called_so(spec: Spec) -> None:
    pytest.importorskip("pgmpy")
    assert explain(spec, "lab.missing").document["depends on"] == ["sex"]
    assert explain(spec, "lab").document["missing"] == "modelled"
    assert explain(spec, "twice").document["missing"] == "derived"


def test_a_rule_says_why_it_is_there_how_it_is_met_and_whether_it_drops_rows(spec: Spec) -> None:
    found = explain(spec, "sum").document
    assert (found["because"], found["met"]) == ("bills add up", "exact transform")
    assert found["source rows"] == "those that break it are dropped before learning"
    reported = explain(spec, "men").document
    assert (reported["met"], reported["source rows"]) == ("reported only", "none are dropped")


def test_all_columns_and_rules_are_listed(spec: Spec) -> None:
    found = overview(spec).document
    assert found["columns"]["net"] == "group all (marginal)"
    assert found["rules"]["sum"] == "exact transform"


def test_a_name_that_is_neither_gets_the_nearest(spec: Spec) -> None:
    with pytest.raises(SpecError) as error:
        explain(spec, "totl")
    assert error.value.code == "N326"
    assert error.value.diagnostics[0].helps == ("did you mean `total`?",)


def test_the_spec_comes_first_and_a_word_alone_says_what_to_type(command: Command, tmp_path: Path) -> None:  # noqa: F811
    file = tmp_path / "bills.yaml"
    file.write_text(SPEC)
    assert "exact transform" in command("explain", str(file), "sum").out
    assert "domain of total" in command("explain", str(file)).out
    swapped = command("explain", "sum", str(file))
    assert swapped.code == 2 and f"`synthspec explain {file} sum`" in swapped.err
    alone = command("explain", "R2010")
    assert alone.code == 2 and "did you mean `R210`?" in alone.err and "explain SPEC R2010" in alone.err

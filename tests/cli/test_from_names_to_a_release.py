"""A person with only a CSV: a draft from its names, `check` column by column, then a release."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cli.conftest import Command

ANSWERS = {"ward": "[medicine, surgery, icu]", "score": "0..1"}


def test_check_leads_from_a_header_to_a_spec_that_runs(command: Command, tmp_path: Path) -> None:
    rows = [
        f"P{i // 2},{i % 90},{'FM'[i % 2]},{['medicine', 'surgery', 'icu'][i % 3]},{i % 10 / 10}"
        for i in range(400)
    ]
    (tmp_path / "visits.csv").write_text("patient_id,age,sex,ward,score\n" + "\n".join(rows) + "\n")
    drafted = command("init", "--names-only", "visits.csv", "-o", "visits.yaml")
    assert drafted.code == 0, drafted.err
    found = command("check", "visits.yaml", "--json").json["diagnostics"]
    asked = {each["path"][1] for each in found if each["level"] == "error" and len(each["path"]) > 1}
    assert {"max_rows", "epsilon", "ward", "score"} <= asked
    assert all(each["helps"] for each in found if each["level"] == "error")

    text = Path("visits.yaml").read_text()
    text = re.sub(r"max_rows: +#", "max_rows: 2 #", text)
    text = re.sub(r"epsilon: +#", "epsilon: 3 #", text)
    text = text.replace("ward: {type: category}", f"ward: {{type: category, in: {ANSWERS['ward']}}}")
    text = text.replace(
        "score: {type: category}", f"score: {{type: float, in: {ANSWERS['score']}, step: 0.1}}"
    )
    Path("visits.yaml").write_text(text)
    assert command("check", "visits.yaml").code == 0
    done = command("run", "visits.yaml", "--yes", "-o", "release")
    assert done.code == 0, done.err


def test_a_draft_with_observed_values_is_refused_by_plan(command: Command, tmp_path: Path) -> None:
    from synthspec.api.init_observed import init_from_data

    (tmp_path / "t.csv").write_text("age,sex\n17,F\n93,M\n")
    text = re.sub(r"  max_rows: +#.*\n", "", init_from_data("t.csv")).replace("unit:", "unit: row", 1)
    Path("t.yaml").write_text(re.sub(r"epsilon: +#", "epsilon: 1 #", text))
    assert "basis: OBSERVED" in text or 'basis: "OBSERVED"' in text
    refused = command("plan", "t.yaml")
    assert refused.code in (1, 4)
    assert "P401" in refused.err


def test_reading_values_needs_a_terminal_and_says_why(command: Command, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age,sex\n17,F\n")
    done = command("init", "--from-data", "t.csv")
    assert done.code == 2
    assert "not differentially private" in done.err
    assert "17" not in done.out + done.err

"""report.json of a fixed release against the one in tests/golden; `SYNTHSPEC_GOLDEN=write` renews it."""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path

import pytest

from synthspec.report.build import build
from synthspec.report.render.json import render_json
from tests.release.example import release

GOLDEN = Path(__file__).parents[1] / "golden" / "report.json"


def same(found: object, wanted: object, at: str = "") -> None:
    """Compare JSON trees; floats to 1e-9, since sums may differ in the last bit between machines."""
    if isinstance(wanted, float) and isinstance(found, float):
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-12), at
    elif isinstance(wanted, dict) and isinstance(found, dict):
        assert sorted(found) == sorted(wanted), at
        for key in wanted:
            same(found[key], wanted[key], f"{at}/{key}")
    elif isinstance(wanted, list) and isinstance(found, list):
        assert len(found) == len(wanted), at
        for i, (a, b) in enumerate(zip(found, wanted, strict=True)):
            same(a, b, f"{at}/{i}")
    else:
        assert found == wanted, at


def test_the_report_of_a_fixed_release_is_the_golden_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("synthspec.report.sections.audit", "synthspec.report.hazards"):
        monkeypatch.setattr(import_module(name), "recent", lambda: None)  # a new audit changes no report
    made = render_json(build(release()))
    if os.environ.get("SYNTHSPEC_GOLDEN") == "write":
        GOLDEN.write_bytes(made)
    same(json.loads(made), json.loads(GOLDEN.read_bytes()))

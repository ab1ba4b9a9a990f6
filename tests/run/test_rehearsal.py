"""A rehearsal is held on public rows, and on no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthspec as ss
from synthspec.errors import InternalError
from synthspec.plan.level import Level
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.run.engine import engine
from synthspec.run.rehearsal import rehearsed, rehearsed_codes
from synthspec.terms.query import Axis, Marginal

SPEC = """\
spec: 1
source: {path: rows.csv}
privacy: {unit: row, epsilon: 1}
columns: {a: [x, y], b: bool}
"""


def test_private_rows_are_refused_and_public_ones_answer_with_noise(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("a,b\n" + "x,true\n" * 300)
    (tmp_path / "s.yaml").write_text(SPEC)
    plan = ss.load(tmp_path / "s.yaml").plan().value
    assert plan.source is not None
    plan = plan.model_copy(update={"source": plan.source.model_copy(update={"path": str(rows)})})
    cost = Cost.of(0.5)
    with pytest.raises(InternalError) as raised, rehearsed(plan, ("a",), cost, engine(), SystemNoise()):
        pass
    assert raised.value.code == "I326"
    public = plan.model_copy(update={"source_public": True})
    with rehearsed(public, ("a",), cost, engine(), SystemNoise()) as kernel:
        (noisy,) = kernel.measure([(Marginal(axes=(Axis("a", 2),)), cost)])
        assert kernel.left.mu2 == 0
    # deviation about 1.4 a cell; 30 of them never happens
    assert abs(int(noisy.values[0]) - 300) < 45 and abs(int(noisy.values[1])) < 45
    assert noisy.stddev > 1


def test_a_rehearsal_of_persons_has_one_row_of_each_and_the_noise_of_one(tmp_path: Path) -> None:
    """It must catch a rehearsal of unit columns on all rows, or at the noise of four of them."""
    rows = tmp_path / "rows.csv"
    rows.write_text("who,a,b\n" + "p1,x,true\n" * 3 + "p2,y,false\n" + "p3,x,true\n" * 9)
    spec = SPEC.replace("unit: row", "unit: who, max_rows: 4")
    (tmp_path / "s.yaml").write_text(
        spec.replace(
            "columns: {a: [x, y], ", "columns: {who: id, a: {type: category, in: [x, y], per: unit}, "
        )
    )
    plan = ss.load(tmp_path / "s.yaml").plan().value
    assert plan.source is not None
    source = plan.source.model_copy(update={"path": str(rows)})
    public = plan.model_copy(update={"source": source, "source_public": True})
    level, names = Level(once=True), ("a", "who.rows")
    codes = rehearsed_codes(public, engine(), SystemNoise(), level)
    assert sorted(zip(*(codes[name].tolist() for name in names), strict=True)) == [(0, 2), (0, 3), (1, 0)]
    assert len(rehearsed_codes(public, engine(), SystemNoise(), Level())["b"]) == 8
    with rehearsed(public, names, Cost.of(1), engine(), SystemNoise(), level) as kernel:
        assert kernel.protection.max_rows == 1
        assert kernel.domain.sizes == (2, 4)
    with pytest.raises(InternalError) as raised:
        rehearsed_codes(plan, engine(), SystemNoise(), level)
    assert raised.value.code == "I326"

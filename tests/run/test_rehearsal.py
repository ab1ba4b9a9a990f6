"""A rehearsal is held on public rows, and on no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import synthspec as ss
from synthspec.errors import InternalError
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.run.engine import engine
from synthspec.run.rehearsal import rehearsed
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

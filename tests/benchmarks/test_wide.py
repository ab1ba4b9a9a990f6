"""The benchmark of many columns says in words where the engine is worse than independent columns."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("engine", "alone", "words"),
    [
        ([0.10, 0.12], [0.30, 0.30], "better than independent columns, by 0.1900"),
        ([0.11, 0.11], [0.10, 0.10], "worse than independent columns, by 0.0100"),
        ([0.10, 0.14], [0.11, 0.12], "as good as independent columns"),
    ],
)
def test_pairs_are_compared_beyond_the_spread_of_the_seeds(
    engine: list[float], alone: list[float], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (ROOT / "benchmarks", ROOT / "tests" / "generators"):
        monkeypatch.syspath_prepend(str(each))
    for name in ("wide", "fidelity"):
        sys.modules.pop(name, None)
    from wide import verdict

    assert words in verdict(*([{"tvd2": value} for value in values] for values in (engine, alone)))

"""A draw that no row will meet ends early; one that a few rows meet goes on to its end."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from synthspec.draw.drawn import Tally
from synthspec.draw.source import LEAST, TRIES, lawful_rows
from synthspec.errors import SamplingError
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Column
from synthspec.terms.types import BOOL

CONDITIONS = {"rule": Column(name="good", type=BOOL)}


class Rare:
    """Rows of which a fixed share is good; counts what is asked of it."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.drawn = 0

    def lawful(self, rows: int, rng: SampleRng) -> tuple[pl.DataFrame, dict[str, np.ndarray], dict[str, int]]:
        self.drawn += rows
        good = rng.generator.random(rows) < self.share
        return pl.DataFrame({"good": good}), {"rule": ~good}, {}


@pytest.mark.parametrize("share", [0.0, 0.1 / TRIES])
def test_a_hopeless_draw_ends_after_few_candidates(share: float) -> None:
    source = Rare(share)
    with pytest.raises(SamplingError) as caught:
        lawful_rows(source, CONDITIONS, None, 10_000, SampleRng(1), Tally())  # type: ignore[arg-type]
    assert caught.value.code == "G450"
    assert source.drawn <= 2 * LEAST  # and not 2,000,000


def test_a_rare_one_goes_on() -> None:
    source = Rare(2 / TRIES)
    frame = lawful_rows(source, CONDITIONS, None, 1_000, SampleRng(1), Tally())  # type: ignore[arg-type]
    assert frame.height == 1_000
    assert frame["good"].all()

"""A paid figure's interval is that of its noise: honest ones pass, cut ones too, narrower ones do not."""

from __future__ import annotations

import pytest

from synthspec.release.release import Assessment
from synthspec.verify.counts import _fits

STDDEV = 40_000.0


def bought(raw: int, *, worst: bool = False) -> Assessment:
    """Return the figure behind a noisy answer."""
    return Assessment.of(
        raw,
        order=1,
        worst=worst,
        cliques=3,
        grid=1024,
        stddev=STDDEV,
        n_hat=800.0,
        n_stddev=9.0,
        event="e0001",
    )


@pytest.mark.parametrize("worst", [False, True])
@pytest.mark.parametrize("raw", [-90_000, -3_000, 0, 4_000, 200_000, 900_000, 4_000_000, 9_000_000])
def test_whatever_the_noise_was_an_honest_figure_passes(raw: int, worst: bool) -> None:
    assert _fits(bought(raw, worst=worst), STDDEV)


def test_a_narrower_interval_than_the_noise_gives_does_not_pass() -> None:
    made = bought(900_000)
    half = (made.high - made.value) / 2
    narrow = made.model_copy(update={"low": made.value - half, "high": made.value + half})
    assert not _fits(narrow, STDDEV)
    assert not _fits(made, None)

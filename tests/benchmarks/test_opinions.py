"""Second opinions: what peers are asked, and that one which differs is seen; no peer is installed here."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

PEERS = Path(__file__).parents[2] / "benchmarks" / "peers"


@pytest.fixture(scope="module")
def opinions() -> Iterator[ModuleType]:
    """The script, which is in no package."""
    before = list(sys.path)
    sys.path.insert(0, str(PEERS))
    yield importlib.import_module("opinions")
    sys.path[:] = before
    del sys.modules["opinions"]


@pytest.fixture(scope="module")
def codes() -> dict[str, tuple[Any, Any]]:
    random = np.random.default_rng(0)
    return {"small": (random.integers(0, (2, 3), (40, 2)), random.integers(0, (2, 3), (30, 2)))}


def by_hand(one: Any, two: Any) -> float:
    """Return total variation over the cells of two columns, counted one by one."""
    cells = product(*(range(4) for _ in range(one.shape[1])))
    return sum(abs((one == cell).all(1).mean() - (two == cell).all(1).mean()) for cell in cells) / 2


def told(opinions: ModuleType, codes: Any, charges: Any, **changed: Any) -> dict[str, Any]:
    """Return what honest peers say; `changed` replaces an opinion."""
    one, two = codes["small"]
    charge = charges[0]
    mu2 = float(charge.cost.mu2 * opinions.MU2_UNIT)
    gaussian = (1.0, float(opinions.epsilon_of(1.0, 1e-6)), 1e-6)
    said = {
        "complements": [by_hand(one, two)],
        "deltas": [1e-6],
        "charges": [
            {
                "equivalents": charge.epsilon,
                "realised": 0.9 * charge.epsilon,
                "opendp": {"rho": mu2 / 2, "of_theirs": 2.0, "of_ours": 2.0},
            }
        ],
    }
    for key, value in changed.items():
        (said["charges"][0] if key in said["charges"][0] else said)[key] = value
    return {"compared": [{"table": "small", "columns": [0, 1]}], "gaussians": [gaussian], "said": said}


def test_where_all_agree_it_says_so(opinions: ModuleType, codes: Any) -> None:
    charges = [opinions.drawn(0)]
    found = opinions.judged(codes, charges, told(opinions, codes, charges))
    assert len(found) == 6 and all(right for _, right, _ in found)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"complements": [0.25]}, 0),
        ({"deltas": [1.00001e-6]}, 1),
        ({"equivalents": 9.0}, 2),
        ({"realised": 9.0}, 3),
        ({"opendp": {"rho": 9.0, "of_theirs": 2.0, "of_ours": 2.0}}, 4),
        ({"opendp": {"rho": 1e-9, "of_theirs": 2.1, "of_ours": 2.0}}, 5),
    ],
)
def test_an_opinion_that_differs_is_seen_alone(
    opinions: ModuleType, codes: Any, changed: dict[str, Any], line: int
) -> None:
    charges = [opinions.drawn(0)]
    found = opinions.judged(codes, charges, told(opinions, codes, charges, **changed))
    assert [at for at, (_, right, _) in enumerate(found) if not right] == [line]


def test_what_peers_are_asked_is_what_was_bought(opinions: ModuleType) -> None:
    charge = opinions.drawn(3)
    kinds = {event["kind"] for event in charge.asked["events"]}
    assert "gradients" in kinds and charge.cost.delta0 > 0
    assert charge.asked["rest"] < charge.asked["delta"] == charge.delta
    mu2 = sum(event["mu"] ** 2 for event in charge.asked["events"])
    assert mu2 == pytest.approx(charge.asked["mu2"], rel=1e-9)
    assert opinions.drawn(3).asked == charge.asked


def test_the_signed_example_can_be_asked_about(opinions: ModuleType) -> None:
    folder = PEERS.parents[1] / "examples" / "signed" / "release"
    charge = opinions.released(folder)
    bought = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))["events"]
    assert len(charge.events) == len(bought) > 10
    assert {event["kind"] for event in charge.events} == {"gaussian", "selection"}

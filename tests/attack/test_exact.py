"""Exact utility and separation: good rows serve, shuffled ones do not, copies are not told apart."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.attack.exact.regression import regression
from synthspec.attack.exact.separation import separation
from synthspec.attack.exact.utility import utility
from tests.attack.people import COLUMNS, Toy, toy

pytest.importorskip("sklearn", reason="the extra `eval` is not installed")

OUTCOME = 5


@pytest.fixture(scope="module")
def cast() -> Toy:
    """Return the toy with 700 rows of each table."""
    whole = toy()
    some = np.arange(700)
    return Toy(
        *(getattr(whole, name).take(some) for name in ("table", "others", "fresh", "shuffled", "copied"))
    )


def areas(cast: Toy, name: str) -> dict[str, float]:
    """Return the area of the logistic model by what it was trained on."""
    found = utility(cast.table, cast.releases[name], cast.others, [OUTCOME], [(3, ("F", "M"))], 1)
    assert {each.model for each in found.scores} == {
        "logistic regression", "gradient boosting", "random forest"
    }  # fmt: skip
    assert [each.level for each in found.groups] == ["F", "M"]
    return {
        each.trained_on: each.auc
        for each in found.scores
        if each.model == "logistic regression" and each.auc is not None
    }


def test_a_model_trained_on_a_fresh_sample_is_as_good_and_on_shuffled_rows_no_better_than_guessing(
    cast: Toy,
) -> None:
    fresh, shuffled = areas(cast, "fresh"), areas(cast, "shuffled")
    assert fresh["released rows"] > fresh["people of the table"] - 0.05 > 0.65
    assert abs(shuffled["released rows"] - 0.5) < 0.15


def test_a_classifier_tells_shuffled_rows_from_people_and_nothing_else(cast: Toy) -> None:
    found = {name: separation(cast.table, made, cast.others, 1) for name, made in cast.releases.items()}
    assert found["shuffled"].released.auc.value > 0.58 > found["fresh"].released.auc.value
    assert abs(found["full copy"].released.auc.value - 0.5) < 0.03  # equal rows share a fold
    for each in found.values():
        assert each.control is not None and abs(each.control.auc.value - 0.5) < 0.06
    assert {name for name, _ in found["shuffled"].released.features} <= {c.name for c in COLUMNS}


def test_coefficients_of_a_fresh_sample_overlap_and_of_shuffled_rows_do_not(cast: Toy) -> None:
    fits = {
        name: regression(cast.table, made, OUTCOME, 1, "yes", range(5), 1)
        for name, made in cast.releases.items()
    }
    assert all(fit is not None for fit in fits.values())
    overlap = {name: fit.overlap for name, fit in fits.items() if fit is not None}
    assert overlap["full copy"] == pytest.approx(1.0)
    assert overlap["fresh"] > overlap["shuffled"]
    age = {name: fit.coefficients[0] for name, fit in fits.items() if fit is not None}
    assert age["shuffled"].overlap < 0 < age["fresh"].overlap

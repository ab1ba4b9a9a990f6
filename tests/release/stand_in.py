"""A saved model for the example: a tree without edges, in the form that the marginal generators save."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthspec.release.release import SavedModel


def independent(shares: dict[str, NDArray[np.float64]]) -> SavedModel:
    """Return a saved model of independent attributes with these shares."""
    many = len(shares)
    facts: dict[str, object] = {
        "kind": "tree",
        "attributes": list(shares),
        "sizes": [len(share) for share in shares.values()],
        "given": [],
        "cliques": [[i] for i in range(many)],
        "parents": [-1] * many,
        "order": list(range(many)),
        "total": 9000.0,
    }
    arrays: dict[str, NDArray[np.generic]] = {}
    for i, share in enumerate(shares.values()):
        arrays[f"levels/{i}"] = np.arange(len(share))
        arrays[f"density/{i}"] = np.ones(len(share))
        arrays[f"table/{i}"] = share
    return SavedModel("stay", facts, arrays)

"""Loading saved models by their kind; no pickle anywhere.

Source: ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from synthspec.generators.base import Model
from synthspec.generators.copula_model import load_copula
from synthspec.generators.neural.neural_model import load_neural
from synthspec.generators.tree_model import load_tree


def load_model(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Model:
    """Return the model saved as `facts` and `arrays` (see `Model.facts`).

    Raises:
        ValueError: an unknown kind, or arrays that do not fit the facts.
    """
    match facts.get("kind"):
        case "tree":
            return load_tree(facts, arrays)
        case "copula":
            return load_copula(facts, arrays)
        case "neural":
            return load_neural(facts, arrays)
        case kind:
            raise ValueError(f"unknown kind of model {kind!r}")


def as_released(model: Model) -> Model:
    """Return the model as its release will hold it: what rows are drawn from is what is stored."""
    return load_model(json.loads(json.dumps(dict(model.facts()))), model.arrays())

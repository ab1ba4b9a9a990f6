"""Described: a network's public recipe, from which another process makes the same module.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.neural.backbone import Backbone, Rung
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from synthspec.generators.neural.network import Network


def described(network: Network, bones: Backbone) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return JSON facts and arrays of a network over `bones`, without what it learned."""
    facts = {
        "network": network.model_dump(mode="json"),
        "attributes": list(bones.domain.attributes),
        "sizes": list(bones.domain.sizes),
        "given": sorted(bones.given),
        "rungs": [
            {"attribute": r.attribute, "old": list(r.old), "sizes": list(r.sizes)} for r in bones.rungs
        ],
    }
    arrays: dict[str, NDArray[Any]] = {}
    for at, (level, density) in enumerate(zip(bones.levels, bones.densities, strict=True)):
        arrays |= {f"level/{at}": level, f"density/{at}": density}
    arrays |= {f"rung/{at}": rung.shares for at, rung in enumerate(bones.rungs)}
    return facts, {name: np.ascontiguousarray(each) for name, each in arrays.items()}


def bones_of(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Backbone:
    """Return the tables of `described`."""
    domain = Domain(attributes=tuple(facts["attributes"]), sizes=tuple(facts["sizes"]))
    many = range(len(domain.attributes))
    rungs = (
        Rung(
            each["attribute"],
            tuple(each["old"]),
            tuple(each["sizes"]),
            np.asarray(arrays[f"rung/{at}"], dtype=np.float64),
        )
        for at, each in enumerate(facts["rungs"])
    )
    return Backbone(
        domain,
        frozenset(facts["given"]),
        tuple(np.asarray(arrays[f"level/{at}"], dtype=np.int64) for at in many),
        tuple(np.asarray(arrays[f"density/{at}"], dtype=np.float64) for at in many),
        tuple(rungs),
    )

"""Learners: a network made again in another process of the same training; imports torch when called.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from synthspec.generators.base import Learner
from synthspec.generators.neural.autoregressive import Autoregressive
from synthspec.generators.neural.ctgan import Ctgan
from synthspec.generators.neural.described import bones_of
from synthspec.generators.neural.vae import Vae

AnyNetwork = Annotated[Autoregressive | Vae | Ctgan, Field(discriminator="kind")]


def load_learner(facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str) -> Learner:
    """Return a learner with the module, and so the losses, of the one described; it has learned nothing.

    Args:
        facts: see `Portable.described`.
        arrays: the same.
        device: where it computes.
    """
    from synthspec.generators.neural.tuner import seeded

    network = TypeAdapter[Autoregressive | Vae | Ctgan](AnyNetwork).validate_python(facts["network"])
    bones = bones_of(facts, arrays)
    nobody = np.zeros((1, len(bones.domain.attributes)), dtype=np.int64)
    with seeded(0) as random:
        made = network.untrained(bones, nobody, network.steps, random, device)
    made.network = network
    return made

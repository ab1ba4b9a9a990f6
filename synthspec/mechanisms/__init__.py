"""The shelf of mechanisms: adding one to the union registers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from synthspec.mechanisms.base import Mechanism
from synthspec.mechanisms.exponential import Exponential
from synthspec.mechanisms.rounded_gaussian import RoundedGaussian
from synthspec.mechanisms.subsampled_gaussian import SubsampledGaussian
from synthspec.mechanisms.threshold import Threshold
from synthspec.shelf import shelf

AnyMechanism = Annotated[
    RoundedGaussian | Exponential | Threshold | SubsampledGaussian, Field(discriminator="kind")
]
MECHANISMS: Mapping[str, type[Mechanism]] = shelf(AnyMechanism)

__all__ = [
    "MECHANISMS",
    "AnyMechanism",
    "Exponential",
    "Mechanism",
    "RoundedGaussian",
    "SubsampledGaussian",
    "Threshold",
]

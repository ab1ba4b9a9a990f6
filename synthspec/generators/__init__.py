"""The shelf of generators: learn a model through the oracle, then sample it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.bn import Bn
from synthspec.generators.copula import Copula
from synthspec.generators.independent import Independent
from synthspec.generators.marginal import Marginal
from synthspec.generators.models import load_model
from synthspec.generators.neural.autoregressive import Autoregressive
from synthspec.generators.neural.ctgan import Ctgan
from synthspec.generators.neural.vae import Vae
from synthspec.generators.rules import Rules
from synthspec.shelf import shelf

AnyGenerator = Annotated[
    Marginal | Bn | Independent | Copula | Autoregressive | Vae | Ctgan | Rules, Field(discriminator="kind")
]
GENERATORS = shelf(AnyGenerator)

__all__ = [
    "GENERATORS",
    "AnyGenerator",
    "Autoregressive",
    "Bn",
    "Copula",
    "Ctgan",
    "Generator",
    "Independent",
    "Marginal",
    "Model",
    "Oracle",
    "Rules",
    "Vae",
    "Workload",
    "load_model",
]

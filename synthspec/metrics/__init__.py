"""The shelf of public metrics on tables of counts; add a class to the union to add one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from synthspec.metrics.association import Association
from synthspec.metrics.base import Metric
from synthspec.metrics.coverage import Coverage
from synthspec.metrics.hellinger import Hellinger
from synthspec.metrics.tvd import Tvd
from synthspec.shelf import shelf

AnyMetric = Annotated[Tvd | Hellinger | Association | Coverage, Field(discriminator="kind")]

METRICS: Mapping[str, type[Metric]] = shelf(AnyMetric)
"""From kind to class."""

"""Scenarios: every scenario of a plan drawn, written, and certified; a failed one costs no release.

Source: ours; Kish 1965 (effective sample size of a weighted sample).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from synthspec.draw.certificate import certificate
from synthspec.draw.recount import recount
from synthspec.draw.scenario import DrawnScenario, draw_scenario
from synthspec.draw.table import written_aside
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.release.public import short
from synthspec.release.release import ScenarioTable


def written_scenarios(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    rng: SampleRng,
    stack: ExitStack,
) -> tuple[tuple[ScenarioTable, ...], dict[str, Path]]:
    """Return what is said of each scenario, and the files of those that could be drawn, by name.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        rng: public randomness.
        stack: keeps the temporary files until they are copied.
    """
    tables: list[ScenarioTable] = []
    files: dict[str, Path] = {}
    for at, scenario in enumerate(plan.scenarios, 1):
        try:
            drawn = draw_scenario(plan, columns, models, scenario, rng)
        except SamplingError as refusal:
            tables.append(
                ScenarioTable(name=scenario.name, condition=scenario.where_text, problem=refusal.message)
            )
            continue
        name = file_of(at, scenario.name, plan.format)
        path = stack.enter_context(written_aside(drawn.frame, plan.format))
        files[name] = path
        tables.append(_table(plan, columns, scenario, drawn, path, name))
    return tuple(tables), files


def file_of(at: int, name: str, suffix: str) -> str:
    """Return the name of the file of the scenario number `at` in a release.

    >>> file_of(2, "icu, winter", "csv")
    'scenario-2-icu-winter.csv'
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-")[:60]
    return f"scenario-{at}-{plain}.{suffix}" if plain else f"scenario-{at}.{suffix}"


def effective_share(drawn: DrawnScenario) -> float | None:
    """Return Kish's effective sample size over the number of rows; None where rows count alike.

    Importance resampling counts as well: what it hands out has no weights, and is less than it looks.
    """
    if drawn.weights is None or not len(drawn.weights):
        return drawn.effective if drawn.effective < 1.0 else None
    weights = drawn.weights.to_numpy()
    return float(weights.sum() ** 2 / (weights**2).sum() / len(weights)) * drawn.effective


def _table(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    scenario: Scenario,
    drawn: DrawnScenario,
    path: Path,
    name: str,
) -> ScenarioTable:
    return ScenarioTable(
        name=scenario.name,
        condition=scenario.where_text,
        file=name,
        probability=drawn.probability,
        effective=effective_share(drawn),
        weights=scenario.weights,
        given=None if scenario.given is None else short(scenario.given.path),
        mix=tuple((part.label, part.share) for part in scenario.mix),
        provenance=scenario.provenance,
        augmented=drawn.augmented,
        certificate=certificate(plan, drawn.drawn, recount(path, columns, plan.rules)),
    )

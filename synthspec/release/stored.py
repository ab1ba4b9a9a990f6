"""Stored: a release as named files of JSON and arrays, and back; no rows, no folder, no clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.privacy.commitment import Commitment
from synthspec.release.arrays import MOST_BYTES, pack, unpack
from synthspec.release.counted import Counted
from synthspec.release.manifest import Class
from synthspec.release.public import public_plan
from synthspec.release.reading import Unreadable, parsed
from synthspec.release.release import (
    Assessment,
    Certificate,
    Claim,
    Event,
    FitCounts,
    LedgerFacts,
    Measurement,
    Release,
    SavedModel,
    ScenarioTable,
)
from synthspec.release.scored import UNEVALUATED, Evaluation, check_answer
from synthspec.release.weights import pack_weights, unpack_weights
from synthspec.terms.query import Axis

JSON = "application/json"
NPZ = "application/x-npz"
SAFETENSORS = "application/x-safetensors"
WEIGHTS = "weights.safetensors"
"""Of the networks, where there are any."""
YAML = "application/yaml"
MOST_CODES = 1 << 20
"""Of one column that a measurement groups."""
MOST_AXES = 64


@dataclass(frozen=True)
class Part:
    """One file to be: its bytes, media type and class."""

    content: bytes
    media_type: str
    class_: Class


def to_json(tree: object) -> bytes:
    """Return `tree` as JSON for people and machines: sorted keys, UTF-8, no NaN."""
    text = json.dumps(tree, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()


def dump(release: Release) -> dict[str, Part]:
    """Return the files of `release` by name; a function of the release only."""
    plan = public_plan(release.plan)
    claim = release.claim
    parts = {
        "spec.yaml": Part(plan.spec_text.encode(), YAML, "S"),
        "plan.json": Part(to_json(plan.model_dump(mode="json")), JSON, "S"),
        "columns.json": Part(to_json([c.model_dump(mode="json") for c in release.columns]), JSON, "M"),
        "ledger.json": Part(
            to_json(
                {
                    "claim": None if claim is None else claim.model_dump(mode="json"),
                    "ledger": None if release.ledger is None else release.ledger.model_dump(mode="json"),
                    "events": [event.model_dump(mode="json") for event in release.events],
                    "commitment": None
                    if release.commitment is None
                    else release.commitment.model_dump(mode="json"),
                }
            ),
            JSON,
            "M",
        ),
        "rules.json": Part(to_json(release.certificate.model_dump(mode="json")), JSON, "S"),
        "evaluation.json": Part(
            to_json([assessment.model_dump(mode="json") for assessment in release.assessments]), JSON, "B"
        ),
        "scores.json": Part(to_json(release.evaluation.model_dump(mode="json")), JSON, "B"),
        "answers.json": Part(to_json([each.model_dump(mode="json") for each in release.counted]), JSON, "S"),
        "scenarios.json": Part(
            to_json([scenario.model_dump(mode="json") for scenario in release.scenarios]), JSON, "S"
        ),
        "fit.json": Part(
            to_json(None if release.fit is None else release.fit.model_dump(mode="json")), JSON, "B"
        ),
    }
    return parts | _dump_measurements(release) | _dump_models(release)


def _dump_measurements(release: Release) -> dict[str, Part]:
    facts: list[dict[str, object]] = []
    arrays: dict[str, NDArray[np.generic]] = {}
    for i, each in enumerate(release.measurements):
        facts.append(
            {
                "event": each.event,
                "group": each.group,
                "stddev": each.stddev,
                "axes": [
                    {"attribute": a.attribute, "size": a.size, "grouped": a.levels is not None}
                    for a in each.axes
                ],
            }
        )
        arrays[f"{i}/values"] = np.asarray(each.values, dtype=np.int64)
        for j, axis in enumerate(each.axes):
            if axis.levels is not None:
                arrays[f"{i}/levels/{j}"] = np.asarray(axis.levels, dtype=np.int64)
    return {
        "measurements.json": Part(to_json(facts), JSON, "M"),
        "measurements.npz": Part(pack(arrays), NPZ, "M"),
    }


def _dump_models(release: Release) -> dict[str, Part]:
    facts = [{"group": model.group, "facts": dict(model.facts)} for model in release.models]
    arrays = {
        f"{i}/{name}": np.asarray(array)
        for i, model in enumerate(release.models)
        for name, array in model.arrays.items()
    }
    nets = {name: array for name, array in arrays.items() if "/net/" in name}
    tables = {name: array for name, array in arrays.items() if name not in nets}
    parts = {"models.json": Part(to_json(facts), JSON, "M"), "models.npz": Part(pack(tables), NPZ, "M")}
    if nets:
        parts[WEIGHTS] = Part(pack_weights(nets), SAFETENSORS, "M")
    return parts


def load(contents: Mapping[str, bytes]) -> Release:
    """Return the release that `contents` hold.

    Raises:
        ValueError: (also pydantic's and JSON's) when they do not hold one.
        KeyError: when a file is not among them.
    """
    ledger = _tree(contents["ledger.json"])
    plan = TypeAdapter(Plan).validate_python(_tree(contents["plan.json"]))
    claim = TypeAdapter(Claim | None).validate_python(ledger["claim"])
    release = Release(
        plan=plan,
        columns=TypeAdapter(tuple[PlannedColumn, ...]).validate_python(_tree(contents["columns.json"])),
        models=_load_models(contents),
        events=TypeAdapter(tuple[Event, ...]).validate_python(ledger["events"]),
        measurements=_load_measurements(contents),
        fit=TypeAdapter(FitCounts | None).validate_python(_tree(contents["fit.json"])),
        assessments=TypeAdapter(tuple[Assessment, ...]).validate_python(_tree(contents["evaluation.json"])),
        evaluation=_load_evaluation(contents),
        certificate=Certificate.model_validate(_tree(contents["rules.json"])),
        counted=TypeAdapter(tuple[Counted, ...]).validate_python(_tree(contents["answers.json"])),
        scenarios=TypeAdapter(tuple[ScenarioTable, ...]).validate_python(_tree(contents["scenarios.json"])),
        ledger=TypeAdapter(LedgerFacts | None).validate_python(ledger["ledger"]),
        commitment=TypeAdapter(Commitment | None).validate_python(ledger.get("commitment")),
    )
    if claim != release.claim:
        raise Unreadable("the claim is not that of the plan")
    if not release.spent.fits(plan.most_it_can_spend):
        raise Unreadable("the events cost more than the claim")
    known = {event.id for event in release.events}
    if len(known) != len(release.events) or any(m.event not in known for m in release.measurements):
        raise Unreadable("an answer names no event")
    asked = {event.id: event.query for event in release.events}
    for answer in release.evaluation.answers:
        if answer.event not in known:
            raise Unreadable("a paid answer names no event")
        check_answer(answer, asked[answer.event])
    return release


def _load_evaluation(contents: Mapping[str, bytes]) -> Evaluation:
    """Return what was paid for besides distances; releases from before it was bought have no such file."""
    if "scores.json" not in contents:
        return UNEVALUATED
    return Evaluation.model_validate(_tree(contents["scores.json"]))


def _load_measurements(contents: Mapping[str, bytes]) -> tuple[Measurement, ...]:
    told = _tree(contents["measurements.json"])
    arrays = unpack(contents["measurements.npz"], most=_room(told))
    found = []
    for i, facts in enumerate(told):
        axes = tuple(
            Axis(
                attribute=str(a["attribute"]),
                size=int(a["size"]),
                levels=_integers(arrays[f"{i}/levels/{j}"]) if a["grouped"] else None,
            )
            for j, a in enumerate(facts["axes"])
        )
        values = _integers(arrays[f"{i}/values"])
        if values.shape != (int(np.prod([axis.size for axis in axes], dtype=np.int64)),):
            raise Unreadable("a measurement has another shape than its axes")
        found.append(
            Measurement(str(facts["event"]), str(facts["group"]), axes, values, float(facts["stddev"]))
        )
    return tuple(found)


def _room(told: list[dict[str, Any]]) -> int:
    """Return the bytes that measurements over these axes may have: their counts, and levels of codes."""
    cells = 0
    for facts in told:
        sizes = [int(axis["size"]) for axis in facts["axes"]]
        if len(sizes) > MOST_AXES or any(not 0 <= size <= MOST_BYTES for size in sizes):
            raise Unreadable("a measurement is of more axes or cells than there can be")
        cells += prod(sizes) + 32 * (len(sizes) + 1)
        cells += sum(MOST_CODES for axis in facts["axes"] if axis["grouped"])
    return min(MOST_BYTES, 8 * cells + 4096)


def _load_models(contents: Mapping[str, bytes]) -> tuple[SavedModel, ...]:
    arrays = unpack(contents["models.npz"])
    if WEIGHTS in contents:
        arrays |= unpack_weights(contents[WEIGHTS])
    return tuple(
        SavedModel(
            group=str(each["group"]),
            facts=each["facts"],
            arrays={k.removeprefix(f"{i}/"): v for k, v in arrays.items() if k.startswith(f"{i}/")},
        )
        for i, each in enumerate(_tree(contents["models.json"]))
    )


def _integers(array: NDArray[np.generic]) -> NDArray[np.int64]:
    if array.dtype != np.int64:
        raise Unreadable("counts must be 64-bit integers")
    return array.astype(np.int64)


def _tree(content: bytes) -> Any:
    return parsed(content)

"""croissant: the release described for machines: which files, which columns, made from what and how.

A Croissant 1.1 record in JSON-LD, with the responsible-AI properties and PROV-O lineage that it recommends.
It says what the spec says and what the released files are; no statistic of the real rows is in it.

Source: MLCommons Croissant 1.1 (2025-12-10) and its RAI vocabulary 1.0; W3C PROV-O.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from synthspec.plan.plan import PlannedColumn
from synthspec.release.manifest import FileEntry
from synthspec.release.public import public_plan
from synthspec.release.release import Claim, Release
from synthspec.release.upward import upward
from synthspec.terms.types import TypeName

NAME = "croissant.json"
MEDIA_TYPE = 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"'
PARQUET = "application/x-parquet"
"""What programs that read Croissant know Parquet by."""

CONFORMS: Final = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")

LIMITATIONS = (
    "The rows are drawn from a model: no row is a person, and none supports a decision about one.",
    "p-values and standard errors computed as if the rows were real are too small.",
    "What no measured table covers is the model's guess.",
    "What holds for people in general can be learned from these rows.",
)
BIASES = (
    "Small groups may come out larger, smaller or more alike than they are: noise weighs more on them.",
    "Whatever the real rows say wrongly or unfairly about a group, these rows say too.",
)

_TYPES: Final[dict[TypeName, str]] = {
    "bool": "sc:Boolean",
    "int": "sc:Integer",
    "float": "sc:Float",
    "decimal": "sc:Float",
    "text": "sc:Text",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "null": "sc:Text",
}
_OWN: Final = [
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field"),
    *("fileProperty", "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath"),
    *("key", "md5", "parentField", "path", "recordSet", "references", "regex", "repeated", "replace"),
    *("samplingRate", "separator", "source", "subField", "transform"),
]
_CONTEXT: Final[dict[str, object]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _OWN},
}


def croissant(release: Release, files: Sequence[FileEntry], tables: Sequence[str]) -> bytes:
    """Return the record of `release`.

    Args:
        release: what is described.
        files: its other files, as they were written.
        tables: the names of those that hold rows, the released ones first.
    """
    plan = public_plan(release.plan)
    told = plan.datasheet
    tree: dict[str, object] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS),
        "name": plan.name,
        "description": plan.about or f"Synthetic rows made by {plan.tool} from the spec `{plan.name}`.",
        "version": "1.0.0",
        "license": "not stated by the owner",
        "url": "urn:sha256:" + next(entry.sha256 for entry in files if entry.name == tables[0]),
        "creator": {"@type": "sc:Organization", "name": told.owner or "not stated"},
        "citeAs": f"{plan.name}: synthetic rows, {plan.tool}",
        "isLiveDataset": False,
        "distribution": [_file(entry) for entry in files],
        "recordSet": [_rows(table, _held(release, table)) for table in tables],
        "rai:dataLimitations": list(LIMITATIONS),
        "rai:dataBiases": list(BIASES),
        "rai:personalSensitiveInformation": _personal(release),
        "rai:dataManipulationProtocol": _protocol(release),
        "rai:dataUseCases": told.purpose or "not stated by the owner",
        **_lineage(release),
    }
    if release.ledger is not None:
        tree["datePublished"] = release.ledger.day
    if told.retention:
        tree["rai:dataReleaseMaintenancePlan"] = told.retention
    return (json.dumps(tree, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _file(entry: FileEntry) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": entry.name,
        "name": entry.name,
        "contentUrl": entry.name,
        "contentSize": f"{entry.bytes} B",
        "encodingFormat": PARQUET if entry.name.endswith(".parquet") else entry.media_type,
        "sha256": entry.sha256,
    }


def _held(release: Release, table: str) -> Sequence[PlannedColumn]:
    """Return the columns that a file of rows has: all of them, but for one of several tables."""
    part = next((each for each in release.plan.tables if each.file == table), None)
    return [column for column in release.columns if part is None or column.name in part.columns]


def _rows(table: str, columns: Sequence[PlannedColumn]) -> dict[str, object]:
    name = f"rows-of-{table}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "field": [_field(name, table, column) for column in columns if not column.hidden],
    }


def _field(rows: str, table: str, column: PlannedColumn) -> dict[str, object]:
    said = [column.about or "", f"measured in {column.measured_in}" if column.measured_in else ""]
    tree: dict[str, object] = {
        "@type": "cr:Field",
        "@id": f"{rows}/{quote(column.name, safe='')}",
        "name": column.name,
        "dataType": _TYPES[column.type.name],
        "source": {"fileObject": {"@id": table}, "extract": {"column": column.name}},
    }
    description = "; ".join(part for part in said if part)
    return {**tree, "description": description} if description else tree


def _personal(release: Release) -> str:
    claim = release.claim
    if claim is None:
        return (
            "The rows were made without private rows: from declared rules, public rows or public knowledge."
        )
    decided = "No row is a person; whether the rows are personal data is for the controller to decide."
    return f"{_claim(claim)} {decided}"


def _claim(claim: Claim) -> str:
    return (
        f"For every {claim.unit} (at most {claim.max_rows} rows each), the release satisfies "
        f"({upward(claim.epsilon)}, {upward(claim.delta)})-differential privacy "
        f"({upward(claim.mu)}-GDP) under {claim.neighbours} neighbours."
    )


def _protocol(release: Release) -> str:
    if release.claim is None:
        return "Rows were drawn from the spec and public knowledge, and its rules made to hold."
    return (
        "Counts of the real rows were bought under differential privacy, with noise; a model was fitted to "
        "the noisy counts only; the rows were drawn from the model, and the rules of the spec made to hold. "
        "Each purchase, with its noise and price, is in ledger.json, each noisy count in measurements.npz."
    )


def _lineage(release: Release) -> dict[str, object]:
    """Return where the rows come from, in the words of PROV-O."""
    plan = public_plan(release.plan)
    activity: dict[str, object] = {
        "@type": "prov:Activity",
        "prov:label": "private synthesis" if release.claim is not None else "synthesis from public knowledge",
        "prov:used": [{"@id": "spec.yaml"}, {"@id": "plan.json"}],
        "prov:wasAssociatedWith": {"@type": "prov:SoftwareAgent", "prov:label": plan.tool},
    }
    if release.ledger is not None:
        activity["prov:endedAtTime"] = release.ledger.day
    tree: dict[str, object] = {"prov:wasGeneratedBy": activity}
    if plan.source is not None:
        source: dict[str, object] = {
            "@type": "prov:Entity",
            "@id": "urn:synthspec:source",
            "prov:label": plan.source.path,
        }
        tree["prov:wasDerivedFrom"] = source
    if plan.datasheet.owner:
        tree["prov:wasAttributedTo"] = {"@type": "prov:Agent", "prov:label": plan.datasheet.owner}
    return tree

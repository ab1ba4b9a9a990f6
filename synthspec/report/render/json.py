"""json: the whole report for machines, and its schema, which admits the classes S, M, B, P only."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from synthspec.report.blocks import Report

MEDIA = "application/json"
SCHEMA = "report.schema.json"


def render_json(report: Report) -> bytes:
    """Return the report as JSON; the same bytes for the same report."""
    tree = report.model_dump(mode="json", by_alias=True, exclude_none=True)
    return (json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(content: bytes) -> Report:
    """Return the report that `render_json` wrote, so that it can be rendered again."""
    return Report.model_validate_json(content)


def schema() -> dict[str, Any]:
    """Return the JSON schema of a public report, as the package ships it."""
    text = resources.files("synthspec.report.render").joinpath(SCHEMA).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def schema_text() -> str:
    """Return the text of the schema that the blocks amount to; a test keeps the file equal to it."""
    tree = Report.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:synthspec:report:1"}
    return json.dumps({**head, **tree}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"

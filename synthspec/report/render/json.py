"""json: the whole report for machines, and its schema, which admits the classes S, M, B, P only."""

from __future__ import annotations

import json

from synthspec.report.blocks import Report

MEDIA = "application/json"


def render_json(report: Report) -> bytes:
    """Return the report as JSON; the same bytes for the same report."""
    tree = report.model_dump(mode="json", by_alias=True, exclude_none=True)
    return (json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_json(content: bytes) -> Report:
    """Return the report that `render_json` wrote, so that it can be rendered again."""
    return Report.model_validate_json(content)


def schema() -> dict[str, object]:
    """Return the JSON schema of a public report."""
    return Report.model_json_schema(by_alias=True)

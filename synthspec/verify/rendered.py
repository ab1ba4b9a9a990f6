"""rendered: the report made again from the release, byte by byte.

Source: ours.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from synthspec.release.bundle import REPORTS
from synthspec.release.release import Release
from synthspec.report.build import build
from synthspec.report.render.html import render_html
from synthspec.report.render.json import render_json
from synthspec.verify.standalone import Check


def check_report(release: Release, folder: Path) -> tuple[Check, ...]:
    """Return one check per file of the report."""
    report, found = build(release), []
    for name in REPORTS:
        path = folder / name
        if not path.is_file():
            found.append(Check(name, "not done", "the release has none"))
        elif name.endswith(".html") and find_spec("vl_convert") is None:
            found.append(Check(name, "not done", "the extra `report` draws its charts, and is not installed"))
        else:
            made = render_html(report) if name.endswith(".html") else render_json(report)
            same = path.read_bytes() == made
            said = (
                f"rendered again: the same {len(made)} bytes" if same else "rendered again it has other bytes"
            )
            found.append(Check(name, "passed" if same else "failed", said))
    return tuple(found)

"""build: a release, explained: every section of the shelf, in order."""

from __future__ import annotations

from dataclasses import replace

from synthspec.release.public import public_plan
from synthspec.release.release import Release
from synthspec.report.blocks import Report
from synthspec.report.sections import SECTIONS
from synthspec.report.words import program, visible


def build(release: Release) -> Report:
    """Return the public report; a function of the release's public form and nothing else."""
    release = replace(release, plan=public_plan(release.plan))
    return Report(
        title=visible(release.plan.name),
        tool=program(release.plan.tool),
        day=None if release.ledger is None else release.ledger.day,
        sections=tuple(section(release) for section in SECTIONS),
    )

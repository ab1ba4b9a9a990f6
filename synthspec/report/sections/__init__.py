"""The shelf of sections; the place in SECTIONS is the place on the page."""

from __future__ import annotations

from collections.abc import Callable

from synthspec.release.release import Release
from synthspec.report.blocks import Section
from synthspec.report.sections.answers import answers
from synthspec.report.sections.audit import audit
from synthspec.report.sections.budget import budget
from synthspec.report.sections.claim import claim
from synthspec.report.sections.cover import cover
from synthspec.report.sections.domains import domains
from synthspec.report.sections.fidelity import fidelity
from synthspec.report.sections.files import files
from synthspec.report.sections.fit import fit
from synthspec.report.sections.gates import gates
from synthspec.report.sections.glossary import glossary
from synthspec.report.sections.hazards import hazards
from synthspec.report.sections.limits import limits
from synthspec.report.sections.mechanism import mechanism
from synthspec.report.sections.network import network
from synthspec.report.sections.rules import rules
from synthspec.report.sections.scenarios import scenarios
from synthspec.report.sections.scope import scope
from synthspec.report.sections.subgroups import subgroups
from synthspec.report.sections.utility import utility
from synthspec.report.sections.verify import verify

SECTIONS: tuple[Callable[[Release], Section], ...] = (
    cover,
    scope,
    claim,
    budget,
    domains,
    fit,
    mechanism,
    verify,
    audit,
    fidelity,
    utility,
    answers,
    subgroups,
    rules,
    scenarios,
    network,
    gates,
    hazards,
    limits,
    files,
    glossary,
)
"""Each makes one section from a release, an empty one included."""

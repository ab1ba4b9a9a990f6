"""VERBS: every verb and where it lives; a verb's file is imported when it is used."""

from __future__ import annotations

from types import MappingProxyType

VERBS = MappingProxyType(
    {
        "init": "synthspec.cli.init:command",
        "check": "synthspec.cli.check:command",
        "fmt": "synthspec.cli.fmt:command",
        "plan": "synthspec.cli.plan:command",
        "mock": "synthspec.cli.mock:command",
        "train": "synthspec.cli.train:command",
        "sample": "synthspec.cli.sample:command",
        "report": "synthspec.cli.report:command",
        "verify": "synthspec.cli.verify:command",
        "run": "synthspec.cli.run:command",
        "tune": "synthspec.cli.tune:command",
        "audit": "synthspec.cli.audit:command",
        "budget": "synthspec.cli.budget:command",
        "keys": "synthspec.cli.keys:command",
        "release": "synthspec.cli.release_:command",
        "diff": "synthspec.cli.diff:command",
        "graph": "synthspec.cli.graph:command",
        "schema": "synthspec.cli.schema:command",
        "export": "synthspec.cli.export:command",
        "explain": "synthspec.cli.explain:command",
        "completion": "synthspec.cli.completion:command",
        "demo": "synthspec.cli.demo:command",
    }
)

"""synthspec: declare a table, its rules and a privacy budget; get a priced plan, rows and evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from synthspec.api.builder import Column as Column
    from synthspec.api.builder import Privacy as Privacy
    from synthspec.api.builder import Source as Source
    from synthspec.api.builder import sql as sql
    from synthspec.api.plan import Plan as Plan
    from synthspec.api.plan import load_plan as load_plan
    from synthspec.api.release import Release as Release
    from synthspec.api.release import load_release as load_release
    from synthspec.api.report import Report as Report
    from synthspec.api.spec import Spec as Spec
    from synthspec.api.spec import load as load
    from synthspec.errors import BudgetError as BudgetError
    from synthspec.errors import Diagnostic as Diagnostic
    from synthspec.errors import GateError as GateError
    from synthspec.errors import SamplingError as SamplingError
    from synthspec.errors import SourceError as SourceError
    from synthspec.errors import SpecError as SpecError
    from synthspec.errors import SynthspecError as SynthspecError

_PLACES = {
    "BudgetError": "errors",
    "Column": "api.builder",
    "Diagnostic": "errors",
    "GateError": "errors",
    "Plan": "api.plan",
    "Privacy": "api.builder",
    "Release": "api.release",
    "Report": "api.report",
    "SamplingError": "errors",
    "Source": "api.builder",
    "SourceError": "errors",
    "Spec": "api.spec",
    "SpecError": "errors",
    "SynthspecError": "errors",
    "load": "api.spec",
    "load_plan": "api.plan",
    "load_release": "api.release",
    "sql": "api.builder",
}

__all__ = [
    "BudgetError",
    "Column",
    "Diagnostic",
    "GateError",
    "Plan",
    "Privacy",
    "Release",
    "Report",
    "SamplingError",
    "Source",
    "SourceError",
    "Spec",
    "SpecError",
    "SynthspecError",
    "load",
    "load_plan",
    "load_release",
    "sql",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for, so that `import synthspec` stays light."""
    if name not in _PLACES:
        raise AttributeError(f"module 'synthspec' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"synthspec.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

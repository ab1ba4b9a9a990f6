"""Every error code, its class and its long text; imports nothing of ours."""

from synthspec.errors.base import (
    BudgetError,
    Diagnostic,
    Edit,
    Fix,
    GateError,
    InternalError,
    KernelError,
    Level,
    ReleaseError,
    SamplingError,
    SourceError,
    Span,
    SpecError,
    SynthspecError,
)
from synthspec.errors.catalog import CODES
from synthspec.errors.entry import Entry

__all__ = [
    "CODES",
    "BudgetError",
    "Diagnostic",
    "Edit",
    "Entry",
    "Fix",
    "GateError",
    "InternalError",
    "KernelError",
    "Level",
    "ReleaseError",
    "SamplingError",
    "SourceError",
    "Span",
    "SpecError",
    "SynthspecError",
]

"""The values and exceptions of everything that can go wrong; every cause has a permanent code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Span:
    """A place in a text file: 1-based lines and columns, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    label: str = ""
    primary: bool = False


@dataclass(frozen=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True)
class Fix:
    """A remedy that can be applied to the text; `safe` when it keeps the meaning."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True)
class Diagnostic:
    """One finding: what, where, why, and at most three things to type."""

    code: str
    message: str
    level: Level = "error"
    path: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()


class SynthspecError(Exception):
    """The base class; `exit_code` is the process's exit code (LANGUAGE 3.2).

    Messages are lower case, without a full stop, and never carry a private value.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self,
        code: str,
        message: str,
        *,
        notes: Sequence[str] = (),
        helps: Sequence[str] = (),
        diagnostics: Sequence[Diagnostic] = (),
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.diagnostics = tuple(diagnostics) or (
            Diagnostic(code=code, message=message, notes=tuple(notes), helps=tuple(helps)),
        )


class SpecError(SynthspecError):
    """The spec has errors (S, C, R, N, G); carries every diagnostic found."""

    exit_code = 1


class GateError(SynthspecError):
    """A gate or a verification failed (Q)."""

    exit_code = 3


class ReleaseError(SynthspecError):
    """A release folder cannot be written or is none (Q): the wrong folder, no space, no right."""

    exit_code = 2


class BudgetError(SynthspecError):
    """A privacy refusal (P, B): over budget, tampered ledger, stale plan, missing unit."""

    exit_code = 4


class SourceError(SynthspecError):
    """The source does not fit the spec, seen from public facts only (D)."""

    exit_code = 5


class SamplingError(SynthspecError):
    """Sampling could not meet the rules within its limits (R, G)."""

    exit_code = 6


class KernelError(SynthspecError):
    """Something failed beside private rows (K): names the step, nothing from the rows, no cause."""

    exit_code = 70


class InternalError(SynthspecError):
    """A bug of ours (I)."""

    exit_code = 70

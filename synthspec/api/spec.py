"""Spec: what a user wrote, as a value with verbs; load reads one from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, final

from synthspec.api import settings as setting
from synthspec.api.builder import Column, Privacy, Source, write
from synthspec.api.compiled import plan_of, spec_error
from synthspec.errors import Diagnostic

if TYPE_CHECKING:
    import polars as pl

    from synthspec.api.plan import Plan
    from synthspec.compile.checked import Checked
    from synthspec.spec.parse import Parsed

Tree = Mapping[str, object]


@dataclass(frozen=True)
class Written:
    """A spec's text with settings written in, where it came from, and the settings."""

    text: str
    origin: str
    settings: tuple[tuple[str, str], ...] = ()


@final
class Spec:
    """One spec: immutable; every verb is a function of its text.

    Build one from keywords, with the same nouns as the YAML, or `load` one from a file.
    """

    written: Written

    def __init__(
        self,
        *,
        columns: Mapping[str, str | Sequence[str] | Tree | Column],
        source: str | Source | Tree | None = None,
        privacy: Privacy | Tree | None = None,
        name: str | None = None,
        about: str | Tree | None = None,
        rules: Mapping[str, str | Tree] | None = None,
        network: Tree | None = None,
        generate: Mapping[str, Tree] | None = None,
        sample: Tree | None = None,
        gates: Mapping[str, str] | None = None,
        output: Tree | None = None,
        workload: Sequence[Tree] | None = None,
    ) -> None:
        parts = {
            "name": name,
            "about": about,
            "source": source,
            "privacy": privacy,
            "columns": columns,
            "rules": rules,
            "network": network,
            "generate": generate,
            "sample": sample,
            "gates": gates,
            "output": output,
            "workload": workload,
        }
        self.written = Written(write(parts), "spec.yaml")

    @classmethod
    def of(cls, text: str, origin: str, settings: Sequence[tuple[str, str]] = ()) -> Spec:
        """Return the spec of a YAML text.

        Args:
            text: the YAML.
            origin: the file's path; public files are found beside it.
            settings: (path, value) pairs that replace what the text says, in order.

        Raises:
            SpecError: S151, when a setting leads nowhere.
        """
        spec = cls.__new__(cls)
        spec.written = Written(setting.apply(text, origin, settings), origin, tuple(settings))
        return spec

    @property
    def text(self) -> str:
        """The YAML, comments included, with settings written in."""
        return self.written.text

    @property
    def origin(self) -> str:
        """The path that it was read from."""
        return self.written.origin

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The settings that were written in."""
        return self.written.settings

    def __repr__(self) -> str:
        return f"Spec({self.origin!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)

    @cached_property
    def parsed(self) -> Parsed:
        """The text as a tree and, when its shape is right, a spec."""
        from synthspec.spec.parse import parse

        return parse(self.text, self.origin)

    @cached_property
    def _found(self) -> tuple[Checked | None, tuple[Diagnostic, ...]]:
        from synthspec.compile.check import check

        return check(self.parsed)

    def check(self) -> list[Diagnostic]:
        """Return every finding that needs no data; never raises for errors of the spec."""
        return [*self._found[1], *self._absent()]

    def _absent(self) -> list[Diagnostic]:
        """Return what the spec's networks need and this machine lacks: said now, refused by `train`."""
        checked = self._found[0]
        groups = () if checked is None else checked.groups
        names = [g.name for g in groups if g.generator is not None and g.generator.extra() is not None]
        if not names:
            return []
        from synthspec.run.device import needs_extra

        found = needs_extra()
        path = ("generate", names[0], "using")
        span = replace(self.parsed.span(path), primary=True)
        return [] if found is None else [replace(found, level="note", path=path, spans=(span,))]

    def checked(self) -> Checked:
        """Return the checked spec.

        Raises:
            SpecError: with every finding, when one of them is an error.
        """
        checked, found = self._found
        if checked is None:
            raise spec_error(found)
        return checked

    def plan(self, *, epsilon: float | None = None) -> Plan:
        """Return what training would do and cost; reads no private data.

        Args:
            epsilon: plan with another epsilon than the spec says.

        Raises:
            SpecError: when `check` finds an error, or the plan needs what is not built yet.
            BudgetError: P codes, when the plan is refused for privacy's sake.
        """
        from synthspec.api.plan import Plan

        spec = self if epsilon is None else self.replace({"privacy.epsilon": epsilon})
        return Plan(plan_of(spec.checked(), spec.settings))

    def advice(self, plan: Plan) -> tuple[Diagnostic, ...]:
        """Return what a plan of this spec would gain from other declarations (P410)."""
        from synthspec.compile.advice import advice

        return advice(self.checked(), plan.value)

    def mock(
        self,
        rows: int | None = None,
        *,
        seed: int | None = None,
        where: str | None = None,
        scenario: str | None = None,
        units: int | None = None,
    ) -> pl.DataFrame:
        """Return rows made from domains, rules and known tables only: epsilon 0, no data read.

        Args:
            rows: how many; the spec's without it.
            seed: of the sampling; the spec's without it.
            where: an SQL condition that every row shall satisfy.
            scenario: the name of a scenario of the spec; `where` is then asked as well.
            units: how many whole units, each with all its rows; in place of `rows`.
        """
        from synthspec.api.mock import mock_rows

        return mock_rows(self.checked(), rows, seed, where, scenario, units=units)

    def replace(self, settings: Mapping[str, object]) -> Spec:
        """Return a new spec with some values replaced: `{"privacy.epsilon": 2}`."""
        pairs = tuple((path, str(value)) for path, value in settings.items())
        made = Spec.of(self.text, self.origin, pairs)
        made.written = Written(made.text, self.origin, (*self.settings, *pairs))
        return made

    def formatted(self) -> str:
        """Return the text in canonical layout, comments kept."""
        from synthspec.spec.fmt import format_text

        return format_text(self.text, self.origin)

    def to_yaml(self, path: str | Path) -> Path:
        """Write the spec to a file, comments kept, and return the file's path."""
        file = Path(path)
        file.write_text(self.text, encoding="utf-8")
        return file


def load(path: str | Path, settings: Sequence[tuple[str, str]] = ()) -> Spec:
    """Return the spec in a YAML file.

    Raises:
        SpecError: S109, S110, S111, when the file cannot be read; S151 for a bad setting.
    """
    from synthspec.spec.source import read_text

    return Spec.of(read_text(path), str(path), settings)

"""Release: what one training left, as a value; sampling and reporting from it are free."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from synthspec.errors import SpecError

if TYPE_CHECKING:
    import polars as pl

    from synthspec.api.report import Report
    from synthspec.generators.base import Model
    from synthspec.plan.scenario import Scenario
    from synthspec.release.release import Release as ReleaseValue
    from synthspec.terms.expr import Expr


@final
class Release:
    """A release folder. Nothing here opens private data or spends."""

    def __init__(self, folder: Path, value: ReleaseValue) -> None:
        self._folder = folder
        self._value = value

    def __repr__(self) -> str:
        return f"Release({str(self._folder)!r})"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._folder

    @property
    def value(self) -> ReleaseValue:
        """The release as data."""
        return self._value

    @property
    def claim(self) -> Mapping[str, Any] | None:
        """What is promised: unit, max_rows, neighbours, mu, epsilon, delta; None without private rows."""
        claim = self._value.claim
        return None if claim is None else claim.model_dump(mode="json")

    @cached_property
    def _models(self) -> Mapping[str, Model]:
        from synthspec.generators.models import load_model

        return {saved.group: load_model(saved.facts, saved.arrays) for saved in self._value.models}

    def data(self) -> pl.DataFrame:
        """Return the released rows."""
        import polars as pl

        from synthspec.release.bundle import data_path

        path = data_path(self._folder)
        return pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path)

    def sample(
        self,
        rows: int | None = None,
        *,
        where: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
        units: int | None = None,
    ) -> pl.DataFrame:
        """Return fresh synthetic rows in which every rule holds; costs nothing.

        Args:
            rows: how many; the plan's without it.
            where: an SQL condition that every row shall satisfy.
            scenario: the name of a scenario of the spec; `where` is then asked as well.
            seed: of the sampling; the plan's without it, then equal to the released rows' seed.
            units: how many whole units; not built yet.

        Raises:
            SpecError: S155, for `units`; S157, for an unknown scenario; when `where` cannot be read.
            SamplingError: G450, when the rules or `where` cannot be met; G451, when `where` is impossible.
        """
        from synthspec.draw.scenario import draw_scenario
        from synthspec.plan.scenario import Scenario
        from synthspec.privacy.entropy import SampleRng

        if units is not None:
            raise SpecError("S155", "whole units are not sampled yet", helps=("ask for `rows`",))
        plan = self._value.plan
        rng = SampleRng(plan.seed if seed is None else seed, "sample")
        asked = Scenario(name="", rows=plan.rows) if scenario is None else self._scenario(scenario)
        if where is not None:
            asked = asked.model_copy(update=self._also(asked, where))
        return draw_scenario(plan, self._value.columns, self._models, asked, rng, rows).frame

    def report(self, *, internal: bool = False) -> Report:
        """Return the public report.

        Raises:
            SpecError: S155, for the internal one, which is not built yet.
        """
        if internal:
            raise SpecError(
                "S155",
                "the internal report is not built yet",
                helps=("leave `internal` out: the public one",),
            )
        from synthspec.api.report import Report

        return Report(self._value)

    def attach_report(self) -> None:
        """Write the public report into the folder, as JSON and as one page, and into its manifest."""
        from synthspec.release.bundle import attach

        report = self.report()
        attach(self._folder, "report.json", report.json(), "application/json", "B")
        attach(self._folder, "report.html", report.html(), "text/html", "B")

    def _scenario(self, name: str) -> Scenario:
        found = {scenario.name: scenario for scenario in self._value.plan.scenarios}
        if name not in found:
            raise SpecError(
                "S157",
                f"the release has no scenario `{name}`",
                helps=(f"its scenarios are {', '.join(f'`{each}`' for each in found)}",)
                if found
                else ("its spec declares none: use `--where`",),
            )
        return found[name]

    def _also(self, scenario: Scenario, where: str) -> dict[str, object]:
        from synthspec.terms.expr import Logic

        condition = self._condition(where)
        if scenario.where is None:
            return {"where": condition, "where_text": where}
        both = Logic(op="and", args=(scenario.where, condition))
        return {"where": both, "where_text": f"({scenario.where_text}) AND ({where})"}

    def _condition(self, where: str) -> Expr:
        from synthspec.api.condition import condition

        return condition(where, self._value.columns)


def load_release(folder: str | Path) -> Release:
    """Return the release in a folder, every file checked against its manifest.

    Raises:
        ReleaseError: Q603, when there is none.
        GateError: Q604, Q605, when it was changed.
    """
    from synthspec.release.bundle import read_release

    place = Path(folder)
    return Release(place, read_release(place))

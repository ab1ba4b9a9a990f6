"""Release: what one training left, as a value; sampling and reporting from it are free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    import polars as pl

    from synthspec.api.parted import Filled, Progress
    from synthspec.api.report import Report
    from synthspec.api.respec import Text
    from synthspec.api.sampled import Sampled
    from synthspec.api.verify import Verification
    from synthspec.generators.base import Model
    from synthspec.release.release import Release as ReleaseValue


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
        return (
            pl.read_parquet(path, glob=False) if path.suffix == ".parquet" else pl.read_csv(path, glob=False)
        )

    def sample(
        self,
        rows: int | None = None,
        *,
        where: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
        units: int | None = None,
        spec: Text | str | Path | None = None,
    ) -> pl.DataFrame:
        """Return fresh synthetic rows in which every rule holds; costs nothing.

        Args:
            rows: how many; the plan's without it.
            where: an SQL condition that every row shall satisfy.
            scenario: the name of a scenario of the spec; `where` is then asked as well.
            seed: of the sampling; the plan's without it, then equal to the released rows' seed.
            units: how many whole units, each with all its rows; in place of `rows`.
            spec: a changed spec, whose changes are free: its rules and scenarios are then those that hold.

        Raises:
            SpecError: S155, for rows and units; S157, for an unknown scenario; when `where` cannot be read.
            BudgetError: B553, when a change of `spec` costs something.
            SamplingError: G450, when the rules or `where` cannot be met; G451, when `where` is impossible;
                G458, for units of a table without persons.
        """
        return self.sampled(rows, units=units, where=where, scenario=scenario, seed=seed, spec=spec).frame

    def sampled(
        self,
        rows: int | None = None,
        *,
        units: int | None = None,
        where: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
        spec: Text | str | Path | None = None,
    ) -> Sampled:
        """Return the rows of `sample` with the certificate of their rules, counted by a second engine."""
        from synthspec.api.condition import marked
        from synthspec.api.respec import respecified
        from synthspec.api.sampled import asked_of, sampled
        from synthspec.privacy.entropy import SampleRng

        plan, columns, models, notes = self._value.plan, self._value.columns, self._models, tuple[str, ...]()
        if spec is not None:
            found = respecified(self._value, spec)
            plan, columns, models, notes = found.plan, found.columns, found.models, found.notes()
        rng = SampleRng(plan.seed if seed is None else seed, "sample")
        asked = asked_of(plan, columns, scenario, where)
        with marked(where):
            return sampled(plan, columns, models, asked, rng, rows, notes, units=units)

    def sample_into(
        self,
        folder: str | Path,
        rows: int | None = None,
        *,
        units: int | None = None,
        where: str | None = None,
        scenario: str | None = None,
        seed: int | None = None,
        spec: Text | str | Path | None = None,
        processes: int = 1,
        show: Callable[[Progress], None] | None = None,
        spark: bool = False,
    ) -> Filled:
        """Draw rows into a folder of Parquet parts, in memory that does not grow with their number.

        The rows are those of `sample`, whatever the number of processes. What was interrupted goes on where
        it was when the same is asked for again.

        Args:
            folder: new, empty, or with parts of the same request.
            rows: as in `sample`, like `units`, `where`, `scenario`, `seed` and `spec`.
            units: how many whole units.
            where: a condition.
            scenario: a scenario; not one of given, blended or rebalanced rows.
            seed: of the sampling.
            spec: a changed spec.
            processes: how many draw.
            show: is told how far it is, after every part.
            spark: whether the workers of a Spark cluster draw; they must share the folder.

        Raises:
            ReleaseError: Q650, when the folder holds something else; Q651, Q652.
            SpecError: S150, when it cannot be written; S161, for such a scenario; as `sample`.
            SamplingError: G458, when a rule looks across parts; as `sample`.
        """
        from synthspec.api.parted import sampled_into
        from synthspec.api.request import Request, text_of

        asked = {"rows": rows, "units": units, "where": where, "scenario": scenario, "seed": seed}
        paths = {"release": str(self._folder), "folder": str(folder)}
        told = None if spec is None else text_of(spec)
        request = Request.model_validate({**paths, **asked, "spec": told})
        return sampled_into(request, processes, show, spark=spark)

    def report(self) -> Report:
        """Return the public report."""
        from synthspec.api.report import Report

        return Report(self._value)

    def internal(
        self,
        source: str | Path,
        *,
        control: str | Path | None = None,
        attacks: Sequence[str] = (),
        labels: Sequence[str] = (),
        out: str | Path | None = None,
    ) -> Path:
        """Read the source, and write the internal edition of the report beside the release.

        Its figures are exact: outside every guarantee, and not to be passed on.

        Args:
            source: the table that the release was made from.
            control: a file like it, of people who are not in it; attacks are judged against them.
            attacks: further attacks, `"shadow"`.
            labels: columns that models predict; the last one of few values without.
            out: the folder; the release's name with `.internal` without.

        Returns:
            The folder, of mode 0700, with `report.html` and `evaluation.json`.

        Raises:
            ReleaseError: Q620 to Q622; SpecError: Q623; SourceError: D4xx; GateError: Q646;
            KernelError: K703.
        """
        from synthspec.api.internal import internal

        return internal(self, source, control=control, attacks=attacks, labels=labels, out=out)

    def verify(self, *, keys: Sequence[str] = ()) -> Verification:
        """Return what can be told of this release without the data; see `synthspec.api.verify`."""
        from synthspec.api.verify import verify

        return verify(self._folder, keys=keys)

    def attach_report(self) -> None:
        """Write the public report into the folder, as JSON and as one page, and into its manifest."""
        from synthspec.release.bundle import attach

        report = self.report()
        attach(self._folder, "report.json", report.json(), "application/json", "B")
        attach(self._folder, "report.html", report.html(), "text/html", "B")


def load_release(folder: str | Path) -> Release:
    """Return the release in a folder, every file checked against its manifest.

    Raises:
        ReleaseError: Q603, when there is none.
        GateError: Q604, Q605, when it was changed.
    """
    from synthspec.release.bundle import read_release

    place = Path(folder)
    return Release(place, read_release(place))

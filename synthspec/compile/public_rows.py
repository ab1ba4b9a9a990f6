"""Public rows: what `given` and `mix` name, checked before anything is spent.

Such rows come out verbatim. So each file needs a `basis`, must not be the private source, and is fixed by
its digest; the only other kind is the synthetic rows of a release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.compile.diagnose.hygiene import OBSERVED
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings, listing
from synthspec.compile.found import Found
from synthspec.errors import SamplingError
from synthspec.plan.plan import PlannedColumn, PublicFile
from synthspec.plan.scenario import Part, Rows
from synthspec.release.manifest import NAME
from synthspec.spec.model import MixPart, Scenario
from synthspec.spec.tree import Path_

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class PublicRows:
    """Resolves the rows that scenarios name; reports what is wrong with them."""

    findings: Findings
    files: PublicFiles
    columns: Mapping[str, PlannedColumn]
    manifests: dict[str, PublicFile] = field(default_factory=dict)

    def given(self, name: str, scenario: Scenario) -> Found | None:
        """Return the partial rows of a scenario, or None after reporting what is wrong."""
        path: Path_ = ("sample", "scenarios", name, "given")
        if scenario.given is None:
            return None
        kind = "release" if (self.files.folder / scenario.given / NAME).is_file() else "public"
        part = MixPart(kind=kind, path=scenario.given, share=1.0, basis=scenario.basis)
        return self._rows(part, f"scenario `{name}`", path, whole=False)

    def mix(self, name: str, scenario: Scenario) -> tuple[Part, ...]:
        """Return the parts of a mix that can be used."""
        found = []
        for at, part in enumerate(scenario.mix):
            path: Path_ = ("sample", "scenarios", name, "mix", str(at), part.kind)
            based = part.model_copy(update={"basis": part.basis or scenario.basis})
            held = self._rows(based, f"scenario `{name}`", path, whole=True)
            if held is not None:
                found.append(Part(rows=held.rows, share=part.share, label=Path(part.path).name))
        labels = [part.label for part in found]
        return tuple(
            part
            if labels.count(part.label) == 1
            else part.model_copy(update={"label": f"{part.label} ({at})"})
            for at, part in enumerate(found, 1)
        )

    def _rows(self, part: MixPart, where: str, path: Path_, *, whole: bool) -> Found | None:
        if part.kind == "release":
            return self._released(part, path, whole=whole)
        basis = (part.basis or "").strip()
        if not basis or basis.upper() == OBSERVED or self.files.is_private(part.path):
            private = self.files.is_private(part.path)
            self.findings.report(
                "P450",
                f"{where} copies rows of a file that is not declared public",
                path,
                "this is the private source" if private else "no `basis:` says why its rows may be shown",
                notes=("its rows come out as they are, without any protection",),
                helps=("name the folder of a release instead",)
                if private
                else (
                    "say why they are public: `basis: census microdata`",
                    "or name the folder of a release",
                ),
            )
            return None
        table = self.files.table(part.path, path)
        if table is None:
            return None
        names = self._names(table.header, part.path, path) if not whole else self._all(table.header)
        missing = [name for name in names if name not in table.header]
        for name in missing:
            self.files.missing_column(table, name, path)
        if names is None or missing or not names:
            return None
        rows = Rows(kind="public", path=part.path, sha256=table.sha256, columns=tuple(names), basis=basis)
        return self._fitting(rows, path)

    def _released(self, part: MixPart, path: Path_, *, whole: bool) -> Found | None:
        from synthspec.draw.public_rows import digest_of_rows
        from synthspec.errors import GateError, ReleaseError
        from synthspec.release.bundle import read_release

        folder = self.files.folder / Path(part.path).expanduser()
        try:
            held = read_release(folder)
        except (ReleaseError, GateError) as error:
            self.findings.report(
                "C120",
                f"cannot read the release `{part.path}`",
                path,
                error.message,
                notes=("paths are relative to the folder of the spec",),
                helps=("name the folder that `synthspec train` wrote",),
            )
            return None
        mine = [name for name, column in self.columns.items() if whole or column.role == "modelled"]
        theirs = {column.name for column in held.columns if not column.hidden}
        names = mine if whole else [name for name in mine if name in theirs]
        lacking = [name for name in names if name not in theirs]
        if lacking or not names:
            what = f"it has no column {listing(lacking)}" if lacking else "it has none of the columns"
            self.findings.report(
                "C122",
                f"the release `{part.path}` does not have the columns of this table",
                path,
                what,
                helps=("name a release of a table with the same columns",),
            )
            return None
        digest = digest_of_rows(folder, "release") or ""
        file = str(Path(part.path) / NAME)
        self.manifests[file] = PublicFile(path=file, sha256=digest)
        rows = Rows(kind="release", path=part.path, sha256=digest, columns=tuple(names))
        return self._fitting(rows, path)

    def _all(self, header: tuple[str, ...]) -> list[str]:
        """Return the columns of the table; ids that a file does not have are not asked of it."""
        return [n for n, column in self.columns.items() if column.role != "id" or n in header]

    def _names(self, header: tuple[str, ...], file: str, path: Path_) -> list[str]:
        """Return the columns of a file of partial rows; reports C101 and G452."""
        for name in header:
            if name not in self.columns:
                helps, _ = self.findings.did_you_mean(
                    name, tuple(self.columns), self.findings.parsed.span(path)
                )
                self.findings.report(
                    "C101",
                    f"unknown column in `{file}`",
                    path,
                    f"there is no column `{name}`",
                    helps=helps or ("leave the column out of the file, or declare it",),
                )  # fmt: skip
                return []
            if self.columns[name].role == "id":
                self.findings.report(
                    "G452",
                    f"`{file}` gives the id `{name}`",
                    path,
                    "ids are made afresh",
                    helps=("leave the column out of the file",),
                )
                return []
        return list(header)

    def _fitting(self, rows: Rows, path: Path_) -> Found | None:
        """Return the rows when every value lies in its domain, as far as that is known before training."""
        from synthspec.draw.public_rows import public_rows

        open_ = {n for n, c in self.columns.items() if c.discovery is not None or c.tightening is not None}
        sure = rows.model_copy(update={"columns": tuple(n for n in rows.columns if n not in open_)})
        try:
            frame = public_rows(sure, self.files.folder, tuple(self.columns.values()))
        except SamplingError as error:
            self.findings.report(error.code, error.message, path, "", helps=error.diagnostics[0].helps)
            return None
        return Found(rows, frame.height, frame)

"""Report: a release explained, as a value; `passed` says whether no gate failed."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from synthspec.errors import SpecError

if TYPE_CHECKING:
    from synthspec.release.release import Release as ReleaseValue
    from synthspec.report.blocks import Report as ReportValue


@final
class Report:
    """The public report of a release; a function of the release and nothing else."""

    def __init__(self, release: ReleaseValue) -> None:
        self._release = release

    @cached_property
    def value(self) -> ReportValue:
        """The report as blocks."""
        from synthspec.report.build import build

        return build(self._release)

    @cached_property
    def gates(self) -> dict[str, str]:
        """Each gate's outcome: pass, fail, or unknown when its interval contains the bound."""
        from synthspec.report.gates import judge

        return {result.gate.name: result.outcome for result in judge(self._release)}

    @property
    def passed(self) -> bool:
        """Whether no gate failed."""
        return "fail" not in self.gates.values()

    @property
    def unknown(self) -> int:
        """How many gates cannot be told."""
        return sum(outcome == "unknown" for outcome in self.gates.values())

    def tree(self) -> Any:
        """Return the report as JSON."""
        return json.loads(self.json())

    def json(self) -> bytes:
        """Return the report as JSON, UTF-8."""
        from synthspec.report.render.json import render_json

        return render_json(self.value)

    def html(self) -> bytes:
        """Return the report as one self-contained page, UTF-8."""
        from synthspec.report.render.html import render_html

        return render_html(self.value)

    def _repr_html_(self) -> str:
        """Return the page for notebooks, in a frame without scripts."""
        from synthspec.report.render.html import framed

        return framed(self.html(), f"report of {self.value.title}")

    def charts(self) -> dict[str, Any]:
        """Return every figure as an Altair chart, by its section and title; they can be changed and saved.

        Raises:
            SpecError: S160, without the `report` extra.
        """
        from synthspec.report.blocks import Figure
        from synthspec.report.charts import chart_of, drawable

        if not drawable():
            raise SpecError(
                "S160",
                "charts need the `report` extra",
                helps=("`pip install 'synthspec[report]'`",),
            )
        figures = [
            (section.id, block)
            for section in self.value.sections
            for block in section.blocks
            if isinstance(block, Figure)
        ]
        return {f"{place}: {block.chart.title}": chart_of(block.chart) for place, block in figures}

    def save(self, path: str | Path) -> Path:
        """Write the report, as its ending says.

        Raises:
            SpecError: S152, when the ending is neither .html nor .json.
            ReleaseError: Q641, when it would lie in a signed release.
        """
        from synthspec.release.attestation import refuse_within

        file = Path(path)
        refuse_within(file)
        match file.suffix:
            case ".html":
                file.write_bytes(self.html())
            case ".json":
                file.write_bytes(self.json())
            case _:
                raise SpecError(
                    "S152", f"`{file.name}` ends neither in .html nor in .json", helps=("`-o report.html`",)
                )
        return file

"""Plan: what training would do and cost, as a value with verbs; a plan file is consent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, final

from synthspec.errors import SpecError

if TYPE_CHECKING:
    import polars as pl

    from synthspec.api.release import Release
    from synthspec.plan.plan import Plan as PlanValue


@final
class Plan:
    """A priced plan. Only `train` reads private data and spends."""

    def __init__(self, value: PlanValue) -> None:
        self._value = value

    @property
    def value(self) -> PlanValue:
        """The plan as data."""
        return self._value

    @property
    def digest(self) -> str:
        """What names this computation: equal digests do the same."""
        return self._value.digest()

    @property
    def epsilon(self) -> float:
        """The epsilon that the plan may spend."""
        return self._value.epsilon

    def __repr__(self) -> str:
        return f"Plan({self._value.name!r}, {self.digest[:8]})"

    @property
    def steps(self) -> pl.DataFrame:
        """One row a step that reads private data: step, what, share, noise, epsilon alone, error."""
        import polars as pl

        rows = self._value.predictions
        return pl.DataFrame(
            {
                "step": [row.step for row in rows],
                "what": [row.what for row in rows],
                "share": [row.share for row in rows],
                "noise": [row.noise for row in rows],
                "epsilon_alone": [row.epsilon_alone for row in rows],
                "error": [row.error for row in rows],
                "worst": [row.worst for row in rows],
            },
            schema={
                "step": pl.String,
                "what": pl.String,
                "share": pl.Float64,
                "noise": pl.String,
                "epsilon_alone": pl.Float64,
                "error": pl.Float64,
                "worst": pl.String,
            },
        )

    def text(self, *, full: bool = False) -> str:
        """Return the plan for people: steps, prices, rules, gates, what is taken as public, its ledger."""
        from synthspec.api.ledgers import charged, forecast
        from synthspec.api.reuse import reuse
        from synthspec.plan.explain import explain

        again, before = reuse(self._value), charged(self._value)
        text = explain(self._value, full=full, ledger=forecast(self._value), reuse=again, before=before)
        return text.rstrip("\n")

    def _repr_html_(self) -> str:
        """Return the plan for notebooks, in a frame without scripts; reads no private data."""
        from synthspec.api.ledgers import charged, forecast
        from synthspec.report.planned import planned
        from synthspec.report.render.html import framed, render_html

        page = render_html(
            planned(self._value, forecast(self._value), charged(self._value)),
            kind="Plan",
            foot="Nothing was read and nothing was charged.",
        )
        return framed(page, f"plan of {self._value.name}")

    def save(self, path: str | Path) -> Path:
        """Write the plan file (JSON) and return its path."""
        file = Path(path)
        text = json.dumps(self._value.model_dump(mode="json"), ensure_ascii=False, indent=1)
        file.write_text(text + "\n", encoding="utf-8")
        return file

    def train(
        self,
        *,
        out: str | Path | None = None,
        resume: bool = False,
        replace: bool = False,
        progress: Callable[[int, int, str], None] | None = None,
        device: Literal["auto", "cpu", "cuda"] = "auto",
        processes: int | Literal["torchrun"] = 1,
    ) -> Release:
        """Charge the ledger for the whole plan, learn, and write the release.

        Args:
            out: the release folder; the plan's, or `out/<name>`.
            resume: go on with a run of this plan that was interrupted after its charge.
            replace: put the release in the place of an older one.
            progress: told the number of each step as it starts, how many there are, and its public name.
            device: where networks are trained; neither the plan nor its price depend on it.
            processes: how many share the private steps of networks: started here, or by torchrun, with
                this process as the first (the others call `api.train.accompany`). As for `device`.

        Raises:
            SpecError: no GPU where one was asked for, a missing extra, processes that do not come together;
                nothing is spent then.
            BudgetError: over the cap, an unknown or tampered ledger, a stale plan; nothing is spent then.
            SourceError: the source does not fit the spec; nothing is spent then.
            SamplingError: the rules cannot be met; what was bought is kept for `resume`.
        """
        from synthspec.api.release import load_release
        from synthspec.api.train import train

        folder = train(
            self._value,
            out=out,
            resume=resume,
            replace=replace,
            progress=progress,
            device=device,
            processes=processes,
        )
        release = load_release(folder)
        release.attach_report()
        return release


def load_plan(path: str | Path) -> Plan:
    """Return the plan in a file.

    Raises:
        SpecError: S154, when the file holds no plan.
    """
    from pydantic import ValidationError

    from synthspec.plan.plan import Plan as PlanValue

    try:
        tree = json.loads(Path(path).read_text(encoding="utf-8"))
        return Plan(PlanValue.model_validate(tree))
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
    except (ValueError, ValidationError, RecursionError):
        reason = "it is not a plan of this version"
    raise SpecError(
        "S154",
        f"cannot read the plan `{path}`: {reason}",
        helps=("`synthspec plan SPEC -o FILE` writes one",),
    )


def is_plan_file(path: str | Path) -> bool:
    """Return whether a path seems to hold a plan rather than a spec."""
    file = Path(path)
    if file.suffix in (".yaml", ".yml"):
        return False
    try:
        with file.open("rb") as handle:
            return handle.read(64).lstrip().startswith(b"{")
    except OSError:
        return False

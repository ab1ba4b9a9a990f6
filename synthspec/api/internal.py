"""internal: the internal edition of a report: reads the source, and writes beside the release only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.api.apart import apart_of, write_apart
from synthspec.errors import BudgetError, ReleaseError, SpecError
from synthspec.privacy.table_address import is_table_address, read_table_address

if TYPE_CHECKING:
    from synthspec.api.release import Release
    from synthspec.plan.plan import Plan

ATTACKS = ("shadow",)
"""Attacks that are run only when they are asked for."""

Told = Callable[[str], None]


def internal(
    release: Release,
    source: str | Path | None,
    *,
    control: str | Path | None = None,
    attacks: Sequence[str] = (),
    labels: Sequence[str] = (),
    out: str | Path | None = None,
    told: Told = lambda step: None,
) -> Path:
    """Write the internal edition of a release and return its folder.

    Args:
        release: with its rows.
        source: the table that it was made from.
        control: a file like the source, of people who are not in it.
        attacks: further attacks, of `ATTACKS`.
        labels: columns that models predict.
        out: the folder; beside the release, with `.internal` behind its name, without.
        told: hears the public name of each step.

    Raises:
        ReleaseError: Q620, without scikit-learn; Q621, for the folder; Q622, without a source or rows.
        SpecError: Q623, for a label that the release has no codes of.
        SourceError: D4xx, when the source or the control is not there or does not fit; D420, D421.
        GateError: Q646, when the source is not the one that the release was made from.
        KernelError: K703, whatever went wrong beside private rows.
    """
    folder = ready(release, source, labels, out)
    assert source is not None
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.engine import engine_of
    from synthspec.run.internal.evaluate import Asked, beside_rows, evaluate
    from synthspec.run.internal.sources import refuse_same

    plan = _located(release.value.plan, source)
    engine = engine_of(plan.source)
    _check(plan, release)
    beside = None if control is None else _located(plan, control)
    if beside is not None:
        _check(beside, release)
        refuse_same(plan, beside)
    tied = _tied(release, plan)
    asked = Asked(
        release=release.value,
        plan=plan,
        frame=release.data(),
        manifest=_manifest(release.folder),
        tied=tied,
        control=beside,
        split=_split(release),
        labels=tuple(labels),
        shadow="shadow" in attacks,
        releases=None if release.value.ledger is None else release.value.ledger.releases,
    )
    found = evaluate(asked, engine, SystemNoise(), told)
    told("writing the page")
    return write_apart(folder, beside_rows("writing the page", lambda: _written(release, found)))


def ready(release: Release, source: str | Path | None, labels: Sequence[str], out: str | Path | None) -> Path:
    """Return the folder, once everything is there that an internal edition needs; reads no private row."""
    if find_spec("sklearn") is None:
        raise ReleaseError(
            "Q620",
            "the internal edition needs the extra `eval`",
            helps=("install it: `pip install 'synthspec[eval]'`",),
        )
    plan = release.value.plan
    if source is None:
        raise ReleaseError(
            "Q622",
            "the internal edition reads the source, and none was named",
            notes=("a release does not say where its source lies",),
            helps=(f"`synthspec report {release.folder} --internal --source PATH`",),
        )
    if plan.source is None or plan.protection is None or not release.value.rows:
        raise ReleaseError(
            "Q622",
            f"`{release.folder.name}` has no {'source' if release.value.rows else 'rows'} to be looked at",
            helps=(f"the public report says all there is: `synthspec report {release.folder}`",),
        )
    coded = [
        column.name for column in release.value.columns if column.column is not None and not column.hidden
    ]
    wrong = [name for name in labels if name not in coded]
    if wrong:
        raise SpecError(
            "Q623",
            f"the release has no column `{wrong[0]}` that a model could predict",
            helps=(f"name one of {', '.join(f'`{name}`' for name in coded[:12])}",),
        )
    return apart_of(release.folder, out)


def _located(plan: Plan, path: str | Path) -> Plan:
    """Return the plan with another source's path; its format follows the ending where that is known."""
    assert plan.source is not None
    if is_table_address(str(path)):
        address = read_table_address(str(path)).located(Path())
        kind = "duckdb" if isinstance(address.place, Path) else "postgres"
        return plan.model_copy(
            update={"source": plan.source.model_copy(update={"path": str(address), "format": kind})}
        )
    file = Path(path).expanduser().absolute()
    formats = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}
    update: dict[str, object] = {
        "path": str(file),
        "format": formats.get(file.suffix.lower(), plan.source.format),
    }
    if plan.source.units is not None:  # a release does not say in which folder its table of units lay
        beside = file.parent / Path(plan.source.units.path).name
        update["units"] = plan.source.units.model_copy(update={"path": str(beside)})
    return plan.model_copy(update={"source": plan.source.model_copy(update=update)})


def _check(plan: Plan, release: Release) -> None:
    from synthspec.plan.view import build_view
    from synthspec.run.engine import engine_of
    from synthspec.run.preflight import check_view

    assert plan.source is not None
    check_view(build_view(plan, release.value.columns), engine_of(plan.source))


def _tied(release: Release, plan: Plan) -> bool:
    """Return whether the source is shown to be the release's own; Q646 when it is shown not to be."""
    from synthspec.api.commitments import match
    from synthspec.run.internal.sources import source_files

    try:
        match(release.folder, source_files(plan))
    except ReleaseError:
        return False  # Q647: no commitment, or its key is elsewhere
    return True


def _split(release: Release) -> bytes | None:
    """Return the key of the release's holdout, where it has one and the key is here."""
    from synthspec.api.commitments import charge_of
    from synthspec.privacy.inside import inside_of

    if release.value.plan.holdout is None:
        return None
    charge = charge_of(release.value)
    try:
        return None if charge is None else inside_of(charge, make=False).holdout
    except BudgetError:
        return None


def _manifest(folder: Path) -> str:
    from synthspec.release.manifest import NAME, digest_of

    return digest_of(folder / NAME)[1]


def _written(release: Release, found: object) -> dict[str, bytes]:
    from synthspec.attack.evaluation import Evaluation
    from synthspec.report.internal.page import digest_of, public_part, render_json, render_page

    assert isinstance(found, Evaluation)
    report = release.report()
    page = report.html()
    whole = found.model_copy(update={"public_part": digest_of(public_part(page))})
    return {
        "evaluation.json": render_json(whole),
        "report.html": render_page(page, whole, release.value.claim, report.value.day),
    }

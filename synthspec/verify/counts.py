"""counts: rules, questions and gates counted again on the released rows.

Rules are evaluated by both engines on the released file: by expressions of the first, and by queries that we
derive from the closed `Expr` of each rule, never by text of the release (DECISIONS 27).

Source: ours.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from synthspec.draw.answers import counted
from synthspec.draw.frame import typed
from synthspec.draw.recount import recount
from synthspec.draw.rows import violations
from synthspec.plan.plan import PlannedColumn
from synthspec.release.bundle import data_path
from synthspec.release.release import NORMAL_95, Assessment, Release
from synthspec.report.gates import judge
from synthspec.verify.standalone import Check, many_of

MOST_ROWS = 20_000_000


def check_rules(release: Release, folder: Path) -> Check:
    """Return whether both engines count on the file what the certificate says."""
    held = release.certificate
    if tuple(rule.name for rule in held.rules) != tuple(rule.name for rule in release.plan.rules):
        return Check("rules", "failed", "the certificate is of other rules than the plan's")
    if held.rows > MOST_ROWS:
        return Check("rules", "not done", f"more than {MOST_ROWS:,} rows are not counted again")
    path = data_path(folder)
    if _header(path) != [column.name for column in release.columns if not column.hidden]:
        return Check("rules", "failed", "the file has other columns than the release says")
    again = recount(path, release.columns, release.plan.rules)
    frame = typed(frame_of(path, release), [c for c in release.columns if not c.hidden])
    own = violations(frame, release.plan.rules) if not _hidden(release) else {}
    if again.rows != held.rows:
        return Check("rules", "failed", f"the file has {again.rows} rows, and the certificate {held.rows}")
    for rule in held.rules:
        found = again.broken[rule.name]
        if found != rule.recounted:
            text = f"rule `{rule.name}` is broken by {found} rows, and the certificate says {rule.recounted}"
            return Check("rules", "failed", text)
        if own and own.get(rule.name, 0) != rule.violations:
            text = f"rule `{rule.name}` comes out otherwise in the first engine"
            return Check("rules", "failed", text)
    if counted(release.plan, release.columns, frame_of(path, release)) != release.counted:
        return Check("rules", "failed", "the questions of the spec come out otherwise on these rows")
    broken = many_of(held.violations, "violation")
    said = f"{many_of(len(held.rules), 'rule')} counted again by {again.engine}: {broken}"
    return Check("rules", "passed", said, {"rules": len(held.rules), "violations": held.violations})


def _header(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pl.read_parquet_schema(path))
    return pl.read_csv(path, n_rows=0, infer_schema=False, glob=False).columns


def _hidden(release: Release) -> bool:
    return any(column.hidden and column.from_source is not None for column in release.columns)


def frame_of(path: Path, release: Release) -> pl.DataFrame:
    """Return the file's rows with the types of a released table."""
    shown = [column for column in release.columns if not column.hidden]
    if path.suffix == ".parquet":
        return pl.read_parquet(path, columns=[column.name for column in shown], glob=False)
    frame = pl.read_csv(path, infer_schema=False, glob=False)
    return frame.select(_cast(column) for column in shown)


def _cast(column: PlannedColumn) -> pl.Expr:
    value = pl.col(column.name)
    match column.type.name:
        case "int":
            return value.cast(pl.Int64)
        case "float":
            return value.cast(pl.Float64)
        case "bool":
            return value == "true"
        case "decimal":
            return value.str.to_decimal(scale=column.type.scale)
        case "date":
            return value.str.to_date("%Y-%m-%d")
        case "datetime":
            return value.str.to_datetime("%Y-%m-%d %H:%M:%S")
        case _:
            return value


def check_gates(release: Release) -> Check:
    """Return whether each paid figure has the interval that its noise gives, and how the gates come out."""
    stddev = {event.id: event.stddev for event in release.events}
    for each in release.assessments:
        if not _fits(each, stddev.get(each.event)):
            text = f"the interval of `{each.name}` is not one that its noise can have"
            return Check("gates", "failed", text)
    outcomes = [result.outcome for result in judge(release)]
    if not outcomes:
        return Check("gates", "passed", "the spec sets no gates")
    many = ", ".join(
        f"{outcomes.count(each)} {each}" for each in ("pass", "fail", "unknown") if each in outcomes
    )
    return Check("gates", "passed", f"recomputed from the paid figures: {many}")


def _fits(figure: Assessment, stddev: float | None) -> bool:
    """Return whether an interval lies around its figure and is at least as wide as the noise makes it.

    What is cut off at 0 or 1 tells nothing of its width; the noise of the number of rows only adds to it.
    """
    if stddev is None or not figure.low <= figure.value <= figure.high:
        return False
    grid = 1024 * (1 if figure.worst else figure.cliques)
    least = NORMAL_95 * stddev / grid / (2 * max(1.0, figure.n_hat)) * (1 - 1e-9)
    if not 0.0 < figure.value < 1.0:
        return True
    below, above = figure.value - figure.low, figure.high - figure.value
    return (figure.low == 0.0 or below >= least) and (figure.high == 1.0 or above >= least)

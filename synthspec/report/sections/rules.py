"""rules: what every released row obeys."""

from __future__ import annotations

from collections.abc import Mapping

from synthspec.release.release import Release, RuleCheck, Strategy
from synthspec.report.blocks import Block, Prose, Section, Table, Value
from synthspec.report.words import count, named, number, percent, plain, quoted

MET: dict[Strategy, str] = {
    "construction": "by construction",
    "transform": "by modelling another column",
    "repair": "changing rows of a unit",
    "within": "drawing values again inside their codes",
    "rejection": "redrawing rows",
    "model": "zeros in the model",
    "unchecked": "not enforced",
}


def rules(release: Release) -> Section:
    """Return the section."""
    held = release.certificate
    blocks: tuple[Block, ...]
    if not held.rules:
        blocks = (Prose(parts=("The spec states no rules.",)),)
    else:
        blocks = (_summary(release), _table(held.rules, {each.rule: each.how for each in release.plan.met}))
    return Section(
        id="rules", title="Rules", question="Do the released rows obey what the spec demands?", blocks=blocks
    )


def _summary(release: Release) -> Prose:
    held = release.certificate
    if held.problem is not None:
        return Prose(parts=("There are no rows: ", plain(held.problem), "."))
    parts: list[str | Value] = [
        "Every rule was evaluated on each of the ",
        number(held.rows, count(held.rows), "S"),
        " released rows. Enforced rules fail ",
        number(held.violations, count(held.violations), "S"),
        " times.",
    ]
    if held.engine is not None:
        parts += [" They were evaluated once more on the written file, by ", named(held.engine), "."]
    if held.acceptance is not None:
        parts += [
            " Of the rows drawn, ",
            number(held.acceptance, percent(held.acceptance), "S"),
            " were kept.",
        ]
    for check in held.rules:
        if check.repaired:
            parts += [
                " To meet ",
                named(check.name),
                ", ",
                number(check.repaired, percent(check.repaired), "S"),
                " of the released rows were changed or drawn anew: they do not follow what was learnt.",
            ]
    return Prose(parts=tuple(parts))


def _table(checks: tuple[RuleCheck, ...], hows: Mapping[str, str]) -> Table:
    """Return the table; values redrawn inside their codes follow what was learnt, repaired rows do not."""
    ordered = sorted(checks, key=lambda check: -check.worst)
    return Table(
        caption="Rules, most violations first",
        columns=(
            "Rule",
            "Says",
            "Met by",
            "Values redrawn",
            "Repaired",
            "Rows kept",
            "Violations",
            "Second engine",
        ),
        rows=tuple(_row(check, hows.get(check.name)) for check in ordered),
        numeric=(3, 4, 5, 6, 7),
    )


def _share(value: float | None) -> Value:
    return plain("") if value is None else number(value, percent(value), "S")


def _row(check: RuleCheck, how: str | None) -> tuple[Value, ...]:
    says = check.text if check.because is None else f"{check.text} ({check.because})"
    again = check.recounted
    met = (how or MET[check.strategy]) if check.enforce == "always" else "reported only"
    return (
        named(check.name),
        quoted(says),
        plain(met),
        _share(check.mended),
        _share(check.repaired),
        _share(check.acceptance),
        number(check.violations, count(check.violations), "S"),
        plain("") if again is None else number(again, count(again), "S"),
    )

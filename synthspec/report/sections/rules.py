"""rules: what every released row obeys."""

from __future__ import annotations

from collections.abc import Mapping

from synthspec.plan.explain_rules import CLASSES
from synthspec.release.release import Certificate, Release, RuleCheck
from synthspec.report.blocks import Block, Prose, Section, Table, Value
from synthspec.report.words import count, named, number, percent, plain, quoted

CLASS: dict[str, str] = {**CLASSES, "model": CLASSES["construction"]}
"""Words for how a rule is met, those of the plan; `model` stands in older releases."""


_COLUMNS = (
    "Redrawn: drawn rows in which a value was drawn again inside its bin; they follow what was learnt. "
    "Repaired: released rows that were changed, or drawn anew with their unit; they do not. "
    "Kept: drawn rows that meet the rule. Checked: released rows on which it was evaluated. "
    "Broken: those that break it, counted as they were drawn, then by the second engine on the written file."
)


def rules(release: Release) -> Section:
    """Return the section."""
    held = release.certificate
    blocks: tuple[Block, ...]
    if not held.rules:
        blocks = (Prose(parts=("The spec states no rules.",)),)
    else:
        hows = {each.rule: each.how for each in release.plan.met}
        blocks = (_summary(release), _stated(held, hows), _counted(held), Prose(parts=(_COLUMNS,)))
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
    broken = sum(check.worst > 0 for check in held.rules)
    parts += [
        " Of all ",
        number(len(held.rules), count(len(held.rules)), "S"),
        " rules, ",
        number(broken, count(broken), "S"),
        " are broken by at least one row.",
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


def _stated(held: Certificate, hows: Mapping[str, str]) -> Table:
    """Return what each rule says and how it is met."""
    return Table(
        caption="What each rule says, and how it is met",
        columns=("Rule", "Says", "Met", "How"),
        rows=tuple(_says(check, hows.get(check.name)) for check in _ordered(held)),
    )


def _says(check: RuleCheck, how: str | None) -> tuple[Value, ...]:
    says = check.text if check.because is None else f"{check.text}; because {check.because}"
    met = CLASS[check.strategy] if check.enforce == "always" else CLASS["unchecked"]
    return named(check.name), quoted(says), plain(met), plain((how or "").replace("`", ""))


def _counted(held: Certificate) -> Table:
    """Return the counts; values redrawn inside their codes follow what was learnt, repaired rows do not."""
    return Table(
        caption="What was counted, most broken first",
        columns=(
            "Rule",
            "Redrawn",
            "Repaired",
            "Kept",
            "Checked",
            "Broken",
            f"By {held.engine}" if held.engine else "Again",
        ),
        rows=tuple(_counts(check, held.rows) for check in _ordered(held)),
        numeric=(1, 2, 3, 4, 5, 6),
    )


def _ordered(held: Certificate) -> list[RuleCheck]:
    return sorted(held.rules, key=lambda check: -check.worst)


def _share(value: float | None) -> Value:
    return plain("") if value is None else number(value, percent(value), "S")


def _counts(check: RuleCheck, rows: int) -> tuple[Value, ...]:
    again = check.recounted
    return (
        named(check.name),
        _share(check.mended),
        _share(check.repaired),
        _share(check.acceptance),
        number(rows, count(rows), "S"),
        number(check.violations, count(check.violations), "S"),
        plain("not counted") if again is None else number(again, count(again), "S"),
    )

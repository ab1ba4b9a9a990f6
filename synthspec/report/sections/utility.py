"""utility: how a classifier learned on released rows does on private ones; tails; how many rows there are."""

from __future__ import annotations

from synthspec.metrics.estimate import Estimate
from synthspec.release.release import Release
from synthspec.release.scored import Part, Tail
from synthspec.report.blocks import Block, Callout, Dots, Figure, Heading, Prose, Section, Table, Value
from synthspec.report.usefulness import GroupFigures, Label, by_group, labels
from synthspec.report.words import about, count, named, near, number, plain, up

TOO_FEW = "too few rows for a reliable number"
FINEST = 0.005
"""A figure is shown to a tenth of half its interval, and never more finely than a tenth of this."""
PARTS: dict[Part, str] = {
    "all": "all private rows, those that the models learned from included",
    "learned from": "the private rows that the models learned from",
    "held out": "private rows of units that were held out: nothing was learned from them",
}


def utility(release: Release) -> Section:
    """Return the section."""
    blocks: list[Block] = [*_rows(release)]
    for label in labels(release):
        blocks += _label(release, label)
    if not release.scores:
        blocks.append(
            Prose(
                parts=(
                    "No classifier was scored on private rows. A gate `auc_gap(COLUMN) <= ...`, or a "
                    "question of `must_answer` about one column, names what to predict in the spec; the "
                    "`report` share of the budget then pays for it.",
                )
            )
        )
    blocks += _tails(release)
    blocks.append(_caution())
    return Section(
        id="utility",
        title="What the rows are good for",
        question="Does what is learned on released rows hold on private ones?",
        blocks=tuple(blocks),
    )


def _rows(release: Release) -> tuple[Block, ...]:
    if not release.evaluation.rows:
        return ()
    rows = []
    for each in release.evaluation.rows:
        found = each.estimate()
        text = f"{about(found.low, found.half)} to {about(found.high, found.half)}"
        rows.append(
            (
                plain(each.part),
                _number(found, about(found.value, found.half), (each.event,)),
                _number(found, text, (each.event,)),
                plain(each.event),
            )
        )
    return (
        Table(
            caption="Private rows, after rows that break a rule are dropped and units are cut",
            columns=("Which rows", "Noisy number", "90 % interval", "Event"),
            rows=tuple(rows),
            numeric=(1, 2),
        ),
    )


def _label(release: Release, label: Label) -> tuple[Block, ...]:
    first = label.scores[0]
    name = named(label.name)
    says: list[str | Value] = [
        "A classifier of ",
        name,
        " (is it ",
        named(first.positive),
        "?) was learned on half of ",
    ]
    says += ["the released rows, and on no private row: an additive score of all other columns. "]
    says += [f"It was scored on {PARTS[first.part]}. "]
    if release.plan.source_public:
        says.append("The source is public, so the counts have no noise.")
    else:
        noise = max(each.stddev for each in label.scores)
        says += [
            "Their counts by score, outcome and group were bought with noise of ",
            number(noise, up(noise), "M", label.events),
            f" rows a cell ({', '.join(label.events)}); the figure of exactly these rows lies in its "
            "interval with 90 %. Which figures have too few rows is decided by the released rows and the "
            "noisy number of rows, not by the counts themselves, so that none is shown because its noise was "
            "kind.",
        ]
    blocks: list[Block] = [Heading(text=f"Predicting {name.text}"), Prose(parts=tuple(says)), _figures(label)]
    calibrated = _calibration(label)
    blocks += [] if calibrated is None else [calibrated]
    for scores in label.scores:
        found = by_group(release, label, scores)
        if found and scores.group is not None:
            blocks.append(_groups(found, named(scores.group.column), name, (scores.event,)))
    return tuple(blocks)


def _figures(label: Label) -> Table:
    private, released, t, events = label.private, label.released, label.threshold, label.events
    lines: list[tuple[str, Estimate | None, Estimate | None]] = [
        ("Area under the ROC curve (AUC)", private.auc(), released.auc()),
        ("F1 at the threshold", private.f1(t), released.f1(t)),
        ("Share of yes rows called yes", private.true_positives(t), released.true_positives(t)),
        ("Share of no rows called yes", private.false_positives(t), released.false_positives(t)),
        ("Share of rows called yes", private.selected(t), released.selected(t)),
        ("Share of yes rows", private.base_rate(), released.base_rate()),
    ]
    rows = [(plain(what), *_pair(mine, events), _released(theirs)) for what, mine, theirs in lines]
    rows.append((plain("AUC on released rows minus on private ones"), *_pair(label.gap(), events), plain("")))
    error = private.calibration_error(label.expected)
    rows.append((plain("Mean calibration error"), *_pair(error, events), plain("")))
    return Table(
        caption=f"How well {named(label.name).text} is predicted; threshold: best F1 on released rows",
        columns=("Figure", "Private rows", "90 % interval", "Released rows kept out of the learning"),
        rows=tuple(rows),
        numeric=(1, 2, 3),
    )


def _calibration(label: Label) -> Figure | None:
    found = [(at, each) for at, each in enumerate(label.private.calibration()) if each is not None]
    if not found:
        return None
    expected, events = label.expected, label.events
    outside = [at for at, each in found if not each.low <= expected[at] <= each.high]
    rows = tuple(
        (
            number(at + 1, count(at + 1), "S"),
            number(expected[at], f"{expected[at]:.3f}", "S"),
            *_pair(each, events),
        )
        for at, each in found
    )
    return Figure(
        finding=(
            "Of ",
            number(len(found), count(len(found)), "M", events),
            " score bins that can be told, ",
            number(len(outside), count(len(outside)), "M", events),
            " have another share of yes than the released rows promise (outside the interval).",
        ),
        chart=Dots(
            title="Share of yes by score bin on private rows, and on released ones (tick)",
            axis="share of yes",
            labels=tuple(f"bin {at + 1}" for at, _ in found),
            values=tuple(each.value for _, each in found),
            lows=tuple(each.low for _, each in found),
            highs=tuple(each.high for _, each in found),
            references=tuple(expected[at] for at, _ in found),
        ),
        table=Table(
            caption=f"Calibration of the score of {named(label.name).text}, lowest scores first",
            columns=("Bin", "Released rows", "Private rows", "90 % interval"),
            rows=rows,
            numeric=(0, 1, 2, 3),
        ),
    )


def _groups(found: tuple[GroupFigures, ...], group: Value, name: Value, events: tuple[str, ...]) -> Table:
    rows = []
    for each in found:
        figures = (
            each.base, each.auc, each.hits, each.hits_gap, each.alarms, each.alarms_gap, each.selected,
            each.selected_gap,
        )  # fmt: skip
        rows.append((named(each.name), *(_cell(figure, events) for figure in figures)))
    return Table(
        caption=f"Groups of {group.text}, predicting {name.text}; gaps to everybody else; 90 % intervals; "
        f"event {events[0]}",
        columns=(
            group.text,
            "Share of yes",
            "AUC",
            "Yes rows called yes",
            "Gap",
            "No rows called yes",
            "Gap",
            "Called yes",
            "Gap",
        ),
        rows=tuple(rows),
        numeric=tuple(range(1, 9)),
    )


def _tails(release: Release) -> tuple[Block, ...]:
    if not release.evaluation.tails:
        return ()
    return (
        Heading(text="Tails"),
        Table(
            caption="Private rows beyond a quantile of the released ones; at 1 there are as many",
            columns=(
                "Column",
                "Quantile",
                "Beyond",
                "Released share",
                "Ratio",
                "90 % interval",
                "Counted",
                "Event",
            ),
            rows=tuple(_tail(each) for each in release.evaluation.tails),
            numeric=(1, 3, 4, 5),
        ),
    )


def _tail(tail: Tail) -> tuple[Value, ...]:
    return (
        named(tail.column),
        number(tail.quantile, f"{tail.quantile:g}", "S"),
        named(tail.boundary),
        number(tail.nominal, f"{tail.nominal:.4f}", "S"),
        *_pair(tail.ratio(), (tail.event,)),
        plain(tail.part),
        plain(tail.event),
    )


def _number(found: Estimate, text: str, events: tuple[str, ...]) -> Value:
    return number(found.value, text, "B", events, low=found.low, high=found.high)


def _pair(found: Estimate | None, events: tuple[str, ...]) -> tuple[Value, Value]:
    """Return a figure and its interval, or that there is none."""
    if found is None:
        return plain(TOO_FEW), plain("")
    width = max(found.half, FINEST)
    ends = f"{near(found.low, width)} to {near(found.high, width)}"
    return _number(found, near(found.value, width), events), _number(found, ends, events)


def _cell(found: Estimate | None, events: tuple[str, ...]) -> Value:
    if found is None:
        return plain("too few rows")
    width = max(found.half, FINEST)
    text = f"{near(found.value, width)} ({near(found.low, width)} to {near(found.high, width)})"
    return _number(found, text, events)


def _released(found: Estimate | None) -> Value:
    return plain("") if found is None else number(found.value, f"{found.value:.3f}", "S")


def _caution() -> Callout:
    return Callout(
        tone="warning",
        title="Naive standard errors from released rows are too small",
        parts=(
            "A regression or a test on released rows takes them for a sample of people. They come from a "
            "model that was fitted to noisy counts, so its intervals miss the noise and the model's error: "
            "confidence intervals become too narrow. The figures above are about private rows; check an "
            "effect against them, or ask the keeper of the data to.",
        ),
    )

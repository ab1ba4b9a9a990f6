"""fidelity: how close the released rows are, and where they are furthest off."""

from __future__ import annotations

from synthspec.release.level import rows_alone
from synthspec.release.release import Assessment, Release
from synthspec.report.blocks import Block, Callout, Dots, Figure, Heading, Prose, Section, Table, Value
from synthspec.report.closeness import columns, headline
from synthspec.report.measured import Comparison, compare, rebuild, total
from synthspec.report.uncertain import known
from synthspec.report.words import about, count, listed, near, number, plain, up

WORST = 10
ORDERS = {1: "single columns", 2: "pairs of columns", 3: "triples of columns"}


def fidelity(release: Release) -> Section:
    """Return the section."""
    groups = known(release)
    blocks: list[Block] = [*headline(release, groups), *_paid(release)]
    for group in groups:
        blocks += columns(release, group)
    blocks += [*_measured(release), *_expected(release), _caution()]
    return Section(
        id="fidelity",
        title="How close the rows are",
        question="How far are the released rows from the private ones, and where is it worst?",
        blocks=tuple(blocks),
    )


def _paid(release: Release) -> tuple[Block, ...]:
    if not release.assessments:
        return (Prose(parts=("No error figures were bought with this release.",)),)
    title = "Public rows" if release.plan.source_public else "Paid for: private rows"
    return (Heading(text=f"{title} against released ones"), _rows(release), _distances(release))


def _rows(release: Release) -> Prose:
    first = release.assessments[0]
    if release.plan.source_public:
        how, end = "The figures were read off the public rows, without noise", " rows."
    else:
        how, end = "The figures were bought from the private rows with noise", " rows, a noisy count."
    return Prose(
        parts=(
            "Total variation distance is the largest difference of any share: 0 is equal, 1 has nothing in "
            f"common. {how}; with 90 % the true ones lie in their intervals. They are measured against "
            "about ",
            number(first.n_hat, about(first.n_hat, first.n_hat / 300), "B", (first.event,)),
            end,
        )
    )


def _distances(release: Release) -> Figure:
    width = max(a.high - a.low for a in release.assessments) / 2
    rows = tuple(_distance(a, width) for a in release.assessments)
    worst = max(release.assessments, key=lambda a: a.value)
    return Figure(
        finding=(
            f"The largest distance is that of the {_which(worst)}: ",
            number(
                worst.value, near(worst.value, width), "B", (worst.event,), low=worst.low, high=worst.high
            ),
            ".",
        ),
        chart=Dots(
            title="Distances with 90 % intervals",
            axis="total variation distance",
            labels=tuple(_which(a) for a in release.assessments),
            values=tuple(a.value for a in release.assessments),
            lows=tuple(a.low for a in release.assessments),
            highs=tuple(a.high for a in release.assessments),
        ),
        table=Table(
            caption="Total variation distances"
            + ("" if release.plan.source_public else ", bought with the report's share of the budget"),
            columns=("Figure", "Tables", "Distance", "90 % interval", "Event"),
            rows=rows,
            numeric=(1, 2, 3),
        ),
    )


def _which(assessment: Assessment) -> str:
    return f"{'worst' if assessment.worst else 'mean'} of {ORDERS.get(assessment.order, 'columns')}"


def _distance(a: Assessment, width: float) -> tuple[Value, ...]:
    return (
        plain(_which(a)),
        number(a.cliques, count(a.cliques), "S"),
        number(a.value, near(a.value, width), "B", (a.event,), low=a.low, high=a.high),
        number(
            a.value, f"{near(a.low, width)} to {near(a.high, width)}", "B", (a.event,), low=a.low, high=a.high
        ),
        plain(a.event),
    )


def _measured(release: Release) -> tuple[Block, ...]:
    found = compare(release, rebuild)
    if not found:
        return ()
    blocks: list[Block] = [Heading(text="Free: the model against the noisy answers it learned from")]
    blocks += [_explained(release, found), _worst(found)]
    if len(found) > WORST:
        blocks.append(
            _comparisons(found, "Every measured table, largest unexplained distance first", folded=True)
        )
    return tuple(blocks)


def _explained(release: Release, found: tuple[Comparison, ...]) -> Prose:
    parts: list[str | Value] = [
        "Each noisy table that was bought is compared with the model's own. Noise alone keeps them apart "
        "by the "
        "distance marked; what goes beyond is what the model does not follow. Of ",
        number(len(found), count(len(found)), "M", tuple(c.event for c in found)),
        " tables, ",
    ]
    far = tuple(c for c in found if c.z > 4)
    parts += [
        number(len(far), count(len(far)), "M", tuple(c.event for c in found)),
        " lie further off than noise explains (chi-square more than four standard deviations above its "
        "mean).",
    ]
    rows = total(tuple(rows_alone(release)))
    if rows is not None:
        text = f"{about(rows.value, rows.stddev)} ± {up(rows.stddev, 2)}"
        parts += [
            " All tables together count ",
            number(rows.value, text, "M", rows.events),
            " rows (one standard deviation).",
        ]
    return Prose(parts=tuple(parts))


def _worst(found: tuple[Comparison, ...]) -> Figure:
    top = found[:WORST]
    first = top[0]
    return Figure(
        finding=(
            listed(first.attributes),
            " deviates most: ",
            number(first.seen, f"{first.seen:.3f}", "M", (first.event,)),
            ", of which noise explains about ",
            number(first.noise, f"{first.noise:.3f}", "M", (first.event,)),
            ".",
        ),
        chart=Dots(
            title="Distance seen, and what noise alone gives (tick)",
            axis="total variation distance",
            labels=tuple(listed(c.attributes).text for c in top),
            values=tuple(c.seen for c in top),
            lows=tuple(c.seen for c in top),
            highs=tuple(c.seen for c in top),
            references=tuple(c.noise for c in top),
        ),
        table=_comparisons(top, "The largest unexplained distances", folded=False),
    )


def _comparisons(found: tuple[Comparison, ...], caption: str, *, folded: bool) -> Table:
    return Table(
        caption=caption,
        columns=("Columns", "Cells", "Seen", "Noise alone", "Chi-square / cells", "Event"),
        rows=tuple(_comparison(c) for c in found),
        numeric=(1, 2, 3, 4),
        folded=folded,
    )


def _comparison(c: Comparison) -> tuple[Value, ...]:
    event = (c.event,)
    return (
        listed(c.attributes),
        number(c.cells, count(c.cells), "S"),
        number(c.seen, f"{c.seen:.3f}", "M", event),
        number(c.noise, f"{c.noise:.3f}", "M", event),
        number(c.chi2 / c.cells, f"{c.chi2 / c.cells:.2f}", "M", event),
        plain(c.event),
    )


def _expected(release: Release) -> tuple[Block, ...]:
    steps = tuple(p for p in release.plan.predictions if p.error is not None)
    if not steps:
        return ()
    rows = tuple(
        (
            plain(step.step),
            plain(step.what),
            number(step.error or 0.0, f"{step.error:.3f}", "S"),
            plain(step.worst or ""),
        )
        for step in steps
    )
    return (
        Table(
            caption="What the plan expected, before anything was read: error from noise alone",
            columns=("Step", "What", "Expected distance", "Worst"),
            rows=rows,
            numeric=(2,),
            folded=True,
        ),
    )


def _caution() -> Callout:
    return Callout(
        tone="warning",
        title="Standard errors from these rows are too small",
        parts=(
            "A test or an interval computed on released rows as if they were private ones takes no "
            "account of the "
            "noise. Effects near the distances above may be artefacts.",
        ),
    )

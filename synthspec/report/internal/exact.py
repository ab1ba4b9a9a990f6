"""exact: fidelity and utility, read off private rows; how close, and what a user loses."""

from __future__ import annotations

from synthspec.attack.copies import Closeness
from synthspec.attack.evaluation import Evaluation
from synthspec.attack.outcome import Share
from synthspec.report.blocks import Dots
from synthspec.report.internal.attacks import counted
from synthspec.report.internal.parts import (
    Callout,
    Chapter,
    Grid,
    Part,
    Picture,
    Prose,
    between,
    figure,
    share,
)
from synthspec.report.words import listed, named

ORDERS = {1: "single columns", 2: "pairs of columns", 3: "triples of columns"}
SHOWN = 24


def fidelity(evaluation: Evaluation) -> Chapter:
    """Return the chapter on exact distances."""
    exact = evaluation.fidelity
    orders = tuple(
        (
            ORDERS[each.order],
            f"{each.tables:,}",
            figure(each.mean),
            figure(each.ceiling),
            figure(each.control),
            figure(each.worst),
            share(each.like_sample),
        )
        for each in exact.orders
    )
    parts: list[Part] = [
        Prose(
            "Total variation distance between people of the table and released rows. Beside it: what two "
            "samples of these sizes from one population show (the sampling ceiling), and the control, "
            "people who are not in the table (a small control is far off by its size alone). Below the "
            "ceiling there is nothing to see."
        ),
        Grid(
            caption="Exact distances by number of columns",
            columns=("Tables", "Number", "Mean", "Ceiling", "Control", "Worst", "As good as a sample of"),
            rows=orders,
            numeric=(1, 2, 3, 4, 5, 6),
        ),
        _columns(evaluation),
        Grid(
            caption="The ten tables furthest above their ceilings",
            columns=("Columns", "Distance", "Ceiling", "Control"),
            rows=tuple(
                (listed(e.columns).text, figure(e.distance), figure(e.ceiling), figure(e.control))
                for e in exact.worst
            ),
            numeric=(1, 2, 3),
            named=(0,),
        ),
        Grid(
            caption="Differences of association",
            columns=("Measure", "Pairs", "Mean", "Worst", "Worst pair"),
            rows=tuple(
                (a.measure, f"{a.pairs:,}", figure(a.mean), figure(a.worst), listed(a.worst_pair).text)
                for a in exact.associations
            ),
            numeric=(1, 2, 3),
            named=(4,),
        ),
        *_apart(evaluation),
    ]
    return Chapter(
        id="annex-fidelity",
        title="Exact distances",
        question="How far are the released rows from the private ones, to the last digit?",
        parts=tuple(parts),
    )


def _columns(evaluation: Evaluation) -> Picture:
    worst = sorted(evaluation.fidelity.columns, key=lambda e: e.distance - e.ceiling, reverse=True)
    shown = worst[:SHOWN]
    first = shown[0]
    return Picture(
        finding=f"{named(first.column).text} lies furthest above its ceiling: {figure(first.distance)} "
        f"against {figure(first.ceiling)}."
        if first.distance > first.ceiling
        else "No column lies above its sampling ceiling.",
        chart=Dots(
            title="Distance of each column, and its sampling ceiling (tick)",
            axis="total variation distance",
            labels=tuple(named(e.column).text for e in shown),
            values=tuple(e.distance for e in shown),
            lows=tuple(e.distance for e in shown),
            highs=tuple(e.distance for e in shown),
            references=tuple(e.ceiling for e in shown),
        ),
        grid=Grid(
            caption="Every column",
            columns=("Column", "Distance", "Ceiling", "Control", "Kolmogorov-Smirnov", "Wasserstein-1"),
            rows=tuple(
                (
                    e.column,
                    figure(e.distance),
                    figure(e.ceiling),
                    figure(e.control),
                    figure(e.ks),
                    figure(e.w1, 4),
                )
                for e in worst
            ),
            numeric=(1, 2, 3, 4, 5),
            named=(0,),
            folded=len(worst) > 12,
        ),
    )


def _apart(evaluation: Evaluation) -> tuple[Part, ...]:
    tests = [t for t in (evaluation.separation.released, evaluation.separation.control) if t is not None]
    apart = evaluation.separation
    return (
        Grid(
            caption="Can a classifier tell them apart? 0.5 is not at all",
            columns=("Test", "Area under the curve", "95 % interval", "Accuracy", "Rests on"),
            rows=tuple(
                (
                    t.what,
                    figure(t.auc.value),
                    between(t.auc.low, t.auc.high),
                    share(t.accuracy.value),
                    ", ".join(f"{named(name).text} ({figure(weight)})" for name, weight in t.features) or "–",
                )
                for t in tests
            ),
            numeric=(1, 2, 3),
        ),
        Prose(
            "Rows released under differential privacy are expected to be told apart; the columns say "
            f"where. The propensity error of a logistic model is {figure(apart.pmse, 5)}, "
            f"{figure(apart.pmse_ratio, 1)} times what chance gives rows without noise."
        ),
    )


def utility(evaluation: Evaluation) -> Chapter:
    """Return the chapter on models and regressions."""
    useful = evaluation.utility
    parts: list[Part] = [
        Prose(
            f"Three models learn from released rows, and from people of the table, and are tested on the "
            f"same {useful.tested_on}. The gap is what the release costs a user."
        ),
        Grid(
            caption="Models trained on released rows against models trained on people",
            columns=("Predicted", "Model", "Trained on", "Area", "Between seeds", "F1", "Accuracy"),
            rows=tuple(
                (
                    s.label,
                    s.model,
                    s.trained_on,
                    figure(s.auc),
                    figure(s.auc_spread),
                    figure(s.f1),
                    share(s.accuracy),
                )
                for s in useful.scores
            ),
            numeric=(3, 4, 5, 6),
            named=(0,),
        ),
    ]
    if useful.base_rates:
        commonest = "; ".join(f"{named(name).text}: {share(rate)}" for name, rate in useful.base_rates)
        parts.append(Prose(f"Saying the commonest value always is right about {commonest}."))
    if useful.groups:
        parts.append(
            Grid(
                caption="Gradient boosting by group: right about",
                columns=("Predicted", "Group", "People", "Trained on released rows", "Trained on people"),
                rows=tuple(
                    (g.label, f"{g.group} = {g.level}", f"{g.people:,}", _right(g.synthetic), _right(g.real))
                    for g in useful.groups
                ),
                numeric=(2, 3, 4),
                named=(0, 1),
            )
        )
    for fit in evaluation.regressions:
        parts.append(
            Prose(
                f"A logistic model of {named(fit.label).text} = {named(fit.value).text}: the intervals of "
                "the two fits overlap by "
                f"{figure(fit.overlap, 2)} on average (1 is equal, below 0 is apart), the coefficients lie "
                f"{figure(fit.apart, 1)} standard errors apart (median), and {share(fit.agreeing)} agree "
                "in sign and significance. Intervals computed on released rows leave out the noise: they "
                "are too narrow."
            )
        )
        parts.append(
            Grid(
                caption=f"Coefficients for {named(fit.label).text} = {named(fit.value).text}",
                columns=("Term", "On people", "Error", "On released rows", "Error", "Overlap", "Agrees"),
                rows=tuple(
                    (
                        c.term,
                        figure(c.real),
                        figure(c.real_error),
                        figure(c.released),
                        figure(c.released_error),
                        figure(c.overlap, 2),
                        "yes" if c.agrees else "no",
                    )
                    for c in fit.coefficients
                ),
                numeric=(1, 2, 3, 4, 5),
                named=(0,),
                folded=True,
            )
        )
    parts += [Prose(f"{note}.") for note in useful.notes]
    return Chapter(
        id="annex-utility",
        title="What models lose",
        question="How much worse is a model that learned from released rows?",
        parts=tuple(parts),
    )


def _right(value: float | None) -> str:
    return "too few people" if value is None else share(value)


def diagnostics(evaluation: Evaluation) -> Chapter:
    """Return the chapter on copies and distances, under its fixed caveat."""
    near = evaluation.closeness
    return Chapter(
        id="annex-copies",
        title="Copies and distances: diagnostics only",
        question="Has anything been copied wholesale?",
        parts=(
            Callout("This is not evidence of privacy", near.caveat),
            Grid(
                caption="People of the table, and people who are not in it",
                columns=("Figure", "People of the table", "Control"),
                rows=_closeness(near),
                numeric=(1, 2),
            ),
            Prose(
                f"Values are compared on at most {evaluation.values_within:,} steps of each public range. "
                "In small domains equal rows occur by chance: compare with the control only."
            ),
        ),
    )


def _closeness(near: Closeness) -> tuple[tuple[str, str, str], ...]:
    def said(each: Share | None) -> str:
        return "–" if each is None else counted(each)

    far, off = near.distance_control, near.ratio_control
    return (
        ("have an equal released row", counted(near.copied), said(near.copied_control)),
        (
            "have one, and nobody else's record equals theirs",
            counted(near.unique_copied),
            said(near.unique_copied_control),
        ),
        (
            "median distance to the nearest released row",
            figure(near.distance.value, 4),
            figure(None if far is None else far.value, 4),
        ),
        (
            "median ratio of nearest to second nearest",
            figure(near.ratio.value),
            figure(None if off is None else off.value),
        ),
        (
            "released rows nearer to the table than to the control",
            said(near.nearer_than_control),
            "half, without a leak",
        ),
    )

"""Sections of the public page: what they say follows from the release, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from synthspec.attack.audited import AuditResult, Claimed, Played
from synthspec.privacy import risk
from synthspec.privacy.cost import Cost
from synthspec.release.release import Release
from synthspec.report.blocks import Figure, Section, Table, Value
from synthspec.report.ceiling import ceiling, off, sample_like
from synthspec.report.hazards import GUIDES, WORDS
from synthspec.report.sections import SECTIONS
from synthspec.report.sections.budget import budget
from synthspec.report.sections.claim import claim
from synthspec.report.sections.cover import cover
from synthspec.report.sections.fidelity import fidelity
from synthspec.report.sections.hazards import hazards
from synthspec.report.sections.limits import limits
from synthspec.report.sections.mechanism import mechanism
from synthspec.report.sections.subgroups import ratios, subgroups
from synthspec.report.sections.verify import verify
from synthspec.report.uncertain import known
from synthspec.terms.frozen import Frozen
from tests.release.example import empty, release


def tables(section: Section) -> Iterator[Table]:
    for block in section.blocks:
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Figure):
            yield block.table


def text(section: Section) -> str:
    return re.sub(r"\s+", " ", " ".join(strings(section.blocks)))


def strings(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Value):
        yield part.text
    elif isinstance(part, tuple | list):
        for each in part:
            yield from strings(each)
    elif isinstance(part, Frozen):
        for field in type(part).model_fields:
            yield from strings(getattr(part, field))


def shared(made: Release, releases: int = 3) -> Release:
    """Return the release as the last of several on its owner's ledger."""
    assert made.claim is not None and made.ledger is not None
    total = Cost()
    for _ in range(releases):
        total = total + made.claim.cost
    facts = made.ledger.model_copy(
        update={"releases": releases, "charged": total, "cap": total + total, "opened_by": "owner"}
    )
    return replace(made, ledger=facts)


def test_the_attack_table_has_one_unit_a_family_and_all_releases_of_the_ledger() -> None:
    made = shared(release())
    assert made.claim is not None
    table = next(t for t in tables(claim(made)) if t.caption.startswith("The best possible membership"))
    names = [row[0].text for row in table.rows]
    assert names == [
        "one unit",
        "a family of 4 units",
        "one unit, all 3 releases",
        "a family of 4, all 3 releases",
    ]
    mu, slack = made.claim.mu, made.claim.cost.delta0 * 1e-24
    together, more = risk.of_cost(made.claim.cost + made.claim.cost + made.claim.cost)
    wanted = [
        risk.tradeoff(mu, slack, 0.01),
        risk.tradeoff(mu, slack, 0.01, 4),
        risk.tradeoff(together, more, 0.01),
        risk.tradeoff(together, more, 0.01, 4),
    ]
    assert [row[3].number for row in table.rows] == pytest.approx(wanted)
    assert {value.class_ for value in table.rows[2][1:]} == {"M"}
    assert all(value.events == ("ledger",) for value in table.rows[2][1:])


def test_a_member_of_any_group_is_found_no_more_easily_than_anybody() -> None:
    made = release()
    table = next(t for t in tables(claim(made)) if "one member of a group" in t.caption)
    assert made.claim is not None
    found = {row[2].number for row in table.rows}
    assert found == {risk.tradeoff(made.claim.mu, made.claim.cost.delta0 * 1e-24, 0.01)}
    for row in table.rows:
        share, right, believed = (row[i].number for i in (1, 3, 4))
        assert share is not None and right is not None and believed is not None
        assert max(share, 1 - share) < right < 1 and share < believed < 1


def test_the_number_of_releases_on_the_ledger_is_printed_on_the_cover_and_beside_the_claim() -> None:
    made = shared(release(), 7)
    assert "this one included: 7" in text(cover(made)) and "this one included: 7" in text(claim(made))


def test_the_running_total_starts_where_earlier_releases_stopped_and_stays_under_the_cap() -> None:
    made = shared(release())
    figure = [block for block in budget(made).blocks if isinstance(block, Figure)][1]
    assert figure.chart.chart == "steps"
    assert list(figure.chart.totals) == sorted(figure.chart.totals)
    assert made.claim is not None
    one = made.claim.cost.mu2 * 1e-15
    assert 2 * one < figure.chart.totals[0] < figure.chart.totals[-1] <= 3 * one * (1 + 1e-12)
    assert [name for name, _ in figure.chart.limits] == ["the claim: this plan's total", "the ledger's cap"]
    assert "within what was claimed" in text(budget(made))


def test_purchases_beyond_the_claim_are_said_to_be() -> None:
    made = release()
    dear = tuple(e.model_copy(update={"cost": e.cost + e.cost}) for e in made.events)
    said = replace(made, events=dear)
    assert "above what was claimed" in text(budget(said))
    assert "does not add up" in text(cover(said))


def test_everything_private_lies_above_the_line_of_the_pipeline() -> None:
    figure = next(b for b in mechanism(release()).blocks if isinstance(b, Figure))
    assert figure.chart.chart == "flow"
    assert [name for name, _ in figure.chart.boxes][: figure.chart.border] == ["Source", "Bounded"]
    sides = [row[2].text for row in figure.table.rows]
    assert sides == ["private"] * 2 + ["public"] * (len(sides) - 2)
    bare = next(b for b in mechanism(empty()).blocks if isinstance(b, Figure))
    assert bare.chart.chart == "flow" and bare.chart.border is None


def test_the_claim_is_recomputed_beside_itself() -> None:
    made = release()
    table = next(t for t in tables(verify(made)) if t.caption == "Claimed, and recomputed")
    assert made.claim is not None
    claimed, again = table.rows[0][1].number, table.rows[1][1].number
    assert claimed == made.claim.mu and again is not None and again <= made.claim.mu
    assert len(table.rows[1][1].events) == len(made.events)


def test_every_hazard_has_a_status_what_it_shows_and_a_place_that_exists() -> None:
    for made in (release(), shared(release()), empty(), empty(private=True)):
        ids = {section(made).id for section in SECTIONS}
        lines = [row for table in tables(hazards(made)) for row in table.rows]
        assert len(lines) == sum(len(each) for _, each in GUIDES) >= 25
        assert all(row[1].text in WORDS.values() and row[2].text for row in lines)
        assert {row[4].anchor for row in lines if row[4].anchor} <= ids


def test_statuses_follow_the_release() -> None:
    def status(made: Release, what: str) -> str:
        rows = [row for table in tables(hazards(made)) for row in table.rows]
        return next(row[1].text for row in rows if row[0].text == what)

    made, huge = release(), release()
    huge = replace(huge, plan=huge.plan.model_copy(update={"delta": 1e-4}))
    assert status(made, "Large or unexplained ε and δ") == WORDS["evidence"]
    assert status(huge, "Large or unexplained ε and δ") == WORDS["found"]
    assert status(made, "Repeated releases") == WORDS["stated"]
    assert status(shared(made), "Repeated releases") == WORDS["evidence"]
    assert status(made, "Bounds, lists or bins from the data") == WORDS["open"]
    assert status(made, "Bias against groups") == WORDS["evidence"]
    assert status(replace(made, counted=()), "Bias against groups") == WORDS["open"]
    assert status(replace(made, fit=None), "Unbounded contributions") == WORDS["open"]


def test_what_a_liar_could_still_do_is_always_printed() -> None:
    for made in (release(), empty()):
        said = text(limits(made))
        assert "What a signer who lies could still do" in said
        assert "Noisy answers can be written by hand" in said and "p-values" in said


def test_group_sizes_are_compared_with_the_noisy_counts() -> None:
    """The example releases 5,000 rows: 800 died, 2,400 home, 1,800 transfer; 9,000 rows are private."""
    made = release()
    found = {each.name.text: each for each in ratios(made, made.counted[1])}
    counts = made.measurements[2].values
    for place, name in enumerate(("home", "transfer", "died")):
        value, low, high = found[name].ratio
        assert value == pytest.approx(found[name].share / (counts[place] / counts.sum()))
        assert low < value < high
    said = text(subgroups(made))
    assert "furthest from its own size" in said


def test_a_group_that_the_noise_hides_gets_no_ratio() -> None:
    made = release()
    hidden = replace(made.measurements[2], values=np.array([9000, 300, 2]), stddev=40.0)
    made = replace(made, measurements=(*made.measurements[:2], hidden, *made.measurements[3:]))
    assert "too small for a figure" in text(subgroups(made))


def test_the_ceiling_is_what_a_sample_shows() -> None:
    """Against 400 seeded samples: the mean distance within 2 %; half the variance would be off by 29 %."""
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    rng = np.random.default_rng(1)
    seen = np.mean([np.abs(rng.multinomial(500, shares) / 500 - shares).sum() / 2 for _ in range(400)])
    assert off(shares, 500) == pytest.approx(float(seen), rel=0.04)


def test_a_sample_of_the_share_named_is_as_far_off() -> None:
    """A tenth of a table drawn without putting back is recognised as a tenth, within a fifth of it."""
    rng = np.random.default_rng(2)
    rows = rng.choice(12, 20_000, p=rng.dirichlet(np.ones(12)))
    whole = np.bincount(rows, minlength=12) / len(rows)
    picked = [rng.choice(rows, 2_000, replace=False) for _ in range(60)]
    gaps = [np.abs(np.bincount(each, minlength=12) / 2_000 - whole).sum() / 2 for each in picked]
    assert sample_like((whole,), float(np.mean(gaps)), len(rows)) == pytest.approx(0.1, rel=0.2)
    assert sample_like((whole,), 0.0, 100) == 1.0
    assert sample_like((whole,), 1.0, 100) == 0.0


def test_each_column_stands_beside_its_ceiling_and_the_headline_is_in_samples() -> None:
    made = release()
    group = known(made)[0]
    found = {t.caption: t for t in tables(fidelity(made))}
    table = found["Each column of stay, worst first"]
    for row in table.rows:
        assert row[3].number == pytest.approx(ceiling(group, [group.axes[row[0].text]], made.rows))
    errors = [row[1].number or 0.0 for row in table.rows]
    assert errors == sorted(errors, reverse=True)
    like = found["How large a sample of the private rows would be as far off"]
    assert all(0 <= (row[3].low or 0) <= (row[3].number or 0) <= (row[3].high or 0) <= 1 for row in like.rows)
    assert all(row[3].class_ == "B" and row[3].events for row in like.rows)


sections_audit = import_module("synthspec.report.sections.audit")
"""The module: the room exports the function of that name."""

GAME = Played(
    shelf="mechanism",
    entry="rounded_gaussian",
    title="one cell",
    neighbours="add-remove",
    max_rows=1,
    attack="the noisy count",
    runs=600,
    right=200,
    wrong=100,
    true_rate=0.6,
    false_rate=0.4,
    claim=Claimed(mu=1.0, delta0=0.0, epsilon=4.4, delta=1e-5),
    mu=0.4,
    epsilon=0.3,
    guess=0.9,
    provable=2.7,
    power=0.99,
)


def test_games_of_the_audit_are_printed_for_what_the_release_used(monkeypatch: pytest.MonkeyPatch) -> None:
    other = GAME.model_copy(update={"entry": "threshold"})
    bad = GAME.model_copy(update={"mu": 1.2})
    unseen = GAME.model_copy(update={"power": 0.2})
    result = AuditResult(
        version="9", day="2026-11-21", runs=600, alarm=0.05, games=(GAME, other, bad, unseen)
    )
    monkeypatch.setattr(sections_audit, "recent", lambda: result)
    section = sections_audit.audit(release())
    (table,) = tables(section)
    assert [row[6].text for row in table.rows] == [
        "✓ nothing found",
        "✗ more than claimed",
        "? no evidence either way",
    ]
    assert {value.class_ for row in table.rows for value in row[2:6]} == {"P"}
    assert "Of 3 games" in text(section) and "is no proof" in text(section)
    monkeypatch.setattr(sections_audit, "recent", lambda: None)
    assert "Not in this release" in text(sections_audit.audit(release()))

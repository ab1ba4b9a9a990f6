"""verify: what can be recomputed without the data, how, and what cannot."""

from __future__ import annotations

from synthspec.privacy.accountant import claim_epsilon, mu_in, zcdp_rho
from synthspec.release.release import Claim, Release
from synthspec.report.blocks import Block, Facts, Heading, Prose, Section, Table, Value
from synthspec.report.sourced import bought, resting
from synthspec.report.words import plain, up

COMMANDS: tuple[tuple[str, str], ...] = (
    ("synthspec verify RELEASE", "every check below, without the data; exit 3 names the line that failed"),
    (
        "synthspec verify RELEASE --key KEYS",
        "the same, and who signed: KEYS is a file of public keys that you were given apart from the release",
    ),
    (
        "synthspec verify --standalone -o check.py; python check.py RELEASE",
        "a verifier in one file, for Python with numpy alone; it comes with the program, never with a "
        "release",
    ),
)

CHECKS: tuple[tuple[str, str, str], ...] = (
    ("Bytes", "the digest of every file, and the signatures over them", "a changed, added or missing file"),
    ("Completeness", "every answer has one event, none goes over the cap", "an answer that nobody paid for"),
    (
        "Sensitivity",
        "recomputed from unit, rows per unit, neighbours and question",
        "a bound that is too small",
    ),
    ("Prices", "recomputed from sensitivity and noise; (ε, δ) by the closed form", "a price that is too low"),
    (
        "A second accountant",
        "PLD of the Gaussian equivalents, where dp-accounting is installed",
        "our own error",
    ),
    ("Noise", "chi-square of overlapping noisy tables against the stated noise", "noise that is too small"),
    (
        "Models",
        "fitted again from the answers, within a stated tolerance",
        "a model that saw more than answers",
    ),
    ("Rows", "drawn again from the released model and the seed", "rows that did not come from the model"),
    ("Rules", "evaluated again by a second engine", "rows that break a rule"),
    ("Gates", "recomputed from the released figures", "a gate that was waved through"),
    ("This page", "rendered again from report.json, byte for byte", "a page that says something else"),
)

NEVER = (
    "That this program ran on that table; that no unit has more rows than counted; that the noise was "
    "random; "
    "that there is no other release; that what is said of the people in the data is true."
)


def verify(release: Release) -> Section:
    """Return the section."""
    blocks: list[Block] = []
    if release.claim is not None:
        blocks.append(_claims(release, release.claim))
    blocks += [
        Heading(text="Three commands"),
        Facts(items=tuple((command, (says,)) for command, says in COMMANDS)),
        Table(
            caption="What they check, and what a failure would show",
            columns=("Check", "How", "Would show"),
            rows=tuple(tuple(plain(text) for text in row) for row in CHECKS),
        ),
        Prose(parts=("No check can show: ", NEVER[0].lower() + NEVER[1:])),
    ]
    return Section(
        id="verify",
        title="Verify it yourself",
        question="Can the claim be recomputed without the data?",
        blocks=tuple(blocks),
    )


def _claims(release: Release, held: Claim) -> Table:
    """Return the claim beside what its purchases add up to, recomputed when this page was made."""
    ids = bought(release)
    spent = release.spent
    mu, epsilon = mu_in(spent), claim_epsilon(spent, held.delta)
    rows: list[tuple[Value, ...]] = [
        _line("the claim: the plan's total", release, held.mu, held.epsilon, ()),
        _line("what the purchases add up to, added again for this page", release, mu, epsilon, ids),
    ]
    if not spent.delta0:
        rows.append(
            (
                plain("for information: ρ of zero-concentrated differential privacy"),
                resting(release, zcdp_rho(mu), f"ρ = {up(zcdp_rho(mu))}", ids),
                plain(""),
            )
        )
    return Table(
        caption="Claimed, and recomputed",
        columns=("Which", "μ", f"ε at δ = {up(held.delta)}"),
        rows=tuple(rows),
        numeric=(1, 2),
    )


def _line(name: str, release: Release, mu: float, epsilon: float, ids: tuple[str, ...]) -> tuple[Value, ...]:
    return plain(name), resting(release, mu, up(mu), ids), resting(release, epsilon, up(epsilon), ids)

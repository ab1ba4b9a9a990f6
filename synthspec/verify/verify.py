"""verify: everything that can be checked of a release without the data, in one list.

The checks of the one-file verifier come first, by its own code; then those that need the product: signatures
once more by the product's reading, a second opinion on epsilon, the test of the noise calibrated, models
fitted and rows drawn again, rules counted again, the report rendered again. Nothing of a release is run, and
no path that it names is opened.

Source: REPORTS.md 2.4 of the design; DECISIONS 24, 27, 28.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from synthspec import __version__
from synthspec.errors import GateError, InternalError, ReleaseError, SynthspecError
from synthspec.plan.verify import verify as sound
from synthspec.privacy.journal import Journal
from synthspec.release.attestation import read_attestation
from synthspec.release.bundle import read_manifest, read_release
from synthspec.release.public_key import PublicKey
from synthspec.release.release import Release
from synthspec.verify.counts import check_gates, check_rules
from synthspec.verify.figures import check_figures
from synthspec.verify.heads import check_ledger, check_pair
from synthspec.verify.loss import check_loss
from synthspec.verify.models import check_models
from synthspec.verify.noise import check_noise
from synthspec.verify.priced import check_questions
from synthspec.verify.rendered import check_report
from synthspec.verify.rows import Again, check_rows
from synthspec.verify.spec import Planner, check_spec
from synthspec.verify.standalone import BEYOND, Check
from synthspec.verify.standalone import verify as alone
from synthspec.verify.tables import check_tables
from synthspec.verify.written import check_written

REPEATED = (
    "model",
    "rows",
    "scenario",
    "report.",
    "parts written",
    "croissant",
    "dp-registry",
    "plan",
    "paid",
)
"""Checks that do again what the program did: another version may do it in another way."""

UNLIKE = "made by"
"""Names the figure of a check that came out otherwise, with the version that the release names."""

LATER = (
    "parts",
    "spec",
    "parts written",
    "questions",
    "second opinion",
    "noise",
    "model",
    "rows",
    "paid figures",
    "rules",
    "gates",
    "report.json",
    "report.html",
)


@dataclass(frozen=True)
class Verdict:
    """All checks of one release, and what no check without the data can tell."""

    name: str
    checks: tuple[Check, ...]
    tool: str | None = None
    beyond: tuple[str, ...] = BEYOND

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that found a difference."""
        return tuple(check for check in self.checks if check.outcome == "failed")

    @property
    def unlike(self) -> tuple[Check, ...]:
        """The checks that came out otherwise, of a release that says another version made it."""
        return tuple(check for check in self.checks if UNLIKE in check.figures)

    @property
    def passed(self) -> bool:
        """Whether nothing differs; what was not done, or could not be seen, does not count against it."""
        return not self.failed and not self.unlike


def verify(
    folder: Path,
    keys: Sequence[PublicKey] = (),
    *,
    other: Path | None = None,
    ledger: Journal | None = None,
    planner: Planner | None = None,
) -> Verdict:
    """Return what can be told of the release in `folder` without the data.

    Args:
        folder: the release; hostile until proven otherwise.
        keys: public keys that came here by another way than the release.
        other: another release: no entry of a ledger pays for both.
        ledger: that must hold the entry which the release names.
        planner: makes the plan of a spec's text; without it the plan is not made again.

    Raises:
        ReleaseError: Q603, when there is no release in `folder` (or in `other`).
    """
    read_manifest_or_refuse(folder)
    own = alone(folder, [key.raw for key in keys])
    if own[0].outcome == "failed":
        why = "the files are not those of the manifest"
        rest = tuple(Check(name, "not done", why) for name in LATER)
        return Verdict(folder.name, (*own, *rest))
    checks = [check for check in own if check.name != "noise"]
    checks = [_signatures(check, folder, keys) if check.name == "signatures" else check for check in checks]
    try:
        release = read_release(folder)
    except GateError as refusal:
        bad = Check("parts", "failed", ": ".join((refusal.message, *refusal.diagnostics[0].notes)))
        rest = tuple(Check(name, "not done", "the parts cannot be read together") for name in LATER[1:])
        return Verdict(folder.name, (*checks, bad, *rest))
    checks.append(check_parts(release))
    further = _further(release, folder, other, ledger, planner)
    return Verdict(folder.name, (*checks, *further), release.plan.tool)


def check_parts(release: Release) -> Check:
    """Return whether the plan is one that would have been run: no step reads what it must not."""
    try:
        sound(release.plan)
    except InternalError as refusal:
        return Check("parts", "failed", f"no such plan is ever run: {refusal.message}")
    return Check("parts", "passed", "plan, events, answers and models agree with each other")


def _further(
    release: Release, folder: Path, other: Path | None, ledger: Journal | None, planner: Planner | None
) -> list[Check]:
    again = Again(release)
    steps: list[tuple[str, Callable[[], Check | tuple[Check, ...]]]] = [
        ("spec", lambda: check_spec(release, planner)),
        ("parts written", lambda: check_written(release, folder)),
        ("questions", lambda: check_questions(release)),
        ("second opinion", lambda: check_loss(release)),
        ("noise", lambda: check_noise(release)),
        ("model", lambda: check_models(release)),
        ("rows", lambda: check_rows(release, folder, again)),
        ("paid figures", lambda: check_figures(release, again)),
        ("tables", lambda: check_tables(release, folder)),
        ("rules", lambda: check_rules(release, folder)),
        ("gates", lambda: check_gates(release)),
        ("report.html", lambda: check_report(release, folder)),
    ]
    if other is not None:
        steps.append(("ledger heads", lambda: check_pair(release, read_release(other), (folder, other))))
    if ledger is not None:
        steps.append(("ledger", lambda: check_ledger(release, ledger)))
    found: list[Check] = []
    for name, work in steps:
        made = _guarded(name, work)
        found += [made] if isinstance(made, Check) else made
    return [_of_this_version(check, release.plan.tool) for check in found]


def _of_this_version(check: Check, tool: str) -> Check:
    """Return the check; one that repeats what another version did is not done when it comes out otherwise."""
    if check.outcome != "failed" or tool == __version__ or not check.name.startswith(REPEATED):
        return check
    said = f"it says that version {tool} made it, and this is {__version__}: verify with that one"
    return replace(check, outcome="not done", detail=f"{said} ({check.detail})", figures={UNLIKE: tool})


def _guarded(name: str, work: Callable[[], Check | tuple[Check, ...]]) -> Check | tuple[Check, ...]:
    """Return what a check found; a release that makes it stumble has failed it."""
    try:
        return work()
    except ReleaseError:
        raise
    except SynthspecError as refusal:
        return Check(name, "failed", refusal.message)
    except ModuleNotFoundError as missing:
        return Check(name, "not done", f"it takes the package {missing.name}, which is not installed")
    except Exception as error:
        # engines raise classes of their own (DuckDB, polars), and a hostile release picks which
        return Check(name, "failed", f"the release cannot be worked with: {type(error).__name__}")


def _signatures(check: Check, folder: Path, keys: Sequence[PublicKey]) -> Check:
    """Return the check with the product's own reading of the attestation."""
    if check.outcome == "failed":
        return check
    try:
        found = read_attestation(folder, keys)
    except GateError as refusal:
        return Check(check.name, "failed", refusal.message)
    if found is None:
        return check
    said = "; ".join(signer.words() for signer in found.signers)
    if not found.complete or (keys and not found.trusted):
        return Check(check.name, "failed", said)
    return replace(check, outcome="passed" if found.trusted else "not done", detail=said)


def read_manifest_or_refuse(folder: Path) -> None:
    """Refuse (Q603) a folder without a release; a damaged manifest is for the checks to tell."""
    try:
        read_manifest(folder)
    except GateError:
        return

"""Verify: a release checked without the data, as a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from synthspec import __version__
from synthspec.errors import BudgetError, GateError

if TYPE_CHECKING:
    from synthspec.verify.standalone import Check
    from synthspec.verify.verify import Verdict

SIGNS = {"passed": "✓", "failed": "✗", "not done": "–", "could not have seen it": "?"}


@final
class Verification:
    """Every check with its outcome and figures; `passed` says whether nothing differs."""

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks, in order."""
        return self._verdict.checks

    @property
    def passed(self) -> bool:
        """Whether nothing differs; a check that was not done, or could not see, does not count against it.

        A check that came out otherwise counts, also where the release says that another version made it.
        """
        return self._verdict.passed

    @property
    def verdict(self) -> str:
        """One line that says no more than was found: how many checks, which version, who signed."""
        many = {each: sum(c.outcome == each for c in self.checks) for each in SIGNS}
        said = ", ".join(f"{count} {each}" for each, count in many.items() if count)
        if self._verdict.failed:
            return f"NOT what it says it is: {said}"
        unlike = len(self._verdict.unlike)
        if unlike:
            checks = "1 check comes" if unlike == 1 else f"{unlike} checks come"
            return (
                f"NOT verified: it says that version {self._tool} made it, and {checks} out otherwise; {said}"
            )
        known = any(each.name == "signatures" and each.outcome == "passed" for each in self.checks)
        ends = "" if known else "; signed by nobody whom you trust (`--key`)"
        if self._tool != __version__:
            ends += f"; it says that version {self._tool} made it, and this is {__version__}"
        return f"nothing differs: {said}{ends}"

    @property
    def _tool(self) -> str:
        return "?" if self._verdict.tool is None else self._verdict.tool

    def tree(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "release": self._verdict.name,
            "ok": self.passed,
            "verdict": self.verdict,
            "checks": [asdict(check) for check in self.checks],
            "beyond": list(self._verdict.beyond),
        }

    def text(self, width: int = 110) -> str:
        """Return it as a table for people: one line a check, then what no check here can tell."""
        from textwrap import wrap

        name = max(len(check.name) for check in self.checks)
        outcome = max(len(check.outcome) for check in self.checks)
        left = 2 + name + 2 + outcome + 2
        lines = []
        for check in self.checks:
            head = f"{SIGNS[check.outcome]} {check.name:<{name}}  {check.outcome:<{outcome}}  "
            parts = wrap(check.detail, max(40, width - left)) or [""]
            lines += [head + parts[0], *(" " * left + part for part in parts[1:])]
        beyond = "\n".join(f"  {each}" for each in self._verdict.beyond)
        text = "\n".join([*lines, "", self.verdict, "", "no check of a release alone can tell", beyond])
        return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)

    def require(self) -> None:
        """Raise when something differs.

        Raises:
            GateError: Q630, naming the failed checks.
        """
        failed = self._verdict.failed
        if failed:
            raise GateError(
                "Q630",
                f"the release is not what it says: `{failed[0].name}` failed",
                notes=tuple(f"{check.name}: {check.detail}" for check in failed),
                helps=("copy the folder again from where it was written, or ask its signer",),
            )
        unlike = self._verdict.unlike
        if unlike:
            raise GateError(
                "Q630",
                f"it says that version {self._tool} made it, and `{unlike[0].name}` comes out otherwise",
                notes=tuple(f"{check.name}: {check.detail}" for check in unlike),
                helps=(
                    f"verify it with version {self._tool}; a release that nobody can repeat is not verified",
                ),
            )


def verify(
    release: str | Path,
    other: str | Path | None = None,
    *,
    ledger: str | None = None,
    keys: Sequence[str] = (),
) -> Verification:
    """Return what can be told of a release without the data.

    Args:
        release: its folder.
        other: another release's: no entry of a ledger pays for both.
        ledger: the name of a ledger on this machine that must hold the entry which the release names.
        keys: trusted public keys: lines `ed25519:...`, files of them, or names kept here.

    Raises:
        ReleaseError: Q603, when there is no release; Q643, for a key that is none.
        BudgetError: B550, when there is no such ledger.
    """
    from synthspec.api.compiled import compiled
    from synthspec.api.keys import trusted_keys
    from synthspec.privacy.journal import Journal
    from synthspec.verify.verify import verify as verified

    journal = None if ledger is None else Journal.find(ledger)
    if ledger is not None and journal is None:
        raise BudgetError(
            "B550",
            f"there is no ledger `{ledger}`",
            helps=("`synthspec budget show` lists the ledgers there are",),
        )
    trusted = trusted_keys(list(keys)) if keys else ()
    second = None if other is None else Path(other)
    found = verified(Path(release), tuple(trusted), other=second, ledger=journal, planner=compiled)
    return Verification(found)


def standalone_text() -> str:
    """Return the one-file verifier, to be saved and run apart from everything here."""
    from importlib import resources

    return (resources.files("synthspec.verify") / "standalone.py").read_text(encoding="utf-8")

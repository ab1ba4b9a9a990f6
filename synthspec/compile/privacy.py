"""Privacy: what must be written when there is private data, and how the budget is shared out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.diagnose.names import unknown_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings, listing, plural
from synthspec.compile.levels import asks_for_units
from synthspec.plan.plan import PlannedColumn
from synthspec.spec.model import PrivacySpec, Spec

DEFAULTS: Mapping[str, Fraction] = {
    "bounds": Fraction(2, 100),
    "domains": Fraction(4, 100),
    "rows_per_unit": Fraction(2, 100),
    "fit": Fraction(2, 100),
    "report": Fraction(5, 100),
}
"""The share of each consumer that is not a group, where the plan has it."""

MOST_DISCOVERIES = 10
"""Each names delta/100 of the delta/10 that is kept for slack."""

RESERVED = tuple(DEFAULTS)
_SPLIT = ("privacy", "split")
_OF_UNITS = (
    *(("privacy", key) for key in ("max_rows", "unit_null", "contribution")),
    *(("source", key) for key in ("duplicates", "units")),
)
"""Keys that speak of several rows of one unit."""


@dataclass(frozen=True, eq=False)
class Privacy:
    """Checks `privacy:` and resolves the shares."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    columns: Mapping[str, PlannedColumn]

    def check(self) -> None:
        """Report a missing, needless or incomplete privacy block."""
        source, privacy = self.spec.source, self.spec.privacy
        if source is not None and source.public:
            self._public()
        elif source is not None and privacy is None:
            self.findings.report(
                "P430",
                "a spec with a source needs a privacy block",
                ("source",),
                "private data, and no budget for it",
                span=self.findings.parsed.key_span(("source",)),
                helps=(
                    "add `privacy: {unit: patient_id, max_rows: 4, epsilon: 1}`",
                    "or declare the source public: `source: {path: ..., public: true, basis: ...}`",
                ),
                unless=("privacy",),
            )
        elif source is None and privacy is not None:
            self.findings.report(
                "P431",
                "a privacy block without a source protects nothing",
                ("privacy",),
                "no data is read",
                span=self.findings.parsed.key_span(("privacy",)),
                helps=("add `source:`, or drop `privacy:`",),
                unless=("source",),
            )
        discovered = [name for name, column in self.columns.items() if column.discovery is not None]
        if len(discovered) > MOST_DISCOVERIES:
            self.findings.report(
                "P439",
                f"{len(discovered)} columns are to be discovered, more than the slack allows",
                ("columns", discovered[MOST_DISCOVERIES], "in"),
                f"each takes a hundredth of delta, and at most {MOST_DISCOVERIES} may",
                helps=("write the list of a column whose values are public",),
            )
        if privacy is not None:
            self._unit(privacy)
            if privacy.delta <= 0:
                self.findings.report(
                    "P438",
                    "`delta` must be above 0",
                    ("privacy", "delta"),
                    "noise is Gaussian, whose guarantee needs one",
                    helps=("write `delta: 1e-9`, or drop the key",),
                )

    def _public(self) -> None:
        source = self.spec.source
        if self.spec.privacy is not None:
            self.findings.report(
                "P436",
                "a public source has no privacy block",
                ("privacy",),
                "nothing to protect",
                span=self.findings.parsed.key_span(("privacy",)),
                also=((("source", "public"), "declared public here"),),
                helps=("drop `privacy:`, or drop `public: true`",),
            )
        if source is not None and not (source.basis or "").strip():
            self.findings.report(
                "P437",
                "a source that is declared public needs a basis",
                ("source", "public"),
                "who made it public, and where",
                helps=("add `basis: <address or licence>`",),
            )

    def _unit(self, privacy: PrivacySpec) -> None:
        path = ("privacy", "unit")
        if privacy.unit == "row":  # never a column of that name, or claim and bound could disagree
            for place in _OF_UNITS:
                if self.findings.written(*place):
                    self.findings.report(
                        "P435",
                        f"`{place[-1]}` has no meaning when each row is a unit of its own",
                        place,
                        "the unit is `row`",
                        helps=(f"drop `{place[-1]}`, or name the column of the person: `unit: patient_id`",),
                    )
            return
        if privacy.max_rows is None:
            self.findings.report(
                "P434",
                f"`max_rows` is missing: how many rows may one `{privacy.unit}` have?",
                path,
                "a unit with several rows",
                helps=("add `max_rows: 4`; further rows of a unit are dropped at random",),
                unless=("privacy", "max_rows"),
            )
        if privacy.unit in self.expressions.unread:
            return
        column = self.columns.get(privacy.unit)
        if column is None:
            unknown_column(self.findings, self.expressions, privacy.unit, "`privacy.unit`", path)
        elif column.role != "id":
            self.findings.report(
                "P433",
                f"the privacy unit `{privacy.unit}` is not an id",
                path,
                "released as a column, so it cannot name the unit",
                also=((("columns", privacy.unit), "declared here"),),
                helps=(f"declare it as `{privacy.unit}: id`, or write `unit: row`",),
            )

    def shares(self, groups: Sequence[CheckedGroup]) -> tuple[tuple[str, Fraction], ...]:
        """Return each consumer's share of the budget's mu2, in order of work; reports P420 to P423.

        A share means the same for every consumer: it is a part of 1/sigma^2.
        """
        if self.spec.source is None or (self.spec.privacy is None and not self.spec.source.public):
            return ()
        split = self.spec.privacy.split if self.spec.privacy is not None else {}
        needed = {
            "domains": any(column.discovery is not None for column in self.columns.values()),
            "bounds": any(column.tightening is not None for column in self.columns.values()),
            "rows_per_unit": asks_for_units(self.spec) is not None,
            "fit": True,
            "report": True,
        }
        paying = [group.name for group in groups if group.using != "rules"]
        self._consumers(split, needed, paying)
        fixed = {
            name: _exact(split[name]) if name in split else DEFAULTS[name]
            for name, on in needed.items()
            if on
        }
        written = {name: _exact(split[name]) for name in paying if name in split}
        rest = Fraction(1) - sum(fixed.values()) - sum(written.values())
        if rest < 0:
            self._too_much(fixed, written, split)
            return ()
        open_ = [name for name in paying if name not in split]
        if open_ and rest == 0:
            self.findings.report(
                "P422",
                f"nothing is left of the budget for {listing(open_)}",
                _SPLIT,
                "the listed shares take everything",
                helps=("lower the other shares, or list a share for each group",),
            )
            return ()
        part = rest / len(open_) if open_ else Fraction(0)
        each = {name: written.get(name, part) for name in paying}
        empty = [name for name, share in each.items() if share == 0]
        if empty:
            self.findings.report(
                "P422",
                f"nothing is left of the budget for {listing(empty)}",
                (*_SPLIT, empty[0]),
                "a group cannot learn from nothing",
                helps=("give it a share, or write `using: rules` for it",),
            )
            return ()
        found: dict[str, Fraction] = {**fixed, **each}
        return tuple(found.items())

    def _consumers(
        self, split: Mapping[str, float], needed: Mapping[str, bool], paying: Sequence[str]
    ) -> None:
        known = (*RESERVED, *paying)
        for name, share in split.items():
            path = (*_SPLIT, name)
            if name not in known and name not in self.spec.generate:
                span = self.findings.parsed.key_span(path)
                helps, fixes = self.findings.did_you_mean(name, known, span)
                self.findings.report(
                    "P420",
                    f"`split` names an unknown consumer `{name}`",
                    path,
                    "no group and no step of this name",
                    span=span,
                    helps=helps or (f"the consumers are {listing(known)}",),
                    fixes=fixes,
                )
            elif share > 0 and not needed.get(name, name in paying):
                why = {
                    "domains": "no column has `discover:`",
                    "bounds": "no column has `clip:`",
                    "rows_per_unit": "no column is `per: unit`, and no whole units are drawn",
                }
                self.findings.report(
                    "P423",
                    f"nothing in this spec spends the share `{name}`",
                    path,
                    why.get(name, "the group reads no private data"),
                    helps=(f"drop `{name}` from `split`",),
                )

    def _too_much(
        self, fixed: Mapping[str, Fraction], written: Mapping[str, Fraction], split: Mapping[str, float]
    ) -> None:
        total = sum(fixed.values()) + sum(written.values())
        added = [f"`{name}` {float(share):g}" for name, share in fixed.items() if name not in split]
        self.findings.report(
            "P421",
            f"the shares of the budget sum to {float(total):g}",
            _SPLIT if split else ("privacy",),
            "more than 1",
            notes=(f"{plural(len(added), 'share')} not listed and added by default: {', '.join(added)}",)
            if added
            else (),
            helps=("lower the shares until they sum to at most 1", "`report: 0` or `fit: 0` buys none of it"),
        )


def _exact(share: float) -> Fraction:
    """Return the decimal that was written."""
    return Fraction(str(share))

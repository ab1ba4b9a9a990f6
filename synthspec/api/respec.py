"""respec: a release under a changed spec, when the change costs nothing; opens no private data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from synthspec.errors import BudgetError

if TYPE_CHECKING:
    from synthspec.compile.diff import Change
    from synthspec.draw.reinfer import How
    from synthspec.generators.base import Model
    from synthspec.plan.plan import Plan, PlannedColumn
    from synthspec.release.release import Release


class Text(Protocol):
    """A spec's text, where it came from, and the settings written into it: an `api.spec.Spec`."""

    @property
    def text(self) -> str:
        """The YAML."""

    @property
    def origin(self) -> str:
        """The path that it was read from."""

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The settings."""


@dataclass(frozen=True, eq=False)
class Respecified:
    """A release's models under another plan: what changed, and what became of each group's model."""

    plan: Plan
    columns: tuple[PlannedColumn, ...]
    models: Mapping[str, Model]
    changes: tuple[Change, ...]
    how: Mapping[str, How]

    def notes(self) -> tuple[str, ...]:
        """Return what was done, one line each, for people."""
        lines = [f"`{group}`: {_SAID[how]}" for group, how in self.how.items() if how != "kept"]
        if any(change.path.startswith("rules.") and change.before for change in self.changes):
            lines.append(
                "rows that break an old rule were left out when the release was paid for: where a rule was "
                "loosened, what it ruled out comes back only as far as the noisy tables hold it"
            )
        return tuple(lines)


_SAID: Mapping[How, str] = {
    "kept": "as it was",
    "re-inferred": "fitted again to the noisy tables that were paid for",
    "stated": "made of the new spec alone",
    "conditioned": "its model cannot be fitted again; the old one was conditioned on the new rules",
    "unfitted": "its model cannot be fitted again; the new rules are met as rows are drawn",
}


def respecified(release: Release, spec: Text | str | Path) -> Respecified:
    """Return the models of `release` under a changed spec.

    Raises:
        SpecError: when the spec cannot be planned.
        BudgetError: B553, when a change costs something: its price as `diff` says it; B554, when a file
            that it names as public is one that a ledger protects.
    """
    from synthspec.api.compiled import compiled
    from synthspec.api.ledgers import refuse_owned
    from synthspec.compile.diff import diff_text
    from synthspec.draw.reinfer import reinferred, resolved_again
    from synthspec.spec.source import read_text

    text, origin, settings = (
        (read_text(spec), str(spec), ())
        if isinstance(spec, str | Path)
        else (spec.text, spec.origin, spec.settings)
    )
    plan = compiled(text, origin, settings)
    refuse_owned(plan.model_copy(update={"source": None}))
    plan, changes = changes_of(release.plan, plan, release)
    costly = tuple(change for change in changes if not change.is_free)
    if costly:
        raise BudgetError(
            "B553",
            "the changed spec asks for what this release did not buy",
            notes=tuple(line.strip() for line in diff_text(costly).splitlines()[:-1]),
            helps=(
                f"buy it: `synthspec train {plan.spec_path}`",
                "or leave these parts of the spec as they were",
            ),
        )
    columns = resolved_again(release, plan)
    models, how = reinferred(release, plan, columns)
    return Respecified(plan, columns, models, changes, how)


def changes_of(old: Plan, new: Plan, release: Release | None = None) -> tuple[Plan, tuple[Change, ...]]:
    """Return `new` as a release of `old` would be drawn under it, and what differs, each with its path.

    Args:
        old: what was planned, or bought.
        new: what is planned now.
        release: of `old`, if there is one: its stored tables decide what can be fitted again.
    """
    from synthspec.compile.diff import diff
    from synthspec.draw.reinfer import foretold
    from synthspec.release.public import public_plan

    changes = diff(public_plan(old), public_plan(new))
    if any(not change.is_free for change in changes):
        new, changes = _over_its_columns(old, new) or (new, changes)
        if any(not change.is_free for change in changes):
            return new, changes
    if release is not None and any(change.path.startswith("rules.") for change in changes):
        changes = diff(public_plan(old), public_plan(new), foretold(release, new))
    return new, changes


def _over_its_columns(old: Plan, new: Plan) -> tuple[Plan, tuple[Change, ...]] | None:
    """Return `new` over the columns that `old` models, where only what is modelled in their place differs.

    Which column stands for which follows from the rules (differences), so a changed rule may change it;
    as the two specs are written, the change is then still free. Where something else costs, `new` stays as
    it is, and the changes are those of columns that somebody wrote. None when the columns cannot be told.
    """
    from synthspec.api.compiled import compiled
    from synthspec.compile.diff import diff
    from synthspec.compile.plan import with_models_of
    from synthspec.errors import SpecError
    from synthspec.release.public import public_plan

    try:
        before = compiled(old.spec_text, new.spec_path, old.settings, transforms=False)
        after = compiled(new.spec_text, new.spec_path, new.settings, transforms=False)
    except SpecError:
        return None
    changes = diff(public_plan(before), public_plan(after))
    costly = any(not change.is_free for change in changes)
    return (new if costly else with_models_of(after, old)), changes

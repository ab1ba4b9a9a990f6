"""How large a sample the rows are as good as, where columns were learned in several groups."""

from __future__ import annotations

from dataclasses import replace

from synthspec.report.blocks import Table
from synthspec.report.ceiling import fair, singles
from synthspec.report.closeness import headline
from synthspec.report.uncertain import Known, known
from tests.release.example import release


def in_two(group: Known) -> tuple[Known, Known]:
    """Return the group as two that share a column, so that neither holds most columns."""
    names = list(group.axes)
    cut = len(names) // 2
    one, two = names[: cut + 1], names[cut:]
    return (
        replace(group, group="one", axes={name: group.axes[name] for name in one}, scaled=False),
        replace(group, group="two", axes={name: group.axes[name] for name in two}, scaled=False),
    )


def test_single_columns_are_told_across_groups_and_pairs_only_within_one_that_holds_most() -> None:
    made = release()
    (group,) = known(made)
    whole, parts = headline(made, [group]), headline(made, in_two(group))
    tables = [next(block for block in blocks if isinstance(block, Table)) for blocks in (whole, parts)]
    assert [row[0].text for row in tables[1].rows] == ["single columns"]
    assert tables[1].rows[0] == tables[0].rows[0]


def test_a_column_of_two_groups_counts_once() -> None:
    (group,) = known(release())
    assert len(singles(in_two(group))) == len(fair(group, 1)) == len(singles([group]))


def test_groups_that_hold_too_few_columns_tell_nothing() -> None:
    made = release()
    (group,) = known(made)
    few = replace(group, axes=dict(list(group.axes.items())[:1]), scaled=False)
    assert headline(made, [few]) == ()

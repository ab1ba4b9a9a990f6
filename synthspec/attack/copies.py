"""Copies and nearest-record distances: diagnostics of gross copying, never evidence of privacy.

Source: Yao et al. 2025, "The DCR Delusion", arXiv:2505.01524; Ganev & De Cristofaro 2023,
arXiv:2312.05114; Pilgram et al. 2025 (similarity metrics should be avoided).
"""

from __future__ import annotations

import numpy as np

from synthspec.attack.nearest import nearest
from synthspec.attack.outcome import Amount, Inside, Share
from synthspec.attack.table import Table, exact_keys

CAVEAT = (
    "Distances between synthetic and real rows do not measure privacy. Releases that pass such tests have "
    "been attacked with high success (Yao et al. 2025, 'The DCR Delusion'; Ganev & De Cristofaro 2023). The "
    "figure is shown only because it can reveal gross copying. The privacy claim of this release rests on "
    "section 2 (ledger), not on this figure. Publishing this number, or repeating it on many candidate "
    "releases, leaks information about real people."
)
"""Printed word by word beside every such figure."""


class Closeness(Inside):
    """How close the released rows lie to people of the table, and to others for comparison.

    `copied` is the share of people with an equal released row, `unique_copied` the same among people
    whose record nobody else in the table has; `distance` the median distance to the nearest released row
    and `ratio` the median of first over second. The control's are None without a control.
    """

    caveat: str = CAVEAT
    copied: Share
    copied_control: Share | None = None
    unique_copied: Share
    unique_copied_control: Share | None = None
    distance: Amount
    distance_control: Amount | None = None
    ratio: Amount
    ratio_control: Amount | None = None
    nearer_than_control: Share | None = None


def closeness(synthetic: Table, members: Table, others: Table | None, most: int, seed: int) -> Closeness:
    """Return the diagnostics; distances are those of at most `most` people on each side."""
    rng = np.random.Generator(np.random.Philox(key=np.array([seed, 3], dtype=np.uint64)))
    keys = exact_keys(synthetic)
    copied, unique = _copied(members, keys)
    far, ratio = _distances(members.some(most, rng), synthetic)
    found = Closeness(
        copied=copied,
        unique_copied=unique,
        distance=Amount(value=float(np.median(far))),
        ratio=Amount(value=float(np.median(ratio))),
    )
    if others is None or not others.rows:
        return found
    size = min(members.rows, others.rows)
    copied_control, unique_control = _copied(others, keys)
    far_control, ratio_control = _distances(others.some(most, rng), synthetic)
    some = synthetic.some(most, rng)
    mine = nearest(some, members.some(min(size, most), rng))[:, 0]
    theirs = nearest(some, others.some(min(size, most), rng))[:, 0]
    tied = int((mine == theirs).sum())
    return found.model_copy(
        update={
            "copied_control": copied_control,
            "unique_copied_control": unique_control,
            "distance_control": Amount(value=float(np.median(far_control))),
            "ratio_control": Amount(value=float(np.median(ratio_control))),
            "nearer_than_control": Share.of(int((mine < theirs).sum()) + tied // 2, some.rows),
        }
    )


def _copied(people: Table, keys: np.ndarray[tuple[int, ...], np.dtype[np.void]]) -> tuple[Share, Share]:
    mine = exact_keys(people)
    held = set(keys.tolist())
    values, place, times = np.unique(mine, return_inverse=True, return_counts=True)
    known = np.array([each in held for each in values.tolist()], dtype=np.bool_)
    alone = times == 1
    return (
        Share.of(int(known[place].sum()), people.rows),
        Share.of(int((known & alone).sum()), int(alone.sum())),
    )


def _distances(
    people: Table, synthetic: Table
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    two = nearest(people, synthetic, 2)
    ratio = np.where(two[:, 1] > 0, two[:, 0] / np.maximum(two[:, 1], 1e-12), 1.0)
    return two[:, 0], ratio


def overlap(members: Table, others: Table) -> tuple[Share, Share] | None:
    """Return how many others have an equal row in the table, and how many members have a second one there.

    None unless the first are clearly more: equal rows of different people are as common in both, so that a
    surplus means that people of the table are among the others.
    """
    keys, theirs = exact_keys(members), exact_keys(others)
    held = set(keys.tolist())
    _, place, times = np.unique(keys, return_inverse=True, return_counts=True)
    found = Share.of(sum(each in held for each in theirs.tolist()), others.rows)
    twice = Share.of(int((times[place] > 1).sum()), members.rows)
    return (found, twice) if found.low > twice.high else None

"""Nearest: which known name was probably meant; edit distance with transpositions.

Source: Damerau 1964; the cut-off is ours: a third of the letters, at most three edits.
"""

from __future__ import annotations

from collections.abc import Iterable


def distance(first: str, second: str) -> int:
    """Return the optimal-string-alignment distance between two words.

    >>> distance("dispostion", "disposition"), distance("ab", "ba")
    (1, 1)
    """
    before: list[int] = []
    above = list(range(len(second) + 1))
    for i, a in enumerate(first, 1):
        row = [i]
        for j, b in enumerate(second, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, above = above, row
    return above[-1]


def nearest(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known names nearest to `word`: one, two when they tie, or none when nothing is near."""
    folded = word.casefold()[:64]
    limit = min(3, max(1, len(folded) // 3))
    ranked = sorted(
        (distance(folded, name.casefold()), name)
        for name in known
        if abs(len(name) - len(folded)) <= limit and name != word
    )
    if not ranked or ranked[0][0] > limit or ranked[0][0] >= len(folded):
        return ()
    return tuple(name for far, name in ranked[:2] if far == ranked[0][0])

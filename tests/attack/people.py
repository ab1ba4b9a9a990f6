"""A simulated population of six columns, and releases of it that are known to leak, or not to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synthspec.attack.table import Attribute, Table

COLUMNS = (
    Attribute("age", 24, ordered=True),
    Attribute("income", 24, ordered=True),
    Attribute("stay", 20, ordered=True),
    Attribute("sex", 2),
    Attribute("ward", 6),
    Attribute("outcome", 2),
)
PEOPLE = 1_500
COPIED = 75


def generator(*stream: int) -> np.random.Generator:
    """Return a seeded generator."""
    return np.random.Generator(np.random.Philox(key=np.array([20, sum(stream)], dtype=np.uint64)))


def population(rows: int, rng: np.random.Generator) -> Table:
    """Return people with correlated columns and long tails."""
    z = rng.normal(size=(rows, 2))
    age = np.clip(0.5 + 0.18 * z[:, 0], 0, 1)
    income = np.clip(np.exp(-2 + 0.6 * (0.6 * z[:, 0] + 0.8 * z[:, 1])), 0, 1)
    sex = rng.integers(0, 2, rows)
    ward = np.minimum(5, (rng.random(rows) ** 1.5 * 6 + 2 * sex * rng.random(rows)).astype(int))
    stay = np.clip(rng.gamma(1.5, 0.06 + 0.05 * age), 0, 1)
    outcome = rng.random(rows) < 1 / (1 + np.exp(3 - 5 * age - 4 * stay))
    parts = (np.round(age, 2), np.round(income, 3), np.round(stay, 2), sex, ward, outcome)
    return of_values(np.stack(parts, axis=1).astype(np.float64))


def of_values(values: np.ndarray) -> Table:  # type: ignore[type-arg]
    """Return the table of these values."""
    codes = values.astype(np.int64)
    for place, column in enumerate(COLUMNS):
        if column.ordered:
            codes[:, place] = np.minimum(column.size - 1, (values[:, place] * column.size).astype(int))
    return Table(COLUMNS, codes, values)


@dataclass(frozen=True, eq=False)
class Toy:
    """REPORTS.md 1.4: a table, people who are not in it, and four releases of it."""

    table: Table
    others: Table
    fresh: Table
    shuffled: Table
    copied: Table

    @property
    def releases(self) -> dict[str, Table]:
        """The four releases by name."""
        named = {"fresh": self.fresh, "shuffled": self.shuffled, "75 copied": self.copied}
        return named | {"full copy": self.table}


def toy() -> Toy:
    """Return the toy table and its releases."""
    rng = generator(1)
    table, others, fresh = (population(PEOPLE, rng) for _ in range(3))
    order = np.stack([rng.permutation(PEOPLE) for _ in COLUMNS], axis=1)
    shuffled = of_values(np.take_along_axis(table.values, order, axis=0))
    numbers = table.values[:, :3]
    extreme = np.abs((numbers - numbers.mean(axis=0)) / numbers.std(axis=0)).max(axis=1)
    outliers = np.sort(np.argsort(-extreme)[:COPIED])
    copied = fresh.take(np.arange(PEOPLE - COPIED)).join(table.take(outliers))
    return Toy(table, others, fresh, shuffled, copied)

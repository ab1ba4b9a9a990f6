"""Planted bugs of what a person with many rows adds: one row of each, weights, the row before."""

from __future__ import annotations

from tests.mutants.harness import Mutant

MOVES = (
    "tests/privacy/test_sensitivity_of_persons.py::"
    "test_a_whole_person_moves_counts_by_what_the_view_says_and_some_do"
)
SAME = "tests/privacy/test_sensitivity_of_persons.py::test_polars_says_the_same_of_these_persons"
PERSONS = "tests/engines/test_persons.py"
GAME = (
    "tests/run/test_person_games.py::"
    "test_a_whole_person_is_not_told_better_than_the_plan_claims_and_a_bug_is_seen"
)
LAW = f"{PERSONS}::test_polars_equals_the_plain_loop_on_persons"

MUTANTS = (
    Mutant(
        "a view of persons that keeps every row",
        "engines/stdlib.py",
        "        return slice(None if self._view.bound.once is None else 1)\n",
        "        return slice(None)\n",
        (MOVES,),
    ),
    Mutant(
        "copies of a person's first row stay, all of them",
        "engines/bound.py",
        "                found[i] = key not in seen\n",
        "                found[i] = True\n",
        (f"{PERSONS}::test_one_row_of_each_stays_with_the_number_of_rows", LAW),
    ),
    Mutant(
        "weights that a person's rows do not share",
        "engines/coding.py",
        "(weight // frame[SIZE].to_numpy())",
        "(weight // np.minimum(frame[SIZE].to_numpy(), 1))",
        (f"{PERSONS}::test_weighed_rows_of_a_unit_add_to_one_weight_at_most",),
    ),
    Mutant(
        "the row before is another person's",
        "engines/before.py",
        "        pl.when(same.fill_null(value=False))\n",
        "        pl.when(pl.col(FIRST).shift(1).is_not_null())\n",
        (f"{PERSONS}::test_nobodys_coming_or_going_moves_what_another_person_counts", LAW),
    ),
    Mutant(
        "rows of a person in the order of the file",
        "engines/before.py",
        "    ordered = frame.sort(FIRST, SECOND, order, RANK)\n",
        "    ordered = frame.sort(FIRST, SECOND, maintain_order=True)\n",
        (f"{PERSONS}::test_the_row_before_is_the_one_before_in_time",),
    ),
    Mutant(
        "a view that promises less than its bound",
        "terms/view.py",
        "        if self.protection.max_rows < self.bound.most:\n",
        "        if self.protection.max_rows < 1:\n",
        (
            "tests/privacy/test_sensitivity_of_persons.py::"
            "test_a_view_that_promises_less_than_its_bound_is_refused",
        ),
    ),
    Mutant(
        "a person's rows are spread over two files",
        "engines/before.py",
        "        place = (pl.col(SECOND) % len(self._files)).alias",
        "        place = (pl.col(RANK) % len(self._files)).alias",
        (SAME, LAW),
    ),
    Mutant(
        "rows that share a weight, sold as if each counted once",
        "plan/level.py",
        "return protection if level.weight is None else protection.model_copy",
        "return protection if level.weight != 0 else protection.model_copy",
        (GAME,),
    ),
    Mutant(
        "a kernel of rows that hides one row of each person",
        "run/views.py",
        "                recipe.protection,",
        '                recipe.protection.model_copy(update={"max_rows": 1}),',
        (GAME,),
    ),
    Mutant(
        "a line of the table of units for each time that a unit is in it",
        "engines/unit_table.py",
        '.unique(UNIT, keep="first", maintain_order=True)\n',
        "\n",
        ("tests/engines/test_unit_table.py::test_engines_join_alike",),
    ),
    Mutant(
        "of a unit's lines the first in the file",
        "engines/stdlib.py",
        "        name: min(rows, key=lambda row: row_hash(_content(row.unit, row.cells, fields), key))\n",
        "        name: rows[0]\n",
        ("tests/engines/test_unit_table.py::test_engines_join_alike",),
    ),
)

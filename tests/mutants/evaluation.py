"""Planted bugs of what the report's share buys, and of units that are held out."""

from __future__ import annotations

from tests.mutants.harness import Mutant

SENSITIVITY = "tests/privacy/test_sensitivity.py"
EVALUATE = "tests/run/test_evaluate.py"
HELD = f"{EVALUATE}::test_rows_of_units_that_are_held_out_teach_nothing_and_alone_are_scored"
SIDES = "tests/engines/test_sides.py"

MUTANTS = (
    Mutant(
        "sensitivity of a score histogram without max_rows",
        "terms/query.py",
        "        return Marginal(self.axes).sensitivity(protection)\n",
        "        return Marginal(self.axes).sensitivity(protection.model_copy(update={'max_rows': 1}))\n",
        (f"{SENSITIVITY}::test_a_score_histogram_never_moves_by_more_on_any_table_at_all",),
    ),
    Mutant(
        "a row counted in two score bins",
        "engines/matrix.py",
        "_add(total, [(bins, question.bins), *levels], here.stop - start, _times(chunk, here))\n",
        "_add(total, [(bins, question.bins), *levels], here.stop - start, _times(chunk, here))\n"
        "                _add(total, [(0 * bins, question.bins), *levels], here.stop - start)\n",
        ("tests/engines/test_engines_agree.py::test_polars_equals_the_plain_loop_on_any_csv",),
    ),
    Mutant(
        "units that are held out are learned from",
        "run/views.py",
        "            recipe = build_view(self._plan, columns, level=level)\n",
        "            recipe = build_view(self._plan, columns, level=Level(held=level.held or None))\n",
        (HELD,),
    ),
    Mutant(
        "a classifier scored on units that were learned from",
        "run/views.py",
        "            recipe = build_view(self._plan, columns, level=level)\n",
        "            recipe = build_view(self._plan, columns, level=Level(held=level.held and None))\n",
        (HELD,),
    ),
    Mutant(
        "a plan that learns from units that are held out",
        "plan/verify.py",
        "        if held and (op.view is None or level_of(plan, op.view).held is not wanted):\n",
        "        if held and op.view is None:\n",
        ("tests/plan/test_verify.py::test_nothing_is_learned_from_units_that_are_held_out",),
    ),
    Mutant(
        "equal rows that go to one side together",
        "engines/side.py",
        "                copies[(high, low)] = copy + 1\n",
        "                copies[(high, low)] = copy\n",
        (f"{SIDES}::test_the_share_is_held_out_independently_of_what_the_rows_say",),
    ),
    Mutant(
        "a split without its secret key",
        "engines/side.py",
        "    digest = hashlib.blake2b(message, digest_size=8, key=key, person=purpose).digest()\n",
        "    digest = hashlib.blake2b(message, digest_size=8, person=purpose).digest()\n",
        (f"{SIDES}::test_another_key_is_another_split_and_no_key_is_refused",),
    ),
    Mutant(
        "units are held out anew on a resume",
        "run/execute.py",
        "            split = keys.holdout\n",
        "            split = noise.bytes(KEY_BYTES - 1) + bytes([len(made.state)])\n",
        (f"{EVALUATE}::test_a_crash_and_a_resume_hold_the_same_units_out_and_replay_what_was_bought",),
    ),
    Mutant(
        "intervals that forget half of the noise",
        "metrics/histogram.py",
        "        return self.stddev**2 + ROUNDING if self.stddev > 0.1 else 0.0\n",
        "        return self.stddev**2 / 4 if self.stddev > 0.1 else 0.0\n",
        ("tests/metrics/test_histogram.py::test_nine_of_ten_intervals_hold_the_true_figure",),
    ),
    Mutant(
        "a score histogram of exact counts",
        "run/kernel.py",
        "        return self._gaussian([query], [cost], self._rows.scored)[0]\n",
        "        noisy = self._gaussian([query], [cost], self._rows.scored)[0]\n"
        "        return Noisy(noisy.query, self._rows.scored([query])[0], noisy.stddev, noisy.receipt)\n",
        ("tests/cli/test_nothing_leaks.py::test_nothing_that_leaves_a_run_depends_on_the_rows",),
    ),
    Mutant(
        "rows of the other side of a split, still open",
        "run/views.py",
        "if self._kernel is not None and (level != self._level or (self._stale and coded)):",
        "if self._kernel is not None and (self._stale and coded):",
        (HELD,),
    ),
    Mutant(
        "figures shown because their noise was kind",
        "report/usefulness.py",
        "        private = pooled([each.counted(rows=counted_rows(release, each.part)) for each in mine])\n",
        "        private = pooled([each.counted() for each in mine])\n",
        (
            "tests/report/test_utility.py"
            "::test_what_is_shown_is_decided_by_the_released_rows_and_not_by_the_counts",
        ),
    ),
    Mutant(
        "a control of the very people who are attacked",
        "run/internal/evaluate.py",
        "            found = self._people(self._asked.plan, held_out=True)\n",
        "            found = self._people(self._asked.plan, held_out=False)\n",
        (
            "tests/api/test_internal.py"
            "::test_people_held_out_are_the_control_where_their_key_is_and_said_to_be_missing_where_not",
        ),
    ),
    Mutant(
        "a few people given away, hidden by the mean",
        "attack/exposed.py",
        "    line = np.sort(members)[::-1][max(1, math.ceil(WORST * len(members))) - 1]\n",
        "    line = float(np.median(members))\n",
        (
            "tests/attack/test_exposed.py::test_a_few_people_given_away_are_seen_in_the_worst_one_percent_"
            "though_the_area_says_nothing",
        ),
    ),
)

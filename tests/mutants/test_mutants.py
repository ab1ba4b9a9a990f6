"""Every planted bug of PRIVACY 10 that concerns what is built is caught by a named test.

Slow: each mutant is a copy of the project and a pytest run of its own. `.ci/run` asks for them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.core import MUTANTS as CORE
from tests.mutants.evaluation import MUTANTS as EVALUATION
from tests.mutants.gradient import MUTANTS as GRADIENT
from tests.mutants.harness import FAILED, Mutant, copy_of_project, plant, run_tests
from tests.mutants.persons import MUTANTS as PERSONS
from tests.mutants.servers import MUTANTS as SERVERS

NONINTERFERENCE = "tests/cli/test_nothing_leaks.py::test_nothing_that_leaves_a_run_depends_on_the_rows"
TRAIN = "tests/api/test_train.py"
PIPELINE = "tests/cli/test_pipeline.py"

MUTANTS = (
    Mutant(
        "half the noise",
        "mechanisms/rounded_gaussian.py",
        "drawn = rounded_gaussian(self.stddev(sensitivity), answer.size, noise)",
        "drawn = rounded_gaussian(self.stddev(sensitivity) / 2, answer.size, noise)",
        ("tests/laws/test_mechanisms.py::test_the_scatter_is_the_stated_one",),
    ),
    Mutant(
        "sensitivity of a marginal short by sqrt(max_rows)",
        "terms/query.py",
        "return Sensitivity(l1=m, l2_squared=m * m)",
        "return Sensitivity(l1=m, l2_squared=m)",
        ("tests/privacy/test_sensitivity.py",),
    ),
    Mutant(
        "sensitivity of k counters short by sqrt(k)",
        "terms/query.py",
        "l2_squared=len(self.flags))",
        "l2_squared=1)",
        ("tests/privacy/test_sensitivity.py",),
    ),
    Mutant(
        "sensitivity of a score without max_rows",
        "terms/query.py",
        "self.weight * self.grid * protection.max_rows *",
        "self.weight * self.grid *",
        ("tests/privacy/test_sensitivity.py",),
    ),
    Mutant(
        "unpaid selection",
        "run/kernel.py",
        "receipt = self._ledger.charge(Exponential.costing(cost))",
        "receipt = Ledger(cost).charge(Exponential.costing(cost))",
        (f"{TRAIN}::test_a_release_claims_the_plans_total_and_the_ledger_agrees",),
    ),
    Mutant(
        "compute before charge",
        "run/kernel.py",
        "        receipts = [self._ledger.charge(RoundedGaussian.costing(cost)) for cost in costs]\n",
        "        compute(list(queries))\n"
        "        receipts = [self._ledger.charge(RoundedGaussian.costing(cost)) for cost in costs]\n",
        (
            "tests/privacy/test_kernel.py::test_without_budget_the_engine_is_never_called",
            "tests/privacy/test_kernel.py::test_the_order_is_pay_then_compute_then_noise_then_keep",
        ),
    ),
    Mutant(
        "charge not durable before the first read",
        "run/charged.py",
        """\
        if charge.state != "opened" or not resume:
            self.journal.open(self.id)
        return charge

    def inside(self) -> ChargeKeys:
        \"\"\"Return the charge's secret keys, made here unless it was opened before; B513, B506.\"\"\"
        return inside_of(self.id, make=self.facts().state == "reserved")

    def commit(self) -> None:
        \"\"\"Write that the release is in place.\"\"\"
""",
        """\
        return charge

    def inside(self) -> ChargeKeys:
        \"\"\"Return the charge's secret keys, made here unless it was opened before; B513, B506.\"\"\"
        return inside_of(self.id, make=self.facts().state == "reserved")

    def commit(self) -> None:
        if self.journal.state(self.id) == "reserved":
            self.journal.open(self.id)
""",
        (f"{TRAIN}::test_the_charge_is_opened_durably_before_the_first_step",),
    ),
    Mutant(
        "underpriced selection: zCDP's e^2/8 as mu2/2",
        "mechanisms/exponential.py",
        "return Cost(mu2=selection_mu2(self.scale * SCALE_UNIT))",
        "return Cost.of((self.scale * SCALE_UNIT) ** 2 / 4)",
        (
            "tests/privacy_core/test_exponential.py::"
            "test_neighbouring_scores_keep_every_event_under_the_curve_of_the_price",
        ),
    ),
    Mutant(
        "exact bounds from data",
        "run/execute.py",
        "self._resolved(resolve_tightening(planned, noisy.values, noisy.stddev))",
        "self._resolved(resolve_tightening(planned, kernel._rows.count([query.axes])[0]))",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "category list from data",
        "run/kernel.py",
        "kept = bought.keep(dict(self._rows.partitions(column)), sensitivity, self._noise)",
        "kept = tuple(self._rows.partitions(column).items())",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "exact n as the number of rows",
        "run/execute.py",
        "                rows, units = self._plan.rows, self._plan.units\n",
        "                rows, units = int(self._rows(1)._rows.count([()])[0][0]), None\n",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "a plain digest of the source in the release",
        "run/execute.py",
        "plan=self._plan,\n            columns",
        'plan=self._plan.model_copy(update={"about": Path(self._plan.source.path).read_bytes().hex()}),\n'
        "            columns",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "the source's modification time in the release",
        "run/execute.py",
        "plan=self._plan,\n            columns",
        'plan=self._plan.model_copy(update={"about": str(Path(self._plan.source.path).stat().st_mtime)}),\n'
        "            columns",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "a warning only when data is odd",
        "run/execute.py",
        "noisy = kernel.affected(Affected(flags=flags), op.cost)",
        "noisy = kernel.affected(Affected(flags=flags), op.cost)\n"
        "        if kernel._rows.affected(flags)[1] > 10:\n"
        "            print('many values do not fit')",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "a value in an error text",
        "run/quiet.py",
        "        except BaseException:\n            pass",
        '        except BaseException as error:\n            step = f"{step} {error}"',
        ("tests/cli/test_nothing_leaks.py::test_a_failure_beside_the_rows_says_nothing_of_them",),
    ),
    Mutant(
        "a crash file with messages",
        "cli/crash.py",
        'return {"type": f"{type(error).__module__}.{type(error).__qualname__}"',
        'return {"type": f"{type(error).__module__}.{type(error).__qualname__}: {error}"',
        ("tests/cli/test_main.py::test_a_bug_exits_70_and_leaves_a_crash_file_without_values",),
    ),
    Mutant(
        "a ledger amount in floats",
        "privacy/cost.py",
        "mu2: int = Field(default=0, ge=0)",
        "mu2: float = Field(default=0, ge=0)",
        (
            "tests/privacy_core/test_ledger.py::test_an_amount_that_is_no_whole_number_is_no_cost",
            "tests/privacy_core/test_ledger.py::test_small_amounts_are_never_lost",
        ),
    ),
    Mutant(
        "the ledger's cap is tested on one amount only",
        "privacy/cost.py",
        "return self.mu2 <= cap.mu2 and self.delta0 <= cap.delta0",
        "return self.mu2 <= cap.mu2",
        (
            "tests/privacy_core/test_ledger.py",
            "tests/privacy_core/test_journal.py::test_slack_is_counted_beside_mu",
        ),
    ),
    Mutant(
        "noise from a seeded generator",
        "privacy/entropy.py",
        "return os.urandom(count)",
        "return np.random.default_rng(0).bytes(count)",
        ("tests/laws/test_mechanisms.py::test_two_releases_differ",),
    ),
    Mutant(
        "the same noise for every cell",
        "mechanisms/rounded_gaussian.py",
        "drawn = rounded_gaussian(self.stddev(sensitivity), answer.size, noise)",
        "drawn = rounded_gaussian(self.stddev(sensitivity), 1, noise).repeat(answer.size)",
        ("tests/laws/test_mechanisms.py",),
    ),
    Mutant(
        "contribution bound by file position",
        "engines/content.py",
        "    return words[:, 0], words[:, 1]\n",
        "    place = np.arange(len(words), dtype=np.uint64)\n    return place, words[:, 1] * np.uint64(0)\n",
        ("tests/engines/test_engines_agree.py", "tests/privacy/test_bound.py"),
    ),
    Mutant(
        "rows without a unit merged into one person",
        "engines/reading.py",
        "return exact.set(null, None).alias(UNIT)",
        'return exact.set(null, "").alias(UNIT)',
        ("tests/engines/test_engines_agree.py",),
    ),
    Mutant(
        "a ledger mixing units",
        "privacy/journal.py",
        "if (opened.unit, opened.neighbours) != (unit, neighbours):",
        "if opened.neighbours != neighbours:",
        ("tests/privacy_core/test_journal.py::test_costs_of_another_protection_are_not_added",),
    ),
    Mutant(
        "a cap evaded by a new folder",
        "api/ledgers.py",
        "return located(value) if on_server(value) else str(source_path(value))",
        "return f'{Path.cwd()}:{source_path(value)}'",
        (f"{PIPELINE}::test_a_new_folder_is_no_new_budget",),
    ),
    Mutant(
        "the realised sum claimed instead of the plan's total",
        "release/release.py",
        "        return Claim.of(self.plan)",
        "        found = Claim.of(self.plan)\n"
        "        return None if found is None else found.model_copy(update={'cost': self.spent})",
        (f"{TRAIN}::test_a_release_claims_the_plans_total_and_the_ledger_agrees",),
    ),
    Mutant(
        "a stale plan is run",
        "api/train.py",
        "    refuse_stale(plan)\n",
        "",
        (f"{PIPELINE}::test_a_stale_plan_is_refused",),
    ),
    Mutant(
        "a resumed run is charged again",
        "api/train.py",
        "        return journal, begun[-1].id\n",
        "",
        (f"{TRAIN}::test_an_interruption_at_any_step_is_resumed_at_no_further_price",),
    ),
    Mutant(
        "a threshold one too low",
        "mechanisms/threshold.py",
        "+ ctx.mpf(3) / 2",
        "+ ctx.mpf(1) / 2",
        ("tests/privacy_core/test_threshold.py",),
    ),
    Mutant(
        "siblings sampled in lockstep",
        "generators/pgm/sample.py",
        "    order = shuffled(rows, rng)\n    groups",
        "    order = np.arange(rows)\n    groups",
        ("tests/generators/test_pgm.py::test_siblings_of_one_parent_are_independent_given_it",),
    ),
    Mutant(
        "the same noise twice for one query",
        "privacy/answers.py",
        "        if index >= len(self._answers):\n            return None\n"
        "        found = self._answers[index]\n",
        "        asked = [each for each in self._answers if each.query == query]\n"
        "        if not asked:\n            return None\n        found = asked[0]\n",
        ("tests/privacy_core/test_answers.py::test_a_question_asked_again_is_answered_anew",),
    ),
    Mutant(
        "a charge before a refusal that needs no data",
        "api/train.py",
        "        if not resume:\n            refuse_occupied(",
        "        if False:\n            refuse_occupied(",
        ("tests/cli/test_faults.py::test_a_release_in_the_way_costs_nothing",),
    ),
    Mutant(
        "what a crash left beside a release is kept",
        "release/aside.py",
        "        _remove_if_left(left)\n",
        "        pass\n",
        ("tests/release/test_aside.py::test_what_a_crash_left_is_removed_and_what_is_in_use_stays",),
    ),
    Mutant(
        "exact n as denominator",
        "run/execute.py",
        '        witness = self._bought.witness("report", target_of(op))\n'
        '        kernel = self._rows(op.view).allot(op.cost, "report", witness)\n',
        '        witness = self._bought.witness("report", target_of(op))\n'
        '        kernel = self._rows(op.view).allot(op.cost, "report", witness)\n'
        "        if total is not None:\n"
        "            axis = Axis(attribute=kernel.domain.attributes[0], size=kernel.domain.sizes[0])\n"
        "            total = type(total)(float(kernel._rows.count([(axis,)])[0].sum()), 1.0)\n",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "exact n as progress total",
        "run/execute.py",
        "            heard.begin(step + 1, op.op)\n",
        "            seen = 0\n"
        "            if run._views._kernel is not None:\n"
        "                domain = run._views._kernel.domain\n"
        "                axis = Axis(attribute=domain.attributes[0], size=domain.sizes[0])\n"
        "                seen = int(run._views._kernel._rows.count([(axis,)])[0].sum())\n"
        "            progress(step + 1, seen + len(plan.ops) + 1, op.op)\n",
        (NONINTERFERENCE,),
    ),
    Mutant(
        "a resume that draws answers again",
        "run/kernel.py",
        "before = [self._answers.replay(receipt, query.digest()) for receipt, query in asked]",
        "before: list[Answer | None] = [None for _ in asked]",
        ("tests/run/test_execute.py::test_with_real_noise_a_resumed_run_keeps_the_answers_already_bought",),
    ),
    *CORE,
    *GRADIENT,
    *SERVERS,
    *EVALUATION,
    *PERSONS,
)


@pytest.mark.slow
def test_every_named_test_passes_without_a_bug(tmp_path: Path) -> None:
    home = copy_of_project(tmp_path)
    tests = tuple(dict.fromkeys(test for mutant in MUTANTS for test in mutant.tests))
    done = run_tests(home, tests)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_caught(mutant: Mutant, tmp_path: Path) -> None:
    home = copy_of_project(tmp_path)
    plant(home, mutant)
    done = run_tests(home, mutant.tests)
    assert done.returncode == FAILED, (
        f"not caught (exit {done.returncode}): {done.stdout[-3000:]}{done.stderr[-1000:]}"
    )


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_still_has_a_place_and_a_test(mutant: Mutant) -> None:
    from tests.mutants.harness import ROOT

    text = (ROOT / "synthspec" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.old != mutant.new
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).is_file()
        assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8")

"""Planted bugs of the private gradient and of its step counter."""

from __future__ import annotations

from tests.mutants.harness import Mutant

STEPS = "tests/run/test_steps.py"
CLIPPING = "tests/run/test_clipping.py"
GRADIENT = "tests/run/test_gradient.py"
COUNTER = "tests/run/test_counter.py"
EACH_STEP = f"{STEPS}::test_each_step_is_the_drawn_batch_clipped_by_unit_with_noise_once"
BLOCKWISE = "test_a_training_of_many_steps_is_counted_block_by_block_before_its_steps"
LEAKS = "tests/cli/test_training_leaks.py::test_nothing_that_leaves_a_training_depends_on_the_rows"
ORDER = f"{GRADIENT}::test_the_order_is_pay_read_count_step_save_and_keep"

MUTANTS = (
    Mutant(
        "a fixed batch charged as Poisson",
        "run/steps.py",
        "joined = bought.joins(everyone, noise) if bought is not None else None",
        "joined = np.arange(min(everyone, round(self.expected)))",
        (EACH_STEP,),
    ),
    Mutant(
        "no clipping",
        "run/clipping.py",
        "            factor = (self._clip / length.clamp(min=1e-300)).clamp(max=1.0)\n",
        "            factor = torch.ones_like(length)\n",
        (
            f"{CLIPPING}::test_one_unit_moves_the_sum_by_at_most_the_clip",
            "tests/privacy/test_sensitivity.py",
        ),
    ),
    Mutant(
        "no noise",
        "run/steps.py",
        "                    total += self._noise(clipper.size, bought, noise)\n",
        "                    self._noise(clipper.size, bought, noise)\n",
        (f"{STEPS}::test_the_noise_is_that_of_the_purchase",),
    ),
    Mutant(
        "noise scaled by the batch",
        "run/steps.py",
        "* (self.clip * (1 + ROUNDING))",
        "* (self.clip * (1 + ROUNDING) / self.expected)",
        (f"{STEPS}::test_the_noise_is_that_of_the_purchase",),
    ),
    Mutant(
        "one step more than was bought",
        "run/steps.py",
        "            for _ in range(steps):\n",
        "            for _ in range(steps + 1):\n",
        (f"{STEPS}::test_exactly_as_many_steps_as_asked", f"{GRADIENT}::{BLOCKWISE}"),
    ),
    Mutant(
        "the last block runs over",
        "run/gradient.py",
        "        after = min(steps, done + block)\n",
        "        after = done + block\n",
        (f"{GRADIENT}::{BLOCKWISE}",),
    ),
    Mutant(
        "norms rounded as the forward is",
        "run/clipping.py",
        '    with _precision("highest"):\n',
        "    if True:\n",
        (f"{CLIPPING}::test_nothing_is_rounded_in_norms_and_sums_whatever_the_user_set",),
    ),
    Mutant(
        "a private number in the progress line",
        "run/gradient.py",
        "        told(after, steps, done, stepper.learner.public_loss(), bought)\n",
        "        told(after, steps, done, float(len(stepper.units)), bought)\n",
        (LEAKS,),
    ),
    Mutant(
        "what a library logs beside rows is let through",
        "run/quiet.py",
        "        logging.disable()\n",
        "        pass\n",
        ("tests/privacy/test_kernel.py::test_what_a_library_logs_beside_rows_reaches_no_handler",),
    ),
    Mutant(
        "half the noise of a training, against the best guess",
        "run/steps.py",
        "* (self.clip * (1 + ROUNDING))",
        "* (self.clip * (1 + ROUNDING) / 2)",
        ("tests/privacy/test_gradient_game.py::test_the_best_guess_at_a_unit_stays_under_the_claim",),
    ),
    Mutant(
        "the exact number of units as divisor",
        "run/steps.py",
        "self._gradient(total / self.expected)",
        "self._gradient(total / (1 + len(self.units)))",
        (LEAKS, EACH_STEP),
    ),
    Mutant(
        "a shuffled sampler charged as Poisson",
        "run/steps.py",
        "joined = bought.joins(everyone, noise) if bought is not None else None",
        "joined = np.sort(np.random.default_rng(0).permutation(everyone)[: round(self.expected)])",
        (EACH_STEP,),
    ),
    Mutant(
        "a batch divided by its realised size",
        "run/steps.py",
        "self._gradient(total / self.expected)",
        "self._gradient(total / max(1, 0 if joined is None else len(joined)))",
        (EACH_STEP,),
    ),
    Mutant(
        "noise once per piece of a batch",
        "run/steps.py",
        "                clipper.add(total, piece, self.learner.losses, draws)\n",
        "                clipper.add(total, piece, self.learner.losses, draws)\n"
        "                total += total.new_tensor(np.random.standard_normal(clipper.size)) * self.clip\n",
        (EACH_STEP,),
    ),
    Mutant(
        "noise on every rank",
        "run/steps.py",
        "                total = self.ranks.total(self._clipped(clipper, self.ranks.mine(joined), noise))\n"
        "                if bought is not None:\n"
        "                    total += self._noise(clipper.size, bought, noise)\n",
        "                part = self._clipped(clipper, self.ranks.mine(joined), noise)\n"
        "                more = part.new_tensor(np.random.standard_normal(clipper.size)) * self.clip\n"
        "                total = self.ranks.total(part + more * (bought is None))\n"
        "                if bought is not None:\n"
        "                    total += self._noise(clipper.size, bought, noise)\n",
        ("tests/run/test_ranks.py::test_two_processes_give_what_one_gives",),
    ),
    Mutant(
        "no noise where nobody joined",
        "run/steps.py",
        "                if bought is not None:\n                    total +=",
        "                if bought is not None and total.any():\n                    total +=",
        (f"{STEPS}::test_an_empty_batch_and_an_empty_table_still_take_noisy_steps",),
    ),
    Mutant(
        "noise of another clip",
        "run/steps.py",
        "* (self.clip * (1 + ROUNDING))",
        "* (self.clip / 2)",
        (EACH_STEP, f"{STEPS}::test_the_noise_is_that_of_the_purchase"),
    ),
    Mutant(
        "clipped by row instead of by unit",
        "run/clipping.py",
        "        yield Bucket(start, start + rows * number, rows)\n",
        "        yield Bucket(start, start + rows * number, 1)\n",
        (
            f"{CLIPPING}::test_own_products_equal_a_loop_over_units",
            f"{CLIPPING}::test_one_unit_moves_the_sum_by_at_most_the_clip",
        ),
    ),
    Mutant(
        "examples of a unit taken as orthogonal",
        "run/layers.py",
        "    return ((a @ a.mT) * (b @ b.mT)).sum((1, 2)).clamp(min=0.0)\n",
        "    return (a.square().sum(2) * b.square().sum(2)).sum(1)\n",
        (f"{CLIPPING}::test_own_products_equal_a_loop_over_units",),
    ),
    Mutant(
        "a bias that no norm counts",
        "run/layers.py",
        "    if has_bias:\n        each += b2\n",
        "",
        (f"{CLIPPING}::test_own_products_equal_a_loop_over_units",),
    ),
    Mutant(
        "NaN in one record undoes the bound",
        "run/clipping.py",
        "                calls = [_without(each, weights) for each in calls]\n",
        "                pass\n",
        (f"{CLIPPING}::test_a_unit_whose_gradient_is_not_finite_adds_nothing_and_leaves_others_alone",),
    ),
    Mutant(
        "a network is paid for before it is tried",
        "run/gradient.py",
        "        try_out(learner, partial(clipper_of, learner.module), domain)\n",
        "        pass\n",
        (f"{GRADIENT}::test_a_network_that_the_clip_cannot_hold_is_refused_before_it_is_paid",),
    ),
    Mutant(
        "torch's own generator tells the size of a batch",
        "run/steps.py",
        "        with sealed(noise):\n",
        "        if sealed:\n",
        (f"{STEPS}::test_torchs_own_generator_says_nothing_of_the_batch",),
    ),
    Mutant(
        "steps are counted after they are taken",
        "run/gradient.py",
        "        counter.count(done, after)\n"
        '        quietly(partial(stepper.run, after - done, bought, noise), "a block of training steps")\n',
        '        quietly(partial(stepper.run, after - done, bought, noise), "a block of training steps")\n'
        "        counter.count(done, after)\n",
        (ORDER,),
    ),
    Mutant(
        "a resume that repeats counted steps",
        "run/gradient.py",
        "    done = counter.gone()\n    state = counter.saved() if done else None\n",
        "    done = 0\n    state = counter.saved()\n",
        (f"{GRADIENT}::test_steps_counted_are_gone_whatever_state_is_shown",),
    ),
    Mutant(
        "more steps than were bought",
        "privacy/step_counter.py",
        "    if not block.before < block.after <= block.steps:\n",
        "    if not block.before < block.after:\n",
        (f"{COUNTER}::test_more_than_was_bought_is_never_counted",),
    ),
    Mutant(
        "a count that another process made is passed over",
        "privacy/step_counter.py",
        "    if steps_counted(charge, block.purchase, block.question, block.steps) != block.before:\n",
        "    if steps_counted(charge, block.purchase, block.question, block.steps) < 0:\n",
        (f"{COUNTER}::test_two_processes_cannot_count_the_same_steps",),
    ),
    Mutant(
        "steps without a price",
        "run/kernel.py",
        "        receipt = self._ledger.charge(\n            SubsampledGaussian",
        "        receipt = Ledger(cost).charge(\n            SubsampledGaussian",
        (f"{GRADIENT}::test_what_costs_more_than_is_left_is_refused_before_anything_is_read", ORDER),
    ),
    Mutant(
        "a saved state that others may read",
        "run/counter.py",
        "os.O_TRUNC, 0o600)",
        "os.O_TRUNC, 0o644)",
        (f"{COUNTER}::test_a_state_is_kept_for_its_owner_alone_and_read_back",),
    ),
    Mutant(
        "the engine hands out rows beyond the bound",
        "engines/polars.py",
        "            for frame in self._kept(coding.wanted()):\n",
        "            for frame, _ in self._recipe.run(coding.wanted()):\n",
        ("tests/engines/test_engines_agree.py::test_polars_equals_the_plain_loop_on_any_csv",),
    ),
    Mutant(
        "exact category frequencies in the conditional sampler",
        "generators/neural/network.py",
        '        rows = start_rows(start, rng.split("rows"))\n',
        '        rows = start_rows(start, rng.split("rows"))\n'
        "        held = oracle._rows.held().codes  # type: ignore[attr-defined]\n"
        "        for at, name in enumerate(oracle.domain.attributes):\n"
        "            rows[:, at] = np.resize(held[name], len(rows)) if len(held[name]) else rows[:, at]\n",
        (LEAKS,),
    ),
)

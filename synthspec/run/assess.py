"""Assess: mean and worst total variation between private and released rows, bought as six scalars.

What is asked is public, see `draw.distances`; private rows are met by the kernel's noisy answers alone.

Source: ours; PRIVACY 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.distances import GRID, Total, asked_of, total_of
from synthspec.plan.plan import PlannedColumn
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.release.release import Assessment, event_id
from synthspec.run.kernel import Kernel
from synthspec.terms.query import Marginal


def assess(
    kernel: Kernel,
    cost: Cost,
    columns: Sequence[PlannedColumn],
    codes: Mapping[str, NDArray[np.int64]],
    total: Total | None,
    rng: SampleRng,
) -> tuple[Assessment, ...]:
    """Buy the distances and return them with their intervals.

    Args:
        kernel: private rows, with an allotment of `cost`.
        cost: what to spend in all.
        columns: the resolved columns.
        codes: codes of the released rows by attribute, shape (rows,) each.
        total: the noisy number of rows; bought here when None.
        rng: public randomness, for the subsets.
    """
    asked = asked_of(columns, set(kernel.domain.attributes) & set(codes), rng)
    if not asked.kinds:
        return ()
    shares = list(cost.split(len(asked.kinds) + (total is None)))
    if total is None:
        total = total_of(kernel.measure([(Marginal(axes=()), shares.pop())]))
        assert total is not None
    queries = asked.queries(codes, total.rows)
    answers = kernel.distances(list(zip(queries, shares, strict=True)))
    return tuple(
        Assessment.of(
            int(noisy.values[0]),
            order=order,
            worst=worst,
            cliques=len(asked.cliques[order]),
            grid=GRID,
            stddev=noisy.stddev,
            n_hat=total.rows,
            n_stddev=total.stddev,
            event=event_id(noisy.receipt),
        )
        for (order, worst), noisy in zip(asked.kinds, answers, strict=True)
    )

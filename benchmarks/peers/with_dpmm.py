"""Run one task with dpmm; in dpmm's own environment: python with_dpmm.py FOLDER.

The public domain is given, dpmm's preprocessing (which would spend budget on bins) is left out because
rows come coded, and every other option has its class default: domain compression at three standard
deviations on, AIM's model at most 80 MB, its workload all pairs of at most 10,000 cells. One process, so
that CPU seconds are all of it.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from dpmm.models.aim import AIMGM
from dpmm.models.mst import MSTGM
from dpmm.models.priv_bayes import PrivBayesGM
from dpmm.pipelines.base import GenerativePipeline
from protocol import Rows, Task, answer

METHODS = {"mst": MSTGM, "privbayes": PrivBayesGM, "aim": AIMGM}


def fit(task: Task, rows: Rows):
    """Return dpmm's sampler after fitting its model."""
    model = METHODS[task.method](epsilon=task.epsilon, delta=task.delta, n_jobs=1)
    pipeline = GenerativePipeline(gen=model, proc=None)
    table = pd.DataFrame(rows, columns=list(task.columns))
    domain = dict(zip(task.columns, task.sizes))
    pipeline.fit(table, domain=domain, random_state=task.seed)

    def sample(many: int) -> Rows:
        drawn = pipeline.generate(n_records=many, random_state=task.seed)
        return np.asarray(drawn[list(task.columns)], dtype=np.int64)

    return sample


if __name__ == "__main__":
    answer(Path(sys.argv[1]), f"dpmm {version('dpmm')}", fit)

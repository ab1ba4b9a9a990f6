"""Run one task with mostlyai-engine; in its own environment: python with_mostlyai.py FOLDER.

Its default model with differential privacy, all of epsilon for training: codes come with their public domain,
so its own protection of values, which would spend budget, is off. Everything else has its default; training
is ended after so many wall minutes that the run stays under the benchmark's limit.
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from mostlyai.engine import TabularARGN, set_random_state
from mostlyai.engine.domain import DifferentialPrivacyConfig
from protocol import Rows, Task, answer

MINUTES = float(os.environ.get("PEER_MINUTES", "8"))


def fit(task: Task, rows: Rows):
    """Return the engine's sampler after fitting."""
    set_random_state(task.seed)
    private = DifferentialPrivacyConfig(max_epsilon=task.epsilon, delta=task.delta)
    model = TabularARGN(
        differential_privacy=private, value_protection=False, max_training_time=MINUTES, verbose=0
    )
    columns = list(task.columns)
    model.fit(pd.DataFrame(rows, columns=columns).astype(str))

    def sample(many: int) -> Rows:
        drawn = model.sample(n_samples=many)[columns]
        return np.asarray(drawn.fillna("0").astype(str).astype(np.int64), dtype=np.int64)

    return sample


if __name__ == "__main__":
    answer(Path(sys.argv[1]), f"mostlyai-engine {version('mostlyai-engine')}", fit)

"""Run one task with smartnoise-synth's networks; in its own environment: python with_smartnoise.py FOLDER.

Class defaults; every column is categorical, and the package reads its categories from the rows (its label
transformer asks for no budget there).
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from protocol import Rows, Task, answer
from snsynth.pytorch.nn import DPCTGAN, PATECTGAN

METHODS = {"dpctgan": DPCTGAN, "patectgan": PATECTGAN}


def fit(task: Task, rows: Rows):
    """Return the package's sampler after fitting."""
    model = METHODS[task.method](epsilon=task.epsilon, delta=task.delta, verbose=False, cuda=False)
    columns = list(task.columns)
    model.fit(pd.DataFrame(rows, columns=columns), categorical_columns=columns, preprocessor_eps=0.0)

    def sample(many: int) -> Rows:
        return np.asarray(model.sample(many)[columns], dtype=np.int64)

    return sample


if __name__ == "__main__":
    answer(Path(sys.argv[1]), f"smartnoise-synth {version('smartnoise-synth')}", fit)

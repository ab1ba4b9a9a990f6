"""Run one task with synthcity's private networks; in its own environment: python with_synthcity.py FOLDER.

Plugin defaults; columns are handed over as categories, whose list the package reads from the rows.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from protocol import Rows, Task, answer
from synthcity.plugins import Plugins
from synthcity.plugins.core.dataloader import GenericDataLoader


def fit(task: Task, rows: Rows):
    """Return the plugin's sampler after fitting."""
    more = {"delta": task.delta} if task.method == "dpgan" else {}
    workspace = Path(tempfile.mkdtemp())
    model = Plugins().get(
        task.method, epsilon=task.epsilon, random_state=task.seed, workspace=workspace, **more
    )
    columns = list(task.columns)
    model.fit(GenericDataLoader(pd.DataFrame(rows, columns=columns)))

    def sample(many: int) -> Rows:
        return np.asarray(model.generate(count=many).dataframe()[columns], dtype=np.int64)

    return sample


if __name__ == "__main__":
    answer(Path(sys.argv[1]), f"synthcity {version('synthcity')}", fit)

"""A table as a file: what cannot be written is the system's own error."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from synthspec.draw.table import write_table


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_disk_that_is_full_is_an_error_of_the_system() -> None:
    with pytest.raises(OSError, match="space"):
        write_table(pl.DataFrame({"a": range(100_000)}), Path("/dev/full"))

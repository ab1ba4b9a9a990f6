"""The codes of rows that are drawn part by part into a folder (families Q and S)."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "Q650": Entry(
        title="the folder holds something else",
        text=(
            "`sample -o FOLDER/` writes numbered parts and a `_manifest.json` that says what was asked for. "
            "The same command goes on where it was interrupted. Another release, seed, number of rows, "
            "condition or version of synthspec gives other rows, and a folder with parts of both would be a "
            "table that nobody asked for. Nothing in the folder was touched."
        ),
        bad="synthspec sample out/stays -n 2000000 -o rows/     # holds 1,000,000 rows already",
        good="synthspec sample out/stays -n 2000000 -o rows-2/",
        related=("Q651",),
    ),
    "Q651": Entry(
        title="another process is writing into the folder",
        text=(
            "The folder is locked while its rows are drawn, and the lock ends with the process. Nothing was "
            "touched. To use more processors, give `--processes`."
        ),
        bad="synthspec sample out/stays -o rows/ & synthspec sample out/stays -o rows/",
        good="synthspec sample out/stays -o rows/ --processes 2",
        related=("Q650",),
    ),
    "Q652": Entry(
        title="a process that drew rows ended early",
        text=(
            "One of the processes that `--processes` started is gone: killed, or out of memory. Each part is "
            "written whole or not at all, so nothing has to be cleaned up; the same command draws what is "
            "missing. Fewer processes need less memory."
        ),
        bad="synthspec sample out/stays -n 100000000 -o rows/ --processes 64",
        good="synthspec sample out/stays -n 100000000 -o rows/ --processes 8",
    ),
    "S161": Entry(
        title="a scenario that is not drawn part by part",
        text=(
            "Rows that come from files (`given`, `mix`), exact shares (`rebalance`, `weights`) and varied "
            "rows (`augment`) are made by looking at all rows of the scenario together. They are drawn into "
            "one file, in memory."
        ),
        bad="synthspec sample out/stays --scenario balanced -o rows/",
        good="synthspec sample out/stays --scenario balanced -o rows.parquet",
        related=("G458",),
    ),
}

"""Networks from a spec to rows: trained, saved, read again without torch, sampled under conditions, tuned."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.cli.main import run
from synthspec.release.bundle import read_release
from synthspec.release.weights import unpack_weights
from tests.cli.conftest import Command

ROWS = 700
CANARY = {"age": 97, "a": 37, "b": 39, "cost": 98765}
"""A row that nobody else is near; its place in the table is its last."""
SPEC = """\
spec: 1
name: nets
source: {path: table.csv, rows: 700}
privacy: {unit: row, epsilon: 6}
columns:
  ward: [medicine, obstetrics, icu]
  sex: [F, M]
  age: int 0..99
  a: int 0..40
  b: int 0..40
  cost: int 0..99999
rules:
  no-men: ward <> 'obstetrics' OR sex <> 'M'
  order: a <= b
generate:
  first: {columns: [ward, sex], using: ctgan, with: {pretrain: 20, width: 16, latent: 4}}
  second:
    columns: [age]
    using: autoregressive
    given: [first]
    with: {fine_tune: always, steps: 4, batch_size: 200, width: 8}
  third:
    columns: [a, b, cost]
    using: vae
    given: [first, second]
    with: {fine_tune: always, steps: 4, batch_size: 200, pretrain: 20, width: 16, latent: 4}
sample:
  rows: 300
  seed: 3
  scenarios:
    dear: {rows: 80, where: "age >= 60 AND cost > 900"}
"""


def table() -> str:
    """Return rows that meet the rules, the canary last."""
    rng = np.random.default_rng(0)
    lines = []
    for _ in range(ROWS - 1):
        ward = ("medicine", "obstetrics", "icu")[int(rng.integers(3))]
        low = int(rng.integers(0, 20))
        sex = "F" if ward == "obstetrics" else "FM"[int(rng.integers(2))]
        high, cost = low + int(rng.integers(0, 15)), int(rng.integers(10, 3000))
        lines.append(f"{ward},{sex},{int(rng.integers(0, 90))},{low},{high},{cost}")
    lines.append(f"icu,M,{CANARY['age']},{CANARY['a']},{CANARY['b']},{CANARY['cost']}")
    return "ward,sex,age,a,b,cost\n" + "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a spec and its release, trained once."""
    made = tmp_path_factory.mktemp("nets")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        patch.setenv("SYNTHSPEC_HOME", str(made / "home"))
        (made / "table.csv").write_text(table())
        (made / "nets.yaml").write_text(SPEC)
        assert run(["train", "nets.yaml", "--yes", "-o", "rel", "-q"]) == 0
        (made / "table.csv").unlink()  # nothing below may read it
        yield made


@pytest.fixture
def there(folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Return the command line in that folder."""
    monkeypatch.chdir(folder)
    return command


def test_every_group_has_its_network_and_weights_are_safetensors(folder: Path) -> None:
    held = {model.group: model for model in read_release(folder / "rel").models}
    assert {name: (m.facts["notes"] or {})["kind"] for name, m in held.items()} == {  # type: ignore[index]
        "first": "ctgan",
        "second": "autoregressive",
        "third": "vae",
    }
    weights = unpack_weights((folder / "rel" / "weights.safetensors").read_bytes())
    assert {name.split("/")[0] for name in weights} == {"0", "1", "2"}
    for at, model in enumerate(held.values()):
        for name, array in model.arrays.items():
            if name.startswith("net/"):
                assert np.array_equal(array, weights[f"{at}/{name}"])


def test_rules_hold_in_rows_and_scenarios_and_importance_is_reported(folder: Path, there: Command) -> None:
    rows = pl.read_parquet(folder / "rel" / "synthetic.parquet")
    dear = pl.read_parquet(folder / "rel" / "scenario-1-dear.parquet")
    for frame in (rows, dear):
        assert (frame["a"] <= frame["b"]).all()
        assert not ((frame["ward"] == "obstetrics") & (frame["sex"] == "M")).any()
    assert dear.height == 80
    assert ((dear["age"] >= 60) & (dear["cost"] > 900)).all()
    (held,) = json.loads((folder / "rel" / "scenarios.json").read_text())
    assert 0 < held["effective"] < 1
    page = there("report", "rel")
    assert page.code == 0
    assert "Effective rows" in (folder / "rel" / "report.html").read_text()


def test_a_release_is_sampled_without_torch_and_the_same_seed_gives_the_same_rows(folder: Path) -> None:
    code = (
        "import sys; from synthspec.cli.main import run;"
        "c = run(['sample', 'rel', '-n', '50', '--seed', '5', '--where', 'age > 50', '-q']);"
        "assert 'torch' not in sys.modules; sys.exit(c)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    outs = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert outs[0] == outs[1] and outs[0].count(b"\n") == 51


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a release, and the arrays in archives and tables, not compressed."""
    found = {}
    for path in sorted(folder.rglob("*")):
        found[path.name] = path.read_bytes()
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as packed:
                found |= {f"{path.name}/{name}": packed.read(name) for name in packed.namelist()}
        if path.suffix == ".parquet":
            text = io.BytesIO()
            pl.read_parquet(path).write_csv(text)
            found[f"{path.name}/rows"] = text.getvalue()
    return found


def test_a_planted_row_is_nowhere_in_the_release(folder: Path) -> None:
    line = f"{CANARY['age']},{CANARY['a']},{CANARY['b']},{CANARY['cost']}"
    number = CANARY["cost"]
    forms = {
        "its line": line.encode(),
        "its cost": str(number).encode(),
        "its cost as a whole number": struct.pack("<q", number),
        "its cost as a short one": struct.pack("<i", number),
        "its cost as a float": struct.pack("<d", float(number)),
        "its cost as a short float": struct.pack("<f", float(number)),
        "its row of codes": np.array([2, 1, CANARY["age"], CANARY["a"]], dtype="<i8").tobytes(),
    }
    files = contents(folder / "rel")
    assert len(files) > 12
    for what, form in forms.items():
        for name, content in files.items():
            assert form not in content, f"{what} is in {name}"
    # the search finds what is there
    assert any(b"obstetrics" in content for content in files.values())


def test_no_array_of_the_release_has_an_entry_per_private_row(folder: Path) -> None:
    for model in read_release(folder / "rel").models:
        for name, array in model.arrays.items():
            assert not {ROWS, ROWS - 1} & set(array.shape), name


def test_options_are_searched_on_released_rows_and_never_on_private_ones(there: Command) -> None:
    searched = there(
        "tune", "nets.yaml", "--from", "rel", "--group", "second", "--try", "steps=2,3", "--json"
    )
    assert searched.code == 0, searched.err
    trials = searched.json["trials"]
    assert [each["distance"] for each in trials] == sorted(each["distance"] for each in trials)
    assert {json.dumps(each["options"]) for each in trials} == {"{}", '{"steps": 2}', '{"steps": 3}'}
    assert searched.json["best"]["second"] == trials[0]["options"]
    refused = there("tune", "nets.yaml")
    assert refused.code != 0 and "error[P411]" in refused.err


def test_a_source_that_is_declared_public_is_searched_itself(command: Command) -> None:
    Path("open.csv").write_text(table())
    spec = SPEC.replace("{path: table.csv, rows: 700}", "{path: open.csv, public: true, basis: made up}")
    Path("open.yaml").write_text(spec.replace("privacy: {unit: row, epsilon: 6}\n", ""))
    done = command("tune", "open.yaml", "--group", "second", "--trials", "1", "--json")
    assert done.code == 0, done.err
    (trial,) = done.json["trials"]
    assert trial["options"] == {} and 0 <= trial["distance"] < 0.5


def test_a_search_on_rows_without_the_columns_of_the_spec_names_these(there: Command) -> None:
    wider = SPEC.replace("  cost: int", "  fee: int 0..9\n  cost: int").replace("b, cost]", "b, cost, fee]")
    Path("wider.yaml").write_text(wider)
    done = there("tune", "wider.yaml", "--from", "rel")
    assert done.code == 5 and "error[D407]" in done.err
    assert "`fee`" in done.err and "`cost`" not in done.err and "rel" in done.err


def test_public_rows_outside_a_narrower_spec_are_counted_and_a_spec_that_none_fits_is_refused(
    command: Command,
) -> None:
    Path("open.csv").write_text(table())
    spec = SPEC.replace("{path: table.csv, rows: 700}", "{path: open.csv, public: true, basis: made up}")
    spec = spec.replace("privacy: {unit: row, epsilon: 6}\n", "").replace("steps: 4", "steps: 1")
    arguments = ("--group", "second", "--trials", "1")
    Path("narrow.yaml").write_text(spec.replace("age: int 0..99", "age: int 30..99"))
    done = command("tune", "narrow.yaml", *arguments)
    assert done.code == 0, done.err
    (said,) = [line for line in done.err.splitlines() if line.startswith("note: `")]
    young = sum(int(line.split(",")[2]) < 30 for line in table().splitlines()[1:])
    assert "age: " in said and f" in {young} of the rows" in said
    other = "age: {type: int, in: 5000..5001, outside: drop}"
    Path("none.yaml").write_text(spec.replace("age: int 0..99", other))
    refused = command("tune", "none.yaml", *arguments)
    assert refused.code == 1 and "error[G473]" in refused.err


@pytest.mark.parametrize("header", [True, False])
def test_a_search_on_a_public_table_that_does_not_fit_says_why(header: bool, command: Command) -> None:
    spec = SPEC.replace("{path: table.csv, rows: 700}", "{path: open.csv, public: true, basis: made up}")
    Path("open.yaml").write_text(spec.replace("privacy: {unit: row, epsilon: 6}\n", ""))
    if header:
        Path("open.csv").write_text("ward,sex\nicu,F\n")
    done = command("tune", "open.yaml", "--group", "second", "--trials", "1")
    assert done.code == 5 and f"error[{'D407' if header else 'D402'}]" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--group", "nobody"), "G473"),
        (("--try", "epochs=3"), "G402"),
        (("--try", "steps=0"), "G403"),
    ],
)
def test_a_search_that_cannot_be_made_says_why(arguments: tuple[str, ...], code: str, there: Command) -> None:
    done = there("tune", "nets.yaml", "--from", "rel", *arguments)
    assert done.code == 1 and f"error[{code}]" in done.err

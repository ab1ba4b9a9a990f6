"""A private training, with its mechanisms replaced by constants: nothing that leaves depends on the rows.

The clipped sums are computed as ever and thrown away. What a training says while it runs, the states it
saves, the ledger, the weights, both streams: equal byte for byte for tables that share a spec only.

Source: PRIVACY 10 of the design; Goguen & Meseguer 1982 (noninterference).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.cli.main import run  # noqa: E402
from synthspec.mechanisms import SubsampledGaussian  # noqa: E402
from synthspec.run.clipping import Clipper  # noqa: E402
from synthspec.run.steps import Stepper  # noqa: E402
from tests.cli import test_nothing_leaks as leaks  # noqa: E402

constants = leaks.constants
outcome = leaks.outcome

SPEC = """\
spec: 1
name: visits
source: {path: visits.csv}
privacy: {unit: person, max_rows: 2, epsilon: 3, delta: 1e-6}
columns:
  person: id
  age: int 0..19
  sex: [F, M]
  lactate: {type: float, in: 0..30, step: 2.5, missing: modelled}
  place: {type: category, in: {discover: 5, else: OTHER}}
generate:
  all:
    columns: [age, sex, lactate, place]
    using: USING
    with: {fine_tune: always, steps: 12, batch_size: 20, width: 8MORE}
sample: {rows: 100, seed: 2}
"""
HEADER = "person,age,sex,lactate,place\n"


def tidy(rows: int) -> bytes:
    """Return a table where everything fits."""
    lines = [f"{i // 3},{i % 25},{'FM'[i % 2]},{i % 30}.5,town{i % 3}" for i in range(rows)]
    return (HEADER + "\n".join(lines) + "\n").encode()


TABLES = {
    "a table smaller than a batch": tidy(37),
    "no rows": HEADER.encode(),
    "every column constant": (HEADER + "".join(f"{i},44,F,2.5,home\n" for i in range(300))).encode(),
    "one person": (HEADER + "\n".join([f"7,{i % 25},F,2.5,home" for i in range(300)]) + "\n").encode(),
    "nothing fits": (HEADER + "\n".join(["x,y,z,-,"] * 60) + "\n").encode(),
    "nobody": (HEADER + "\n".join([",44,M,,"] * 80) + "\n").encode(),
}


@pytest.fixture
def sums(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Replace noisy sums by constants, and the spec by one that trains; say whether any sum was not 0.

    The verb is `train`, which attaches the report; `run` would show it as well.
    """
    monkeypatch.setattr(leaks, "run", lambda arguments: run(["train", *arguments[1:]]))
    monkeypatch.setattr(leaks, "SPEC", SPEC.replace("USING", "autoregressive").replace("MORE", ""))
    clipped = Stepper._clipped
    moved: list[bool] = []

    def forgotten(self: Stepper, clipper: Clipper, joined: object, noise: object) -> torch.Tensor:
        moved.append(bool(clipped(self, clipper, joined, noise).any()))  # type: ignore[arg-type]
        return clipper.zeros()

    monkeypatch.setattr(Stepper, "_clipped", forgotten)
    monkeypatch.setattr(SubsampledGaussian, "gaussian", lambda self, size, noise: np.linspace(-1, 1, size))
    return moved


def states(folder: Path) -> dict[str, bytes]:
    """Return the training states that a run saved."""
    return {path.name: path.read_bytes() for path in sorted((folder / "home").rglob("steps-*"))}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name == "no rows" else pytest.mark.slow) for name in TABLES]
)
@pytest.mark.usefixtures("constants")
def test_nothing_that_leaves_a_training_depends_on_the_rows(
    name: str, sums: list[bool], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = {**outcome(tidy(300), tmp_path / "a", capfd), **states(tmp_path / "a")}
    two = {**outcome(TABLES[name], tmp_path / "a", capfd), **states(tmp_path / "a")}
    assert one["code"] in (0, 3), one["err"]
    assert "training step 12 of 12, " in str(one["err"])
    assert len(sums) == 24, "both took every step"
    assert any(sums[:12]), "the rows were looked at"
    assert any(part.endswith(".safetensors") and part.startswith("steps-") for part in one)
    assert set(one) == set(two)
    for part in one:
        assert one[part] == two[part], f"{part} differs"


@pytest.mark.slow
@pytest.mark.parametrize("using", ["vae", "ctgan"])
@pytest.mark.usefixtures("constants")
def test_nor_does_that_of_the_other_networks(
    using: str,
    sums: list[bool],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(leaks, "SPEC", SPEC.replace("USING", using).replace("MORE", ", pretrain: 5"))
    one = {**outcome(tidy(300), tmp_path / "a", capfd), **states(tmp_path / "a")}
    two = {**outcome(TABLES["one person"], tmp_path / "a", capfd), **states(tmp_path / "a")}
    assert one["code"] in (0, 3), one["err"]
    assert len(sums) == 24 and any(sums)
    assert one == two


@pytest.mark.slow
@pytest.mark.usefixtures("constants")
def test_without_the_constants_a_training_would_differ(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Sums that are kept show in the weights: the test above can fail."""
    monkeypatch.setattr(leaks, "SPEC", SPEC.replace("USING", "autoregressive").replace("MORE", ""))
    monkeypatch.setattr(SubsampledGaussian, "gaussian", lambda self, size, noise: np.linspace(-1, 1, size))
    outcome(tidy(300), tmp_path / "a", capfd)
    one = states(tmp_path / "a")
    outcome(TABLES["every column constant"], tmp_path / "a", capfd)
    assert states(tmp_path / "a") != one

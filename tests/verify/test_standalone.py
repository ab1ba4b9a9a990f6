"""The one-file verifier: it passes what is honest, and each of its checks fails what was changed for it."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthspec.privacy.accountant import claim_epsilon, selection_mu2
from synthspec.privacy.cost import Cost
from synthspec.release.ed25519 import verifies
from synthspec.verify import standalone
from synthspec.verify.standalone import epsilon_of, run_holds, signed, verify
from tests.verify.conftest import Kept
from tests.verify.releases import changed, digested

FILE = Path(standalone.__file__)


def outcomes(folder: Path) -> dict[str, str]:
    return {check.name: check.outcome for check in verify(folder)}


def failed(folder: Path) -> dict[str, str]:
    return {check.name: check.detail for check in verify(folder) if check.outcome == "failed"}


def test_it_imports_the_standard_library_and_numpy_and_nothing_else() -> None:
    found = set()
    for node in ast.walk(ast.parse(FILE.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(str(node.module).split(".")[0])
    assert found - {"numpy"} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("kind", ["marginal", "bought"])
def test_an_honest_release_passes_alone_outside_of_the_product(
    release: Kept, kind: str, tmp_path: Path
) -> None:
    copied = tmp_path / "check.py"
    shutil.copyfile(FILE, copied)
    done = subprocess.run(
        [sys.executable, "-I", str(copied), str(release(kind)), "--json"],
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        check=False,
    )
    assert done.returncode == 0, done.stdout
    tree = json.loads(done.stdout)
    found = {each["name"]: each["outcome"] for each in tree["checks"]}
    assert [name for name, outcome in found.items() if outcome == "failed"] == []
    assert {"digests", "completeness", "claim", "sensitivities", "prices", "epsilon"} <= {
        name for name, outcome in found.items() if outcome == "passed"
    }
    assert any("model and the seed" in line for line in tree["not_done"])


def _event(at: int, **facts: Any) -> Callable[[Any], Any]:
    def edit(tree: Any) -> Any:
        tree["events"][at] |= facts
        return tree

    return edit


def _scaled(tree: Any) -> Any:
    for event in tree["events"]:
        event["stddev"] *= 2
    return tree


def _cheaper(tree: Any) -> Any:
    event = next(e for e in tree["events"] if e["mechanism"]["kind"] == "exponential")
    event["cost"]["mu2"] //= 2
    return tree


def _bounded(tree: Any) -> Any:
    tree["events"][1]["sensitivity_l1"] -= 1
    return tree


def _without_event(tree: Any) -> Any:
    at = next(i for i, e in enumerate(tree["events"]) if e["mechanism"]["kind"] == "exponential")
    del tree["events"][at]
    return tree


def _unanswered(tree: Any) -> Any:
    at = next(i for i, e in enumerate(tree["events"]) if e["output"])
    tree["events"][at]["output"] = None
    return tree


def _claimed(key: str, value: Any) -> Callable[[Any], Any]:
    def edit(tree: Any) -> Any:
        tree["claim"][key] = value(tree["claim"][key])
        return tree

    return edit


def _capped(tree: Any) -> Any:
    fit = next(op for op in tree["ops"] if op["op"] == "fit")
    other = next(op for op in tree["ops"] if op["op"] == "count_fit")
    moved = fit["cost"]["mu2"] // 100
    fit["cost"]["mu2"] -= moved
    other["cost"]["mu2"] += moved
    return tree


def _swapped(tree: Any) -> Any:
    tree[0]["event"], tree[1]["event"] = tree[1]["event"], tree[0]["event"]
    return tree


def _twice(tree: Any) -> Any:
    return [tree[0] | {"event": tree[1]["event"]}, *tree[1:]]


TAMPERED: dict[str, tuple[str, str, Callable[[Any], Any]]] = {
    "an event is missing": ("completeness", "ledger.json", _without_event),
    "an answer points to no event": ("completeness", "ledger.json", _unanswered),
    "two answers of one event": ("completeness", "measurements.json", _twice),
    "two measurements are swapped": ("completeness", "measurements.json", _swapped),
    "a step spent more than the plan gave it": ("completeness", "plan.json", _capped),
    "the claimed price is lower": (
        "claim",
        "ledger.json",
        _claimed("cost", lambda c: c | {"mu2": c["mu2"] - 1}),
    ),
    "the claim allows fewer rows": ("claim", "ledger.json", _claimed("max_rows", lambda m: m + 1)),
    "a sensitivity is lower": ("sensitivities", "ledger.json", _bounded),
    "a selection is cheaper": ("prices", "ledger.json", _cheaper),
    "the claimed epsilon is lower": ("epsilon", "ledger.json", _claimed("epsilon", lambda e: e * 0.99)),
    "the claimed mu is lower": ("epsilon", "ledger.json", _claimed("mu", lambda m: m * 0.99)),
}


@pytest.mark.parametrize("what", TAMPERED)
def test_each_check_fails_what_was_changed_for_it_and_digested_anew(
    release: Kept, what: str, tmp_path: Path
) -> None:
    check, name, edit = TAMPERED[what]
    found = failed(changed(release("marginal"), tmp_path / "changed", {name: edit}))
    assert check in found, found


def test_noise_that_is_stated_to_be_wider_is_caught_by_the_price(release: Kept, tmp_path: Path) -> None:
    def measured(tree: Any) -> Any:
        return [each | {"stddev": each["stddev"] * 2} for each in tree]

    edits = {"ledger.json": _scaled, "measurements.json": measured}
    assert "prices" in failed(changed(release("marginal"), tmp_path / "changed", edits))


@pytest.mark.parametrize("factor", [0.5, pytest.param(2.0, marks=pytest.mark.slow)])
def test_noise_of_another_scale_than_is_said_is_caught_by_the_chi_square_alone(
    release: Kept, factor: float
) -> None:
    """Missed at most once in a hundred with 60 degrees of freedom; here there are far more."""
    folder = release("scaled", factor)
    assert list(failed(folder)) == ["noise"]
    figures = next(check.figures for check in verify(folder) if check.name == "noise")
    assert int(figures["dof"]) >= 60 and float(figures["power"]) >= 0.99


def test_where_tables_hardly_overlap_it_says_that_it_could_not_have_seen(release: Kept) -> None:
    assert outcomes(release("independent"))["noise"] == "could not have seen it"


def test_a_flipped_byte_of_any_file_is_caught(release: Kept, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for path in sorted(release("marginal").iterdir()):
        content = bytearray(path.read_bytes())
        place = tmp_path / path.name
        shutil.copytree(release("marginal"), place)
        for at in rng.integers(0, len(content), 3):
            other = bytearray(content)
            other[at] ^= 1 << int(rng.integers(8))
            (place / path.name).write_bytes(bytes(other))
            if path.name == "manifest.json":
                continue  # unsigned, its own blanks and names are nobody's to vouch for
            assert "digests" in failed(place), (path.name, at)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../outside.json", b"{}"),
        ("/etc/passwd", b""),
        ("a/b.json", b"{}"),
    ],
)
def test_a_manifest_that_names_files_elsewhere_is_refused(
    release: Kept, name: str, content: bytes, tmp_path: Path
) -> None:
    place = changed(release("independent"), tmp_path / "changed", {})
    manifest = json.loads((place / "manifest.json").read_bytes())
    manifest["files"].append({**manifest["files"][0], "name": name})
    (place / "manifest.json").write_text(json.dumps(manifest))
    assert "no plain file" in failed(place)["digests"]


def test_links_bombs_and_numbers_that_are_none_are_refused_politely(release: Kept, tmp_path: Path) -> None:
    def copied(name: str) -> Path:
        return Path(shutil.copytree(release("independent"), tmp_path / name))

    linked = copied("linked")
    (linked / "fit.json").rename(tmp_path / "fit.json")
    (linked / "fit.json").symlink_to(tmp_path / "fit.json")
    assert "no plain file" in failed(linked)["digests"]

    more = copied("more")
    (more / "extra.csv").write_text("a\n1\n")
    assert "in no manifest" in failed(more)["digests"]

    for at, text in enumerate((b'{"claim": NaN}', b'{"a": 1e999}', b'{"a": 1, "a": 2}', b"[" * 100_000)):
        place = copied(f"json{at}")
        (place / "ledger.json").write_bytes(text)
        digested(place)
        assert "digests" in failed(place)

    bomb = copied("bomb")
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        head = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            head, {"descr": "<i8", "fortran_order": False, "shape": (1 << 40,)}
        )
        archive.writestr("0/values.npy", head.getvalue() + b"\0" * 1000)
    (bomb / "measurements.npz").write_bytes(whole.getvalue())
    digested(bomb)
    assert "digests" in failed(bomb)


def test_its_epsilon_is_that_of_the_accountant() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        cost = Cost.of(float(10 ** rng.uniform(-4, 1.5)), float(rng.choice([0.0, 1e-10])))
        delta = float(10 ** rng.uniform(-9, -5))
        assert epsilon_of(cost.mu2, cost.delta0, delta) == pytest.approx(claim_epsilon(cost, delta), rel=1e-7)


def test_its_price_of_a_selection_is_that_of_the_mechanism() -> None:
    from fractions import Fraction
    from statistics import NormalDist

    for e in (0.01, 0.3, 2.0, 9.0):
        mu = -2 * NormalDist().inv_cdf(1 / (1 + np.exp(e / 2)))
        assert selection_mu2(Fraction(e)) == pytest.approx(mu * mu * 1e15, rel=1e-9)


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
def test_a_run_of_noisy_gradients_is_priced_like_the_product_prices_it(neighbours: str) -> None:
    from synthspec.privacy.runs import Run, price

    facts = {"rate": 2**28, "steps": 50, "multiplier": 10**9, "neighbours": neighbours}
    slack = 10**17
    mu2 = price(Run(**facts), slack)  # type: ignore[arg-type]
    bought = {**facts, "mu2": mu2, "delta0": slack}
    assert run_holds(bought)
    assert not run_holds(bought | {"multiplier": int(bought["multiplier"] * 0.97)})
    assert not run_holds(bought | {"mu2": int(bought["mu2"] * 0.95)})


def test_its_signatures_are_those_of_rfc_8032() -> None:
    # RFC 8032, 7.1, test 3
    key = bytes.fromhex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
    sig = bytes.fromhex(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert signed(key, b"\xaf\x82", sig)
    for at in range(0, 64, 5):
        other = bytearray(sig)
        other[at] ^= 4
        assert not signed(key, b"\xaf\x82", bytes(other))
        assert not verifies(key, b"\xaf\x82", bytes(other))
    assert not signed(key, b"\xaf\x83", sig)
    small = (1).to_bytes(32, "little")
    assert not signed(small, b"x", small + bytes(32))


def test_it_ends_with_2_and_says_why_where_it_cannot_be_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (
        [str(tmp_path / "nowhere")],
        [str(tmp_path), "--key", str(tmp_path / "nowhere")],
        [str(tmp_path), "--key"],
        [str(tmp_path), "--key", "ed25519:AAAA"],
        [str(tmp_path), "--bogus"],
    ):
        assert standalone.main(words) == 2
        seen = capsys.readouterr()
        assert seen.err.startswith("error: ") and not seen.out
    assert standalone.main([str(tmp_path)]) == 3
    assert "NOT what it says it is" in capsys.readouterr().out


def test_its_last_words_say_what_was_not_done_and_that_nobody_known_signed(
    release: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    assert standalone.main([str(release("independent"))]) == 0
    seen = capsys.readouterr().out
    assert "nothing differs: 6 passed, 1 not done, 1 could not have seen it; signed by nobody whom" in seen
    assert "who signs can make up answers that fit each other" in seen

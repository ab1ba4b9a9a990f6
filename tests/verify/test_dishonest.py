"""Who can write every digest and signature anew, and lies: each lie has a line that names it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthspec import __version__
from synthspec.api.compiled import compiled
from synthspec.api.verify import Verification
from synthspec.cli.main import run
from synthspec.errors import GateError
from synthspec.release.bundle import read_release
from synthspec.terms.query import Scored
from synthspec.verify import standalone
from synthspec.verify.figures import check_figures
from synthspec.verify.models import check_models
from synthspec.verify.rows import Again, check_rows
from synthspec.verify.spec import check_spec
from synthspec.verify.standalone import Check
from synthspec.verify.verify import Verdict, _guarded, verify
from synthspec.verify.written import check_written
from tests.verify.conftest import Kept
from tests.verify.releases import changed, digested

Edits = Mapping[str, Callable[[Any], Any]]


def failing(checks: Check | tuple[Check, ...]) -> dict[str, str]:
    every = (checks,) if isinstance(checks, Check) else checks
    return {check.name: check.detail for check in every if check.outcome == "failed"}


def alone(folder: Path) -> dict[str, str]:
    return failing(standalone.verify(folder))


def plan(**facts: Any) -> Edits:
    return {"plan.json": lambda tree: tree | facts}


def protected(**facts: Any) -> Edits:
    def in_plan(tree: Any) -> Any:
        return tree | {"protection": tree["protection"] | facts}

    def in_claim(tree: Any) -> Any:
        return tree | {"claim": tree["claim"] | facts}

    return {"plan.json": in_plan, "ledger.json": in_claim}


def test_fewer_rows_per_unit_than_in_the_spec_are_found_by_name(release: Kept, tmp_path: Path) -> None:
    folder = changed(release("bought"), tmp_path / "changed", protected(max_rows=1))
    found = failing(check_spec(read_release(folder), compiled))
    assert found == {"spec": "max_rows: `1` in the plan, `2` in spec.yaml"}
    assert "sensitivities" in alone(folder)


@pytest.mark.parametrize("facts", [{"max_rows": 0}, {"neighbours": "Replace"}, {"max_rows": 2}])
def test_units_and_neighbours_that_there_are_not_are_refused(
    release: Kept, facts: dict[str, Any], tmp_path: Path
) -> None:
    """What would make every sensitivity smaller; of a row there is one."""
    folder = changed(release("independent"), tmp_path / "changed", protected(**facts))
    assert "claim" in alone(folder)
    assert "parts" in failing(verify(folder).checks) or facts == {"max_rows": 2}


def test_a_spec_that_is_not_the_one_of_the_plan_is_found_by_both(release: Kept, tmp_path: Path) -> None:
    edits: Edits = {"spec.yaml": lambda content: content + b"# kinder\n"}
    folder = changed(release("independent"), tmp_path / "changed", edits)
    assert alone(folder) == {"claim": "spec.yaml is not the spec of the plan"}
    assert "`spec.yaml`" in failing(check_written(read_release(folder), folder))["parts written"]


@pytest.mark.parametrize(
    ("edits", "what"),
    [
        (plan(epsilon=1.0), "epsilon"),
        (plan(gates=[]), "gates"),
        (plan(rules=[]), "rules"),
        (plan(seed=9), "seed"),
        (plan(questions=[]), "questions"),
        (protected(neighbours="replace"), "neighbours"),
    ],
)
def test_a_plan_of_another_promise_than_its_spec_is_found_by_name(
    release: Kept, edits: Edits, what: str, tmp_path: Path
) -> None:
    folder = changed(release("marginal"), tmp_path / "changed", edits)
    found = failing(check_spec(read_release(folder), compiled))
    assert what in found["spec"]


def test_a_plan_that_is_not_that_of_its_spec_is_found_by_making_it_again(
    release: Kept, tmp_path: Path
) -> None:
    """The price of one step moved to another: every promise is kept, and the plan is another one."""

    def moved(tree: Any) -> Any:
        fit = next(op for op in tree["ops"] if op["op"] == "fit")
        report = next(op for op in tree["ops"] if op["op"] == "assess")
        fit["cost"]["mu2"] += 1000
        report["cost"]["mu2"] -= 1000
        return tree

    folder = changed(release("marginal"), tmp_path / "changed", {"plan.json": moved})
    found = failing(check_spec(read_release(folder), compiled))
    assert found == {"plan": "made again from spec.yaml it has other `ops`"}


def test_a_spec_that_names_files_opens_none_of_them(release: Kept, tmp_path: Path) -> None:
    def naming(tree: Any) -> Any:
        text = tree["spec_text"].replace("[F, M]", "{type: category, in: {file: /dev/zero, column: a}}")
        assert text != tree["spec_text"]
        return tree | {"spec_text": text}

    folder = changed(release("marginal"), tmp_path / "changed", {"plan.json": naming})
    checks = {check.name: check for check in check_spec(read_release(folder), compiled)}
    assert checks["plan"].outcome == "not done" and "nothing that a release names" in checks["plan"].detail
    assert "spec.yaml" in failing(check_written(read_release(folder), folder))["parts written"]


def _other_words(content: bytes) -> bytes:
    return content.replace(b"epsilon", b"Epsilon", 1)


@pytest.mark.parametrize(
    ("name", "edit", "check"),
    [
        ("croissant.json", lambda tree: tree | {"description": "anonymous"}, "croissant.json"),
        ("dp-registry.yaml", _other_words, "dp-registry.yaml"),
        ("rules.json", lambda tree: tree | {"acceptance": None}, "rows"),
    ],
)
def test_what_follows_from_the_rest_is_written_again(
    release: Kept, name: str, edit: Callable[[Any], Any], check: str, tmp_path: Path
) -> None:
    folder = changed(release("marginal"), tmp_path / "changed", {name: edit})
    assert not alone(folder)
    held = read_release(folder)
    assert check in failing((*check_written(held, folder), *check_rows(held, folder)))


def test_a_file_that_is_said_to_be_of_another_class_is_found(release: Kept, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release("independent"), tmp_path / "changed"))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    next(each for each in manifest["files"] if each["name"] == "fit.json")["class"] = "S"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    found = failing(check_written(read_release(folder), folder))
    assert "`fit.json` is of another kind" in found["parts written"]


def test_a_second_table_of_rows_is_no_part_of_a_release(release: Kept, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release("independent"), tmp_path / "changed"))
    (folder / "synthetic.csv").write_text("age,sex,ward\n1,F,icu\n")
    manifest = json.loads((folder / "manifest.json").read_bytes())
    rows = next(each for each in manifest["files"] if each["name"] == "synthetic.parquet")
    manifest["files"].append(rows | {"name": "synthetic.csv", "media_type": "text/csv"})
    (folder / "manifest.json").write_text(json.dumps(manifest))
    digested(folder)
    assert not alone(folder)
    found = failing(check_written(read_release(folder), folder))
    assert found["parts written"] == "`synthetic.csv` is no part of such a release"


# ---- what was bought --------------------------------------------------------------------------------------


def _without(at: int) -> Callable[[Any], Any]:
    def edit(tree: Any) -> Any:
        del tree["events"][at]
        for place, event in enumerate(tree["events"]):
            event["id"] = f"e{place:04d}"
        return tree

    return edit


def test_a_step_that_was_dropped_with_its_answer_is_found(release: Kept, tmp_path: Path) -> None:
    """The fit of the source: first event, and every later answer named anew."""

    def shift(tree: Any) -> Any:
        return [each | {"event": f"e{int(each['event'][1:]) - 1:04d}"} for each in tree]

    def scores(tree: Any) -> Any:
        return {kind: shift(each) for kind, each in tree.items()}

    edits: Edits = {
        "ledger.json": _without(0),
        "fit.json": lambda tree: None,
        "measurements.json": shift,
        "evaluation.json": shift,
        "scores.json": scores,
    }
    folder = changed(release("marginal"), tmp_path / "changed", edits)
    assert "nothing was bought for it" in alone(folder)["completeness"]


def test_a_measurement_that_was_dropped_with_its_event_is_found_by_fitting_again(
    release: Kept, tmp_path: Path
) -> None:
    source = release("independent")
    facts = json.loads((source / "measurements.json").read_bytes())
    last, at = len(facts) - 1, int(facts[-1]["event"][1:])

    def shift(tree: Any) -> Any:
        return [
            each | {"event": f"e{int(e[1:]) - (int(e[1:]) > at):04d}"}
            for each in tree
            for e in [each["event"]]
        ]

    edits: Edits = {
        "ledger.json": _without(at),
        "measurements.json": lambda tree: tree[:-1],
        "measurements.npz": lambda arrays: {k: v for k, v in arrays.items() if not k.startswith(f"{last}/")},
        "evaluation.json": shift,
        "scores.json": lambda tree: {kind: shift(each) for kind, each in tree.items()},
    }
    folder = changed(source, tmp_path / "changed", edits)
    assert not alone(folder)  # it spent less than it claims: only the model tells
    assert "model all" in failing(check_models(read_release(folder)))


def test_an_event_of_another_stage_cannot_borrow_its_smaller_sensitivity(
    release: Kept, tmp_path: Path
) -> None:
    """As the fit of the source a unit would move one counter by one, whatever its rows."""

    def lent(tree: Any) -> Any:
        event = next(e for e in tree["events"] if e["output"])
        labels = len(json.loads((release("bought") / "fit.json").read_bytes())["labels"])
        event |= {"stage": "fit", "sensitivity_l1": labels, "sensitivity_l2_squared": labels}
        return tree

    folder = changed(release("bought"), tmp_path / "changed", {"ledger.json": lent})
    assert "another stage" in alone(folder)["completeness"]


def test_a_number_of_rows_that_the_measurements_do_not_give_is_found(release: Kept, tmp_path: Path) -> None:
    """A larger number makes every distance smaller."""

    def more(tree: Any) -> Any:
        return [each | {"n_hat": each["n_hat"] * 2} for each in tree]

    folder = changed(release("marginal"), tmp_path / "changed", {"evaluation.json": more})
    assert not alone(folder)
    held = read_release(folder)
    assert "`mean_tvd_1way`" in failing(check_figures(held, Again(held)))["paid figures"]


def test_an_interval_that_leaves_out_the_noise_of_the_number_of_rows_is_found(
    release: Kept, tmp_path: Path
) -> None:
    def narrower(tree: Any) -> Any:
        for each in tree:
            if each["low"] > 0 and each["high"] < 1:
                each["low"] += (each["value"] - each["low"]) / 100
        return tree

    folder = changed(release("marginal"), tmp_path / "changed", {"evaluation.json": narrower})
    held = read_release(folder)
    assert "interval" in failing(check_figures(held, Again(held)))["paid figures"]


def test_a_kinder_classifier_is_found_though_its_question_is_that_of_its_event(
    release: Kept, tmp_path: Path
) -> None:
    tree = json.loads((release("scored") / "scores.json").read_bytes())
    score = tree["scores"][0]
    score["points"][0]["points"][0] += 40
    axes = [score["label"]] if score["group"] is None else [score["label"], score["group"]]
    from synthspec.release.scored import Scores

    query = Scores.model_validate(score).query()
    assert isinstance(query, Scored) and len(query.axes) == len(axes)

    def asked(ledger: Any) -> Any:
        next(e for e in ledger["events"] if e["id"] == score["event"])["query"] = query.digest()
        return ledger

    edits: Edits = {"scores.json": lambda _: tree, "ledger.json": asked}
    folder = changed(release("scored"), tmp_path / "changed", edits)
    assert not alone(folder)
    held = read_release(folder)
    assert "another classifier" in failing(check_figures(held, Again(held)))["paid figures"]
    honest = read_release(release("scored"))
    assert check_figures(honest, Again(honest)).outcome == "passed"


# ---- hostile files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["plan.json", "manifest.json", "rules.json"])
@pytest.mark.parametrize("what", ["twice", "no number", "huge", "deep"])
def test_json_of_two_meanings_or_none_is_refused_with_a_code(
    release: Kept, name: str, what: str, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(release("independent"), tmp_path / "changed"))
    text = (folder / name).read_text()
    added = {
        "twice": '{"name": "other",' + text.lstrip()[1:],
        "no number": '{"epsilon": NaN,' + text.lstrip()[1:],
        "huge": '{"rows": ' + "9" * 5000 + "," + text.lstrip()[1:],
        "deep": "[" * 100_000,
    }[what]
    if what == "twice" and name == "rules.json":
        added = '{"rows": 1,' + text.lstrip()[1:]
    (folder / name).write_text(added)
    if name != "manifest.json":
        digested(folder)
    with pytest.raises(GateError) as refusal:
        read_release(folder)
    assert refusal.value.code == "Q605"
    assert alone(folder)


def test_arrays_that_unpack_to_more_than_the_facts_allow_are_refused_with_a_code(
    release: Kept, tmp_path: Path
) -> None:
    def larger(arrays: Any) -> Any:
        return arrays | {"more": np.zeros(20_000_000, dtype=np.int64)}

    folder = changed(release("independent"), tmp_path / "changed", {"measurements.npz": larger})
    with pytest.raises(GateError) as refusal:
        read_release(folder)
    assert refusal.value.code == "Q605" and "too large" in refusal.value.diagnostics[0].notes[0]
    parts = failing(verify(folder).checks)["parts"]
    assert "too large once unpacked" in parts


def test_a_release_without_columns_fails_and_nothing_escapes(release: Kept, tmp_path: Path) -> None:
    edits: Edits = {"plan.json": lambda tree: tree | {"columns": []}, "columns.json": lambda tree: []}
    folder = changed(release("independent"), tmp_path / "changed", edits)
    found = failing(verify(folder).checks)
    assert "spec" in found and "rules" in found


def test_whatever_an_engine_raises_is_a_failed_check() -> None:
    import duckdb

    def stumble() -> Check:
        raise duckdb.ParserException("SELECT nothing")

    assert _check(_guarded("rules", stumble)).outcome == "failed"

    def lacking() -> Check:
        raise ModuleNotFoundError("no", name="torch")

    missing = _check(_guarded("rows", lacking))
    assert missing.outcome == "not done" and "torch" in missing.detail


def _check(found: Check | tuple[Check, ...]) -> Check:
    assert isinstance(found, Check)
    return found


def test_a_hidden_file_in_the_folder_is_found(release: Kept, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(release("independent"), tmp_path / "changed"))
    (folder / ".real-rows.csv").write_text("age\n1\n")
    assert ".real-rows.csv" in alone(folder)["digests"]


def test_names_in_a_release_cannot_move_the_cursor_of_who_reads() -> None:
    nasty = Check("rules", "failed", "rule `\x1b[2J\x1b[31mpassed\u202e` is broken")
    told = Verification(Verdict("small", (nasty,), __version__)).text()
    assert "\x1b" not in told and "\u202e" not in told and "is broken" in told
    assert standalone.shown(nasty.detail) == nasty.detail.replace("\x1b", "\ufffd").replace(
        "\u202e", "\ufffd"
    )


# ---- the version that it names ----------------------------------------------------------------------------


def test_a_release_that_names_another_version_and_differs_is_not_verified(
    release: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def older(tree: Any) -> Any:
        return tree | {"tool": "0.0.1"}

    def other(arrays: Any) -> Any:
        table = arrays["0/table/0"].ravel().copy()
        at, to = int(np.argmax(table)), int(np.argmin(table))
        table[at] -= 1 << 32
        table[to] += 1 << 32
        return arrays | {"0/table/0": table.reshape(arrays["0/table/0"].shape)}

    edits: Edits = {"plan.json": older, "manifest.json": older, "models.npz": other}
    folder = changed(release("independent"), tmp_path / "changed", edits)
    assert run(["verify", str(folder)]) == 3
    seen = capsys.readouterr()
    assert "NOT verified: it says that version 0.0.1 made it" in seen.out and "Q630" in seen.err
    assert "nothing differs" not in seen.out


def test_the_verdict_says_what_was_not_done_who_signed_and_which_version_is_named() -> None:
    checks = (Check("digests", "passed", ""), Check("signatures", "not done", ""))
    told = Verification(Verdict("small", checks, "0.0.1"))
    assert told.passed
    assert told.verdict.startswith("nothing differs: 1 passed, 1 not done; signed by nobody whom you trust")
    assert "version 0.0.1" in told.verdict
    bad = Verification(Verdict("small", (Check("digests", "failed", ""),), __version__))
    assert bad.verdict.startswith("NOT what it says it is: 1 failed")


# ---- signatures -------------------------------------------------------------------------------------------


def _mixed() -> tuple[bytes, bytes, bytes]:
    """Return key, message, signature that hold with the cofactor only: the key has a part of order 8.

    Chalkias, Garillot & Nikolaenko 2020, 4: what one verifier takes and the other refuses.
    """
    base = standalone._point(
        (4 * pow(5, standalone.P - 2, standalone.P) % standalone.P).to_bytes(32, "little")
    )
    order8 = standalone._point(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    )
    assert base is not None and order8 is not None
    secret, nonce = 12345, 67890

    def encoded(point: standalone.Point) -> bytes:
        inverse = pow(point[2], standalone.P - 2, standalone.P)
        x, y = point[0] * inverse % standalone.P, point[1] * inverse % standalone.P
        return (y | (x & 1) << 255).to_bytes(32, "little")

    key = encoded(standalone._plus(standalone._times(secret, base), order8))
    commitment = encoded(standalone._times(nonce, base))
    for at in range(100):
        message = b"%d" % at
        h = int.from_bytes(hashlib.sha512(commitment + key + message).digest(), "little") % standalone.ORDER
        if h % 8:
            scalar = (nonce + h * secret) % standalone.ORDER
            return key, message, commitment + scalar.to_bytes(32, "little")
    raise AssertionError


def test_both_verifiers_have_one_rule_for_keys_of_mixed_order() -> None:
    from synthspec.release.ed25519 import verifies

    key, message, signature = _mixed()
    assert not verifies(key, message, signature)
    assert not standalone.signed(key, message, signature)
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


@pytest.fixture
def signed(release: Kept, tmp_path: Path) -> tuple[Path, str]:
    """Return a signed copy of a release, and the line of its key."""
    pytest.importorskip("cryptography", reason="the extra `sign` is not installed")
    from synthspec.release.private_key import PrivateKey
    from synthspec.release.sign import sign

    folder, key = Path(shutil.copytree(release("independent"), tmp_path / "signed")), PrivateKey.new("ana")
    sign(folder, key, "operator")
    return folder, key.public.line


def _envelope(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        return json.dumps(change(json.loads(content)), sort_keys=True, separators=(",", ":")).encode() + b"\n"

    return edit


def _retyped(tree: Any) -> Any:
    return tree | {"payloadType": "text/plain"}


FORGED: dict[str, Callable[[bytes], bytes]] = {
    "two payloads in one object": lambda c: c.replace(b'{"payload":', b'{"payload":"e30=","payload":', 1),
    "a second line": lambda c: c + c,
    "something beside the payload": _envelope(lambda tree: tree | {"payload2": "e30="}),
    "another type": _envelope(_retyped),
    "a blank": lambda c: c.replace(b":", b": ", 1),
    "the same signature twice": _envelope(lambda tree: tree | {"signatures": tree["signatures"] * 2}),
    "nobody's signature": _envelope(lambda tree: tree | {"signatures": []}),
    "a key that nobody names": _envelope(
        lambda tree: tree | {"signatures": [{"keyid": "0" * 64, "sig": base64.b64encode(bytes(64)).decode()}]}
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_an_envelope_of_another_form_fails_in_both_verifiers(signed: tuple[Path, str], what: str) -> None:
    folder, _ = signed
    path = folder / "attestation.intoto.jsonl"
    path.write_bytes(FORGED[what](path.read_bytes()))
    assert "signatures" in alone(folder)
    from synthspec.release.attestation import read_attestation

    with pytest.raises(GateError) as refusal:
        read_attestation(folder)
    assert refusal.value.code == "Q640"


def test_every_byte_of_an_attestation_counts(signed: tuple[Path, str]) -> None:
    """Sampled places; the unused bits of base64 and the line's end among them."""
    folder, _ = signed
    path = folder / "attestation.intoto.jsonl"
    content = path.read_bytes()
    places = {*np.random.default_rng(3).integers(0, len(content), 40).tolist(), len(content) - 1}
    places |= {at - 1 for at in range(len(content)) if content[at : at + 1] in (b"=", b'"')}
    seen = 0
    for at in sorted(places):
        for bit in (0, 5):
            other = bytearray(content)
            other[at] ^= 1 << bit
            path.write_bytes(bytes(other))
            check = standalone._try(
                "signatures", lambda: (standalone._signatures(_found(folder), set()), None)
            )[0]
            assert check.outcome == "failed", (at, bit)
            seen += 1
    assert seen > 80


_FOUND: dict[Path, standalone.Found] = {}


def _found(folder: Path) -> standalone.Found:
    if folder not in _FOUND:
        _FOUND[folder] = standalone._digests(folder)[1]
    return _FOUND[folder]


def test_an_attestation_of_another_release_does_not_pass_for_this_one(
    signed: tuple[Path, str], release: Kept, tmp_path: Path
) -> None:
    folder, key = signed
    other = Path(shutil.copytree(release("marginal"), tmp_path / "other"))
    shutil.copyfile(folder / "attestation.intoto.jsonl", other / "attestation.intoto.jsonl")
    assert alone(other)["signatures"] == "other files were signed than those that lie here"
    own = {each.name: each.outcome for each in standalone.verify(folder, standalone.read_keys(key))}
    assert own["signatures"] == "passed"

"""The step counter: durable before the steps, never past what was bought, one training each."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.errors import BudgetError  # noqa: E402
from synthspec.privacy.home import private_folder  # noqa: E402
from synthspec.privacy.journal import Journal  # noqa: E402
from synthspec.privacy.step_counter import Block  # noqa: E402
from synthspec.run.charged import Charged  # noqa: E402
from synthspec.run.counter import Counted, Uncounted  # noqa: E402
from tests.privacy_core.test_journal import opened, reserve  # noqa: E402


def charged(state: str = "opened") -> Charged:
    """Return a charge in that state."""
    journal, _ = opened()
    made = Charged(journal, reserve(journal))
    if state != "reserved":
        journal.open(made.id)
    if state == "committed":
        journal.commit(made.id)
    return made


def counter(made: Charged, question: str = "q", steps: int = 10, purchase: int = 3) -> Counted:
    """Return a counter of ten steps."""
    return Counted(made, private_folder("runs", "r"), purchase, question, steps)


def refused(code: str, work: Callable[[], object]) -> None:
    """Check that `work` is refused with `code`."""
    with pytest.raises(BudgetError) as raised:
        work()
    assert raised.value.code == code


def test_counted_steps_are_durable_and_found_again() -> None:
    made = charged()
    assert counter(made).gone() == 0
    counter(made).count(0, 4)
    counter(made).count(4, 5)
    again = Journal.find("hospital")
    assert again is not None
    assert counter(Charged(again, made.id)).gone() == 5
    assert again.verify() == 5
    entry = again.entries()[-1]
    assert (entry.kind, getattr(entry, "counted", None), getattr(entry, "steps", None)) == ("steps", 5, 10)


def test_more_than_was_bought_is_never_counted() -> None:
    made = charged()
    counter(made).count(0, 10)
    refused("B511", lambda: counter(made).count(10, 11))
    refused("B511", lambda: counter(made).count(0, 1))
    refused("B511", lambda: counter(made, steps=20).count(10, 20))
    assert counter(made).gone() == 10


@pytest.mark.parametrize(("before", "after"), [(2, 4), (4, 4), (4, 3), (5, 6), (0, 4)])
def test_two_processes_cannot_count_the_same_steps(before: int, after: int) -> None:
    made = charged()
    counter(made).count(0, 4)
    refused("B511", lambda: counter(made).count(before, after))
    assert counter(made).gone() == 4


def test_steps_of_another_training_are_not_its_own() -> None:
    made = charged()
    counter(made).count(0, 4)
    refused("B511", lambda: counter(made, question="other").gone())
    refused("B511", lambda: counter(made, question="other").count(0, 1))
    counter(made, question="other", purchase=4).count(0, 1)
    assert counter(made).gone() == 4


@pytest.mark.parametrize("state", ["reserved", "committed"])
def test_only_an_opened_charge_can_be_counted_on(state: str) -> None:
    made = charged(state)
    refused("B505", lambda: counter(made).count(0, 1))


def test_an_unknown_charge_cannot_be_counted_on() -> None:
    made = charged()
    block = Block("elsewhere", 0, "q", 2, 0, 1)
    refused("B505", lambda: made.journal.count_steps(block))


def test_a_state_is_kept_for_its_owner_alone_and_read_back() -> None:
    made = charged()
    first = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(3)}
    counter(made).save(4, first)
    counter(made).save(5, {"a": first["a"] + 1, "b": first["b"]})
    found = counter(made).saved()
    assert found is not None
    assert torch.equal(found["a"], first["a"] + 1)
    folder = private_folder("runs", "r")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["steps-3-5.safetensors", "steps-3.json"]
    if os.name == "posix":
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder.iterdir())
    assert json.loads((folder / "steps-3.json").read_text())["step"] == 5


@pytest.mark.parametrize("harm", ["gone", "torn", "of another training", "no JSON", "a path elsewhere"])
def test_a_state_that_is_not_whole_is_no_state(harm: str, tmp_path: Path) -> None:
    made = charged()
    counter(made).save(4, {"a": torch.zeros(3)})
    folder = private_folder("runs", "r")
    data, facts = folder / "steps-3-4.safetensors", folder / "steps-3.json"
    asked = counter(made)
    match harm:
        case "gone":
            data.unlink()
        case "torn":
            data.write_bytes(data.read_bytes()[:-1])
        case "of another training":
            asked = counter(made, question="other")
        case "no JSON":
            facts.write_text("{")
        case _:
            (tmp_path / "x").write_bytes(b"")
            facts.write_text(json.dumps({**json.loads(facts.read_text()), "file": str(tmp_path / "x")}))
    assert asked.saved() is None


def test_a_state_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    made = charged()
    nowhere = Counted(made, tmp_path / "missing", 3, "q", 10)
    refused("B512", lambda: nowhere.save(1, {"a": torch.zeros(1)}))


def test_public_rows_need_no_counter() -> None:
    free = Uncounted()
    free.count(0, 5)
    free.save(5, {"a": torch.zeros(1)})
    assert free.gone() == 0
    assert free.saved() is None

"""The secret keys of a charge: made once, kept for their owner, read again, never shown."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.home import home
from synthspec.privacy.inside import ChargeKeys, inside_of


def kept(charge: str) -> Path:
    """Return where the keys of a charge lie."""
    return home() / "inside" / f"{charge}.json"


def test_the_keys_of_a_charge_are_the_same_every_time_and_of_no_other_charge() -> None:
    one, two = inside_of("aa", make=True), inside_of("bb", make=True)
    assert inside_of("aa", make=True) == inside_of("aa", make=False) == one
    assert len({one.commitment, one.holdout, two.commitment, two.holdout}) == 4
    assert {len(one.commitment), len(one.holdout)} == {32}


def test_only_their_owner_may_read_them() -> None:
    inside_of("aa", make=True)
    assert stat.S_IMODE(kept("aa").stat().st_mode) == 0o600
    assert stat.S_IMODE(kept("aa").parent.stat().st_mode) == 0o700
    assert [path.name for path in kept("aa").parent.iterdir()] == ["aa.json"]


def test_keys_that_are_missing_are_not_made_for_a_run_that_has_begun() -> None:
    with pytest.raises(BudgetError, match="B513"):
        inside_of("aa", make=False)
    assert not kept("aa").exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"charge": "aa"}', b'{"charge": "aa", "commitment": "00", "holdout": "00"}'],
)
@pytest.mark.parametrize("make", [True, False])
def test_damaged_keys_are_refused_and_never_drawn_anew(damage: bytes, make: bool) -> None:
    inside_of("aa", make=True)
    kept("aa").write_bytes(damage)
    with pytest.raises(BudgetError, match="B513"):
        inside_of("aa", make=make)
    assert kept("aa").read_bytes() == damage


def test_the_keys_of_another_charge_are_refused() -> None:
    inside_of("aa", make=True)
    kept("bb").write_bytes(kept("aa").read_bytes())
    with pytest.raises(BudgetError, match="B513"):
        inside_of("bb", make=False)


def test_whoever_comes_first_decides_and_everybody_gets_the_same() -> None:
    found: list[ChargeKeys] = []
    threads = [threading.Thread(target=lambda: found.append(inside_of("aa", make=True))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16 and len({keys.commitment for keys in found}) == 1


def test_keys_are_never_shown() -> None:
    keys = inside_of("aa", make=True)
    assert repr(keys) == str(keys) == "ChargeKeys(...)"
    kept("aa").write_text("{}")
    with pytest.raises(BudgetError) as refused:
        inside_of("aa", make=False)
    assert keys.commitment.hex() not in str(refused.value)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", "-a"])
def test_a_charge_id_cannot_name_another_place(name: str) -> None:
    with pytest.raises(ValueError, match="charge id"):
        inside_of(name, make=True)

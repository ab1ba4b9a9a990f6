"""A ledger on a server from the command line: found by name or address, and its password on no stream."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Done
from tests.postgres import Server, running

pytest.importorskip("psycopg")
CANARY = "c4nary-of-olga"
OPEN = ("--unit", "row", "--cap", "8", "--delta", "1e-8")


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    """Yield a server that asks `olga` for a password."""
    import psycopg

    with running(fsync=True) as server:
        rules = server.data / "pg_hba.conf"
        rules.write_text("local all olga scram-sha-256\n" + rules.read_text())
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute(f"CREATE ROLE olga LOGIN PASSWORD '{CANARY}'")
            db.execute("GRANT CREATE ON DATABASE postgres TO olga")
            db.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def team(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Return the server without ledgers; the password is in the environment."""
    import psycopg

    with psycopg.connect(guarded.place, autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS synthspec CASCADE")
    monkeypatch.setenv("PGPASSWORD", CANARY)
    return guarded


def named(spec: Path, ledger: str) -> None:
    """Let the spec name a ledger."""
    text = spec.read_text().replace("epsilon: 3}", f"epsilon: 3, ledger: '{ledger}'}}")
    spec.write_text(text)


def files() -> list[Path]:
    """Return every file that the commands may have written."""
    return [
        path
        for top in (Path.cwd(), Path(os.environ["SYNTHSPEC_HOME"]))
        for path in top.rglob("*")
        if path.is_file()
    ]


@pytest.mark.parametrize("by", ["name", pytest.param("address", marks=pytest.mark.slow)])
def test_a_team_trains_on_one_ledger_and_its_password_is_nowhere(
    by: str, command: Command, spec: Path, team: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    address = team.address("hospital", "olga")
    seen: list[Done] = [command("budget", "open", address, *OPEN, "--json")]
    assert seen[-1].code == 0, seen[-1].out
    secret = seen[-1].json["secret"]
    other_home = tmp_path.parent / f"{tmp_path.name}-colleague"
    monkeypatch.setenv("SYNTHSPEC_HOME", str(other_home))
    if by == "name":
        assert command("plan", str(spec)).code == 0
        seen.append(command("budget", "join", address))
        assert seen[-1].code == 0, seen[-1].err
    named(spec, "hospital" if by == "name" else address)
    for words, code in (
        (("check", str(spec)), 0),
        (("plan", str(spec), "-o", "small.plan", "-v"), 0),
        (("train", "small.plan", "-o", "rel", "-v"), 0),
        (("train", str(spec), "--yes", "-o", "rel2", "--set", "privacy.epsilon=8", "--json"), 4),
        (("budget", "show"), 0),
        (("budget", "show", "hospital" if by == "name" else address, "--json"), 0),
        (("budget", "log", address), 0),
        (("budget", "verify", address), 0),
        (("budget", "cap", address, "--to", "9", "--secret", "wrong"), 4),
        (("budget", "cap", address, "--to", "9", "--secret", secret), 0),
        (("report", "rel"), 0),
        (("sample", "rel", "-n", "5", "-o", "more.csv"), 0),
        (("explain", "B514"), 0),
    ):
        seen.append(command(*words))
        if words[0] != "report":
            assert seen[-1].code == code, (words, seen[-1].err, seen[-1].out)
    declared = spec.read_text().replace("rows: 400}", "rows: 400, public: true, basis: it is not}")
    kept = [line for line in declared.split("\n") if not line.startswith("privacy:")]
    (tmp_path / "public.yaml").write_text("\n".join(kept))
    owned = command("train", "public.yaml", "--yes", "-o", "open")
    assert owned.code == 4 and "B554" in owned.err, (
        "a file that a ledger on a server protects was read as public"
    )
    assert "hospital at postgres://olga@/postgres" in "".join(done.out for done in seen)
    shown = "".join(done.out + done.err for done in seen)
    monkeypatch.setenv("PGPASSWORD", f"{CANARY}-wrong")
    failed = command("budget", "show", address)
    assert failed.code == 4 and "does not accept the credentials" in failed.err
    monkeypatch.delenv("PGPASSWORD")
    missing = command("plan", str(spec))
    assert "asks for a password" in missing.out + missing.err
    assert CANARY not in shown + failed.out + failed.err + missing.out + missing.err
    assert len(files()) > 10
    for path in files():
        assert CANARY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("verb", ["check", "plan", "train", "run", "fmt", "explain"])
def test_a_password_in_a_spec_is_refused_and_not_shown(verb: str, command: Command, spec: Path) -> None:
    named(spec, f"postgres://olga:{CANARY}@db.example/ledgers#hospital")
    before = spec.read_bytes()
    tail = ("--yes", "-o", "rel") if verb in ("train", "run") else ("--check",) if verb == "fmt" else ()
    for flags in ((), ("--json",), ("-v",)):
        done = command(verb, str(spec), *tail, *flags)
        assert CANARY not in done.out + done.err
        if verb not in ("fmt", "explain"):
            assert done.code == 1 and "S108" in done.out + done.err
    assert spec.read_bytes() == before
    assert not Path("rel").exists()


def test_a_password_on_the_command_line_is_refused_and_not_shown(command: Command, spec: Path) -> None:
    address = f"postgres://olga:{CANARY}@db.example/ledgers#hospital"
    for words in (
        ("budget", "show", address),
        ("budget", "open", address, *OPEN),
        ("budget", "open", "hospital", "--store", address.removesuffix("#hospital"), *OPEN),
        ("budget", "join", address),
        ("budget", "void", address, "charge", "--secret", "x"),
        ("budget", "show", address, "one too many"),
        ("plan", str(spec), "--set", f"privacy.ledger={address}"),
        ("train", str(spec), "--yes", "--set", f"privacy.ledger={address}"),
    ):
        for flags in ((), ("--json",)):
            done = command(*words, *flags)
            assert done.code in (1, 2, 4)
            assert CANARY not in done.out + done.err
    assert all(CANARY.encode() not in path.read_bytes() for path in files())


def test_a_name_stands_for_one_ledger(command: Command, team: Server) -> None:
    assert command("budget", "open", "ward", *OPEN).code == 0
    address = team.address("ward", "olga")
    store = address.removesuffix("#ward")
    taken = command("budget", "open", "ward", "--store", store, *OPEN)
    assert taken.code == 4 and "B509" in taken.err
    assert command("budget", "open", "icu", "--store", store, *OPEN).code == 0
    assert "icu" in command("budget", "show", "icu").out
    again = command("budget", "open", "icu", *OPEN)
    assert again.code == 4 and "B509" in again.err
    gone = command("budget", "join", address)
    assert gone.code == 4 and "B550" in gone.err


def test_a_run_is_refused_when_the_server_is_away_and_nothing_is_read(
    command: Command, spec: Path, team: Server
) -> None:
    assert command("budget", "open", team.address("hospital", "olga"), *OPEN).code == 0
    named(spec, "hospital")
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    team.stop("fast")
    try:
        planned = command("plan", str(spec))
        refused = command("train", "small.plan", "-o", "rel")
        listed = command("budget", "show")
    finally:
        team.start()
    assert planned.code == 0 and "nothing answers there" in planned.out
    assert refused.code == 4 and "error[B514]" in refused.err and "Traceback" not in refused.err
    assert listed.code == 0 and "hospital" in listed.out
    assert not Path("rel").exists()
    assert not Path(os.environ["SYNTHSPEC_HOME"], "runs").exists()

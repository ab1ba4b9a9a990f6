"""The internal edition: what it writes, where, for whom, and that none of it gets out."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape

import synthspec as ss
from synthspec.api.apart import apart_of, write_apart
from synthspec.api.internal import internal
from synthspec.attack.copies import CAVEAT
from synthspec.cli.main import run
from synthspec.errors import KernelError, ReleaseError, SourceError, SpecError
from synthspec.privacy.journal import Journal
from synthspec.report.internal.page import digest_of, public_part
from tests.attack.people import generator, population

PEOPLE = 320
MARK = 31_337
"""A number of days that only one person has: it must show up nowhere outside."""


def write_people(path: Path, *stream: int, mark: bool = False) -> Path:
    """Write simulated people as a CSV file."""
    values = population(PEOPLE, generator(*stream)).values
    lines = ["age,income,sex,ward,outcome"]
    for age, income, _, sex, ward, outcome in values.tolist():
        lines.append(
            f"{age * 100:.0f},{income * 1000:.0f},{'FM'[int(sex)]},{'abcdef'[int(ward)]},{int(outcome)}"
        )
    if mark:
        lines[1] = f"50,{MARK},F,a,1"
    path.write_text("\n".join(lines) + "\n")
    return path


SPEC = """\
spec: 1
source: visits.csv
privacy: {unit: row, epsilon: 3}
columns:
  age: int 0..100
  income: int 0..40000
  sex: [F, M]
  ward: [a, b, c, d, e, f]
  outcome: bool
sample: {rows: 300}
gates:
  close: max_tvd_1way <= 0.9
  unfound: attacks_found <= 8
  useful: tstr_gap(outcome) > 0.99
subgroups: [sex]
"""


@dataclass(frozen=True)
class Place:
    """A folder with a release, its source, a control, and what the verb said."""

    folder: Path
    home: Path
    out: str
    err: str
    code: int

    @property
    def evaluation(self) -> Any:
        """The annex as JSON."""
        return json.loads((self.folder / "out.internal" / "evaluation.json").read_bytes())

    @property
    def page(self) -> bytes:
        """The page."""
        return (self.folder / "out.internal" / "report.html").read_bytes()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Train once, write the internal edition once."""
    folder, home = tmp_path_factory.mktemp("inside"), tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch, _captured() as seen:
        patch.setenv("SYNTHSPEC_HOME", str(home))
        patch.chdir(folder)
        write_people(folder / "visits.csv", 1, mark=True)
        write_people(folder / "others.csv", 2)
        (folder / "visits.yaml").write_text(SPEC)
        assert run(["train", "visits.yaml", "--yes", "-o", "out"]) == 0
        seen.clear()
        code = run(["report", "out", "--internal", "--source", "visits.csv", "--control", "others.csv"])
        yield Place(folder, home, seen.out(), seen.err(), code)


class _captured:
    """Both streams as text."""

    def __enter__(self) -> _captured:
        from _pytest.capture import MultiCapture, SysCapture

        self._both = MultiCapture(in_=None, out=SysCapture(1), err=SysCapture(2))
        self._both.start_capturing()
        self._out = self._err = ""
        return self

    def __exit__(self, *_: object) -> None:
        self._both.stop_capturing()

    def clear(self) -> None:
        """Forget what was said."""
        self._both.readouterr()

    def out(self) -> str:
        """Return what was said on stdout."""
        self._out, self._err = self._both.readouterr()
        return self._out

    def err(self) -> str:
        """Return what was said on stderr, after `out`."""
        return self._err


def test_it_ends_with_0_and_says_only_where_it_lies(place: Place) -> None:
    assert place.code == 0
    assert place.out.strip().endswith("out.internal/report.html")
    assert len(place.out.strip().splitlines()) == 1
    assert "outside the guarantee" in place.err.replace("\n", " ")


def numbers(tree: Any) -> list[float]:
    """Return every number in a JSON tree."""
    if isinstance(tree, dict):
        return [n for each in tree.values() for n in numbers(each)]
    if isinstance(tree, list):
        return [n for each in tree for n in numbers(each)]
    return [tree] if isinstance(tree, (int, float)) and not isinstance(tree, bool) else []


def test_no_figure_is_said_on_a_stream(place: Place) -> None:
    said = place.out.replace(str(place.folder), "") + place.err.replace(str(place.folder), "")
    assert not any(character.isdigit() for character in said)


def test_only_the_owner_can_read_it_and_it_lies_beside_the_release(place: Place) -> None:
    folder = place.folder / "out.internal"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each.name for each in folder.iterdir()} == {"evaluation.json", "report.html"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert not [each for each in place.folder.iterdir() if each.name.startswith(".")]


def test_the_release_is_left_as_it_was_and_still_whole(place: Place) -> None:
    release = ss.load_release(place.folder / "out")
    assert not {each.name for each in release.folder.iterdir()} & {"internal", "evaluation_internal.json"}


def test_the_first_part_is_the_public_report_byte_for_byte(place: Place) -> None:
    public = ss.load_release(place.folder / "out").report().html()
    part = public_part(public)
    assert part in place.page and public_part(place.page.split(b'<div class="inside-annex"')[0]) == part
    assert digest_of(part) == place.evaluation["public_part"]
    assert place.page.count(digest_of(part).encode()) >= 2  # at the top, and in the annex


def records(tree: Any) -> list[dict[str, Any]]:
    """Return every record of a JSON tree."""
    if isinstance(tree, dict):
        return [tree, *(r for each in tree.values() for r in records(each))]
    return [r for each in tree for r in records(each)] if isinstance(tree, list) else []


def test_every_record_of_the_annex_says_class_i(place: Place) -> None:
    found = records(place.evaluation)
    assert len(found) > 50
    assert {each.get("class") for each in found} == {"I"}
    assert len(numbers(place.evaluation)) > 200


def test_the_page_warns_and_carries_its_mark_on_every_sheet(place: Place) -> None:
    page = place.page.decode()
    assert "INTERNAL: contains statistics of personal data, not covered by the privacy guarantee" in page
    assert 'class="inside-mark"' in page and "position: fixed" in page.split("</style>")[0]
    assert str(escape(CAVEAT)) in page
    for word in ("<script", 'http-equiv="refresh"', " style="):
        assert word not in page


def test_each_attack_is_judged_with_control_interval_and_power(place: Place) -> None:
    attacks = {each["attack"]: each for each in place.evaluation["attacks"]}
    assert set(attacks) == {
        "membership-measured", "membership-cells", "membership-nearest", "membership-exposed",
        "attribute-inference", "singling-out-one", "singling-out-several", "linkability",
    }  # fmt: skip
    for each in attacks.values():
        assert each["verdict"] in ("found", "not seen", "no evidence either way")
        assert (each["power"] is None) == (each["verdict"] == "found")
        assert each["auc"] or each["control"]
    assert attacks["membership-nearest"]["rates"][0]["bound"] > 0.1
    assert "pass" not in {each["verdict"] for each in attacks.values()}


def test_gates_are_judged_and_decide_nothing_and_the_source_is_tied_to_the_release(place: Place) -> None:
    outcomes = {gate["name"]: gate["outcome"] for gate in place.evaluation["gates"]}
    assert outcomes == {"close": "met", "unfound": "met", "useful": "not met"}
    assert place.code == 0
    public = ss.load_release(place.folder / "out").report()
    assert set(public.gates) == {"close"} and public.passed  # the others are not the public's to know
    assert place.evaluation["control"] == "file"
    assert place.evaluation["tied"] == "yes"
    assert place.evaluation["people"]["people"] == PEOPLE


def test_the_ledger_is_not_touched(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHSPEC_HOME", str(place.home))
    journal = Journal.every()[0]
    kinds = [entry.kind for entry in journal.entries()]
    assert kinds == ["opened", "reserve", "open", "commit"] or len(kinds) == 4


def ask(place: Place, *arguments: str) -> Any:
    """Ask for the internal edition of the release through the library."""
    return internal(ss.load_release(place.folder / "out"), *arguments)  # type: ignore[arg-type]


def test_without_a_source_it_says_what_to_type(place: Place) -> None:
    with pytest.raises(ReleaseError, match="Q622") as refused:
        ask(place, None)  # type: ignore[arg-type]
    assert "--source PATH" in refused.value.diagnostics[0].helps[0]


def test_a_missing_extra_is_named_with_its_command(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synthspec.api.internal.find_spec", lambda name: None)
    with pytest.raises(ReleaseError, match="Q620") as refused:
        ask(place, "visits.csv")
    assert "pip install 'synthspec[eval]'" in refused.value.diagnostics[0].helps[0]


def test_a_source_that_is_not_the_releases_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from synthspec.errors import GateError

    with pytest.raises(SourceError, match="D402"):
        ask(place, str(place.folder / "gone.csv"))
    other = place.folder / "columns.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match="D407"):
        ask(place, str(other))
    monkeypatch.setenv("SYNTHSPEC_HOME", str(place.home))
    with pytest.raises(GateError, match="Q646"):
        ask(place, str(place.folder / "others.csv"))


def test_a_source_of_which_nobody_fits_is_refused_without_a_count(place: Place) -> None:
    far = place.folder / "far.csv"
    far.write_text("age,income,sex,ward,outcome\n" + "old,1,F,a,1\n" * 300)
    with pytest.raises(SourceError, match="D420") as refused:
        ask(place, str(far))
    assert "300" not in str(refused.value.diagnostics)


def test_the_source_is_no_control(place: Place) -> None:
    twin = place.folder / "twin.csv"
    twin.write_bytes((place.folder / "visits.csv").read_bytes())
    release = ss.load_release(place.folder / "out")
    with pytest.raises(SourceError, match="D421"):
        release.internal(place.folder / "visits.csv", control=twin)


def test_a_label_that_is_not_released_is_refused(place: Place) -> None:
    with pytest.raises(SpecError, match="Q623"):
        ss.load_release(place.folder / "out").internal(place.folder / "visits.csv", labels=["ill"])


def test_it_is_never_written_into_a_release_or_over_other_files(place: Place, tmp_path: Path) -> None:
    release = place.folder / "out"
    for out in (release, release / "inside", release / "a" / "b"):
        with pytest.raises(ReleaseError, match="Q621"):
            apart_of(release, out)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    with pytest.raises(ReleaseError, match="Q621"):
        apart_of(release, tmp_path / "mine")
    (tmp_path / "link").symlink_to(release)
    with pytest.raises(ReleaseError, match="Q621"):
        apart_of(release, tmp_path / "link")
    with pytest.raises(ReleaseError, match="Q621"):
        apart_of(release, tmp_path / "link" / "inside")
    assert apart_of(release, None) == place.folder / "out.internal"


def test_an_older_edition_is_replaced_whole_and_modes_do_not_follow_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "out.internal"
    before = os.umask(0)
    try:
        for content in (b"one", b"two"):
            write_apart(folder, {"evaluation.json": content, "report.html": content})
    finally:
        os.umask(before)
    assert (folder / "report.html").read_bytes() == b"two"
    assert stat.S_IMODE((folder / "report.html").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in tmp_path.iterdir()] == ["out.internal"]


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, MemoryError, ValueError("50,31337,F")])
def test_trouble_beside_the_rows_leaves_nothing_and_says_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    import synthspec.run.internal.evaluate as module

    def fail(*_: object) -> object:
        raise trouble

    monkeypatch.setattr(module, "fidelity", fail)
    monkeypatch.setenv("SYNTHSPEC_HOME", str(place.home))
    release = ss.load_release(place.folder / "out")
    out = place.folder / "again.internal"
    if trouble is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            release.internal(place.folder / "visits.csv", out=out)
    else:
        with pytest.raises(KernelError, match="K703") as refused:
            release.internal(place.folder / "visits.csv", out=out)
        assert str(MARK) not in str(refused.value.diagnostics) and refused.value.__cause__ is None
        assert refused.value.__context__ is None or str(MARK) not in repr(refused.value.__context__)
    assert not out.exists()
    assert not [each for each in place.folder.iterdir() if each.name.endswith(".partial")]


@pytest.mark.slow
def test_trouble_while_the_page_is_written_quotes_nothing_either(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import synthspec.report.internal.page as page

    def fail(*_: object) -> bytes:
        raise ValueError(f"cannot write {MARK}")

    monkeypatch.setattr(page, "render_json", fail)
    monkeypatch.setenv("SYNTHSPEC_HOME", str(place.home))
    out = place.folder / "unwritten.internal"
    with pytest.raises(KernelError, match="K703") as refused:
        ss.load_release(place.folder / "out").internal(place.folder / "visits.csv", out=out)
    assert str(MARK) not in str(refused.value.diagnostics) and refused.value.__cause__ is None
    assert not out.exists()


@pytest.mark.parametrize("extra", [["--control", "x.csv"], ["--attack", "shadow"], ["--label", "sex"]])
def test_options_of_the_internal_edition_need_it(
    place: Place, capsys: pytest.CaptureFixture[str], extra: list[str]
) -> None:
    assert run(["report", str(place.folder / "out"), *extra]) == 2
    assert "--internal" in capsys.readouterr().err


def test_a_dry_run_opens_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["report", str(place.folder / "out"), "--internal", "--source", "no-such.csv", "--dry-run"]
    assert run(asked) == 0
    assert "out.internal" in capsys.readouterr().out


HELD = SPEC.replace("sample: {rows: 300}", "sample: {rows: 300, holdout: 0.4}")


@pytest.mark.slow
def test_people_held_out_are_the_control_where_their_key_is_and_said_to_be_missing_where_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_people(tmp_path / "visits.csv", 1)
    (tmp_path / "visits.yaml").write_text(HELD)
    assert run(["train", "visits.yaml", "--yes", "-o", "out"]) == 0
    release = ss.load_release("out")
    here = json.loads((release.internal("visits.csv", attacks=["shadow"]) / "evaluation.json").read_bytes())
    assert here["control"] == "held out" and here["tied"] == "yes"
    assert here["people"]["people"] + here["people"]["control_people"] == PEOPLE
    assert "shadow" in {each["attack"] for each in here["attacks"]}
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "elsewhere"))
    away = json.loads((release.internal("visits.csv", out="away") / "evaluation.json").read_bytes())
    assert away["control"] == "none" and away["attacks"] == []
    assert any("key of that split" in line for line in away["not_judged"])


@pytest.mark.slow
def test_the_control_is_the_very_people_that_the_release_held_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their exact scores are the paid ones but for noise of less than a row; another key's are not."""
    from synthspec.api.internal import _split
    from synthspec.engines.matrix import scored
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.engine import engine
    from synthspec.run.internal.people import read_people

    monkeypatch.chdir(tmp_path)
    write_people(tmp_path / "visits.csv", 1)
    text = HELD.replace("epsilon: 3", "epsilon: 1000").replace(
        "  close: max", "  scored: auc_gap(outcome) <= 0.9\n  close: max"
    )
    (tmp_path / "visits.yaml").write_text(text)
    assert run(["train", "visits.yaml", "--yes", "-o", "out"]) == 0
    release = ss.load_release("out")
    (paid,) = release.value.scores
    assert paid.stddev < 1

    def off(key: bytes) -> int:
        value = release.value
        people = read_people(value.plan, value.columns, engine("polars"), SystemNoise(), True, key)
        codes = {name: people.table.codes[:, at] for at, name in enumerate(people.table.names)}
        exact = scored([(people.table.rows, codes)], [paid.query()])[0]  # type: ignore[list-item,dict-item]
        return int(abs(exact - paid.values).sum())

    key = _split(release)
    assert key is not None
    assert off(key) <= 0.6 * len(paid.values)
    assert off(bytes(32)) > 60

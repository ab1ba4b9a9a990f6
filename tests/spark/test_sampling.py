"""Rows drawn by the workers of a cluster are those that one process draws, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import synthspec as ss
from synthspec.api.request import Request
from synthspec.draw.partition import PART
from synthspec.draw.parts import part_name
from synthspec.errors import SourceError
from tests.spark.place import jobs, needs_spark, sparkling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
ROWS = 9 * PART + 1_000
SPEC = """
spec: 1
name: spread
columns:
  who: id
  age: int 0..9
  ward: [medicine, surgery, icu]
  mark: int 0..9_999_999
rules:
  no-young-icu: ward <> 'icu' OR age >= 2
sample: {rows: 300, seed: 5}
"""


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[None]:
    """Keep one session for all tests."""
    needs_spark()
    with sparkling():
        yield


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> ss.Release:
    """Return a release of public parts only: nothing is charged for it."""
    return ss.Spec.of(SPEC, "spread.yaml").plan().train(out=tmp_path_factory.mktemp("release") / "rel")


def test_workers_write_the_parts_that_one_process_writes(release: ss.Release, tmp_path: Path) -> None:
    one = release.sample_into(tmp_path / "one", ROWS)
    before, seen = jobs(), []
    many = release.sample_into(tmp_path / "many", ROWS, spark=True, show=lambda now: seen.append(now.parts))
    assert jobs() - before == 2, "eight parts are a job on two processors"
    assert seen == list(range(11))
    assert many.certificate == one.certificate and many.certificate.violations == 0
    for at in range(10):
        name = part_name(at)
        assert (tmp_path / "many" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()


def test_what_is_there_is_not_drawn_again(release: ss.Release, tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    release.sample_into(folder, 2 * PART)
    whole = (folder / part_name(1)).read_bytes()
    (folder / part_name(1)).unlink()
    before = jobs()
    found = release.sample_into(folder, 2 * PART, spark=True)
    assert (jobs() - before, found.before) == (1, 1)
    assert (folder / part_name(1)).read_bytes() == whole
    release.sample_into(folder, 2 * PART, spark=True)
    assert jobs() - before == 1, "all is there: nothing is asked of Spark"


def test_a_worker_that_does_not_see_the_folder_is_refused_with_a_code(
    release: ss.Release, tmp_path: Path
) -> None:
    from synthspec.api.drawers_spark import drawn_on_spark
    from synthspec.api.request import prepared

    asked = Request(release=str(release.folder), folder=str(tmp_path / "not there"), rows=PART)
    with pytest.raises(SourceError) as caught:
        list(drawn_on_spark(asked, prepared(asked).asked, [0]))
    assert caught.value.code == "D433"


def test_a_task_that_fails_is_told_with_a_code_and_one_line() -> None:
    from synthspec.run.on_spark import spread

    with spread(b"") as cluster, pytest.raises(SourceError) as caught:
        cluster.each(_fails, [1])
    assert caught.value.code == "D432"
    assert any("no such thing" in note for note in caught.value.diagnostics[0].notes)


def _fails(content: bytes, numbers: object) -> list[str]:
    raise ValueError("no such thing")

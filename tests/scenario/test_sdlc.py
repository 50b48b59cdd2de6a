"""The SDLC example, killed with SIGKILL at every write to its journal, and resumed."""

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact import Desk, Status
from reenact.errors import RunNotFoundError
from reenact_sqlite import SqliteOptions, open_sqlite

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sdlc"
DRIVER = Path(__file__).with_name("sdlc_driver.py")
RUN_ID = "sdlc"
WRITES_MAX = 100
SYSTEM_CALLS_MAX = 1000
TIMEOUT_S = 120
PARTS = 8
STRACE = shutil.which("strace")

Result = dict[str, Any]


@attrs.frozen
class Place:
    """A folder in which the example is driven, process after process.

    Attributes:
        folder: The folder.
    """

    folder: Path

    def drive(self, *arguments: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run the driver, and return how it ended."""
        command = [*under, sys.executable, str(DRIVER), str(self.folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)

    def finish(self) -> Result:
        """Drive the run to its end, and return how it ended, without what differs from place to place."""
        ended = self.drive()
        assert ended.returncode == 0, ended.stderr
        result: Result = json.loads(ended.stdout)
        return result

    def effects(self) -> Counter[str]:
        """Return how often each step did its work, models and suites included."""
        file = self.folder / "effects"
        lines = file.read_text().splitlines() if file.exists() else []
        return Counter(json.loads(line)["path"] for line in lines)

    def finished(self) -> set[str]:
        """Return the steps whose success is on record."""

        async def look() -> set[str]:
            async with open_sqlite(SqliteOptions(path=self.folder / "journal.db")) as store:
                try:
                    view = await Desk(store).show(RUN_ID)
                except RunNotFoundError:  # killed before there was one
                    return set()
                return {step.path for step in view if step.status is Status.SUCCEEDED}

        return asyncio.run(look())

    def check(self) -> None:
        """Check the journal: row by row, and the file itself."""

        async def look() -> None:
            async with open_sqlite(SqliteOptions(path=self.folder / "journal.db")) as store:
                assert await Desk(store).verify(RUN_ID) > 0
                assert not await store.check()

        asyncio.run(look())

    def results(self) -> dict[str, str]:
        """Return all that the run has left in its folder."""
        folder = self.folder / "work" / RUN_ID
        return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """How the run ends if nobody kills it."""
    return ending(Place(tmp_path_factory.mktemp("reference")).finish())


def ending(result: Result) -> Result:
    """Return a result without the number of writes, which depends on who was faster."""
    return {key: value for key, value in result.items() if key != "writes"}


def check_resumed(place: Place, reference: Result) -> None:
    """Resume a run that was killed: it ends as it should, and does nothing twice that was on record."""
    finished, before = place.finished(), place.effects()

    result = place.finish()

    after = place.effects()
    assert ending(result) == reference
    assert place.results() == {"patch.diff": reference["patch"], "report.md": reference["report"]}
    assert {path: after[path] for path in finished} == {path: before[path] for path in finished}
    assert max(after.values()) <= 2  # one that was cut off is done again, once
    place.check()


def killed_at(folder: Path, when: str, numbers: range) -> Iterator[Place]:
    """Kill a run at each of the writes *numbers*, in a place of its own, until one has fewer writes."""
    for number in numbers:
        place = Place(folder / f"{when}-{number}")
        place.folder.mkdir()
        ended = place.drive(when, str(number))
        if ended.returncode == 0:
            return
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        yield place
        shutil.rmtree(place.folder)
    pytest.fail(f"more than {WRITES_MAX} writes")


# --- how it ends when nobody kills it ----------------------------------------------------------------


def test_it_ends_with_a_patch_that_does_what_the_ticket_asks(reference: Result, tmp_path: Path) -> None:
    """The patch applies to the sample, whose tests fail without it and pass with it."""
    project = tmp_path / "sample"
    shutil.copytree(EXAMPLE / "sample", project, ignore=shutil.ignore_patterns("__pycache__"))
    suite = [sys.executable, "-B", "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    before = subprocess.run(suite, cwd=project, capture_output=True, check=False)

    applied = subprocess.run(
        ["git", "apply", "-"],
        cwd=project,
        input=reference["patch"],
        text=True,
        capture_output=True,
        check=False,
    )

    after = subprocess.run(suite, cwd=project, capture_output=True, check=False)
    assert (before.returncode, applied.returncode, after.returncode) == (1, 0, 0), applied.stderr
    assert (reference["verdict"], reference["rounds"]) == ("approved", 2)
    assert reference["files"] == ["CHANGELOG.md", "shop/receipt.py", "shop/shipping.py"]
    assert "| 1 |" in reference["report"]
    assert "failed (9 run)" in reference["report"]


def test_nothing_is_done_twice(tmp_path: Path) -> None:
    """A run that nobody kills does the work of each step once."""
    place = Place(tmp_path)

    place.finish()

    assert set(place.effects().values()) == {1}
    assert place.effects()["run_suite#2"] == 1


# --- killed at the n-th write --------------------------------------------------------------------------


@pytest.mark.parametrize(("when", "start"), [("before", 1), ("after", 3)])
def test_a_killed_run_ends_the_same(when: str, start: int, reference: Result, tmp_path: Path) -> None:
    """A run killed at a write (every fourth here, all in the sweep) ends as if it had not been."""
    for place in killed_at(tmp_path, when, range(start, WRITES_MAX, 4)):
        check_resumed(place, reference)


@pytest.mark.sweep
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_at_any_write_ends_the_same(
    when: str, part: int, reference: Result, tmp_path: Path
) -> None:
    """A run killed before or after any write to its journal ends as if it had not been."""
    for place in killed_at(tmp_path, when, range(1 + part, WRITES_MAX, PARTS)):
        check_resumed(place, reference)


@pytest.mark.sweep
def test_a_run_killed_again_and_again_ends_the_same(reference: Result, tmp_path: Path) -> None:
    """A run whose every process is killed a few writes after it has begun gets to its end all the same."""
    place = Place(tmp_path)
    deaths = 0
    while (ended := place.drive("before", "6")).returncode == -signal.SIGKILL:
        deaths += 1
        assert deaths < WRITES_MAX

    assert ended.returncode == 0, ended.stderr
    assert deaths > 1
    assert ending(json.loads(ended.stdout)) == reference
    place.check()


# --- killed within a write -----------------------------------------------------------------------------


def traced(call: str, number: int) -> tuple[str, ...]:
    """Return what runs a command and kills it as it enters its n-th *call* to the system."""
    inject = f"inject={call}:signal=KILL:when={number}"
    return (str(STRACE), "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject)


@pytest.mark.sweep
@pytest.mark.skipif(STRACE is None, reason="needs strace")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("call", "stride"), [("pwrite64", 7), ("fdatasync", 1)])
def test_a_run_killed_within_a_commit_ends_the_same(
    call: str, stride: int, part: int, reference: Result, tmp_path: Path
) -> None:
    """A run killed while SQLite writes a page, or waits for the disk, ends as if it had not been."""
    for number in range(1 + part * stride, SYSTEM_CALLS_MAX, PARTS * stride):
        place = Place(tmp_path / str(number))
        place.folder.mkdir()
        ended = place.drive(under=traced(call, number))
        if ended.returncode == 0:
            return
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        check_resumed(place, reference)
        shutil.rmtree(place.folder)
    pytest.fail(f"more than {SYSTEM_CALLS_MAX} calls of {call}")

"""Real processes on one file: killed, stopped, and at each other's runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

WORKER = """
import asyncio, sys, time
from pathlib import Path
from reenact import Runtime, step, workflow
from reenact.config import Config, RuntimeOptions
from reenact.errors import ReenactError

folder = Path(sys.argv[1])
verb = sys.argv[2]
names = sys.argv[3:]

def say(*words):
    print(*words, flush=True)

@step
async def effect(n: int) -> int:
    with open(folder / "effects", "a") as log:
        log.write(f"{n}\\n")
    return n

@step
async def gate() -> str:
    say("at the gate")
    while not (folder / "open").exists():
        await asyncio.sleep(0.01)
    return "through"

@workflow
async def gated(count: int) -> str:
    for n in range(count):
        await effect(n)
    passed = await gate()
    for n in range(count, 2 * count):
        await effect(n)
    return passed

async def main():
    config = Config(
        journal_options={"path": str(folder / "journal.db")},
        runtime=RuntimeOptions(lease_s=1.0, poll_s=0.05, grace_s=0.2),
    )
    async with Runtime.open(config) as runtime:
        try:
            if verb == "run":
                handles = [await runtime.start(gated, (3,), run_id=name) for name in names]
                for handle in handles:
                    say(handle.id, (await handle.wait()).output)
            else:
                for name in names:
                    say(name, (await runtime.resume(name)).output)
        except ReenactError as error:
            say(type(error).__name__, error)
            raise SystemExit(9)

asyncio.run(main())
"""


class Workers:
    """Starts workers on one folder, and sees to it that none is left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.script = folder / "worker.py"
        self.script.write_text(WORKER)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, verb: str, *names: str) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [sys.executable, str(self.script), str(self.folder), verb, *names],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(worker)
        return worker

    def effects(self) -> list[int]:
        return [int(line) for line in (self.folder / "effects").read_text().split()]

    def let_through(self) -> None:
        (self.folder / "open").touch()

    def rows(self, name: str) -> list[Any]:
        import sqlite3

        db = sqlite3.connect(self.folder / "journal.db")
        try:
            return db.execute(
                "SELECT entries.* FROM entries JOIN runs ON entries.id >> 32 = no AND runs.id = ?", (name,)
            ).fetchall()
        finally:
            db.close()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    made = Workers(tmp_path)
    yield made
    for worker in made.started:
        if worker.poll() is None:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
        worker.wait()
        if worker.stdout:
            worker.stdout.close()


def line(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def test_a_killed_worker_is_replaced_at_once(workers: Workers) -> None:
    """After kill -9 another process goes on without waiting for the lease; no finished step is repeated."""
    first = workers.start("run", "a")
    assert line(first) == "at the gate"
    first.kill()
    first.wait()
    workers.let_through()

    started = time.monotonic()
    second = workers.start("resume", "a")
    assert line(second) == "at the gate"
    assert line(second) == "a through"
    assert second.wait() == 0
    assert workers.effects() == list(range(6))
    assert time.monotonic() - started < 60


def test_two_workers_resume_one_run(workers: Workers) -> None:
    """One does; the other is told who has it and until when, and makes no step."""
    first = workers.start("run", "a")
    assert line(first) == "at the gate"
    second = workers.start("resume", "a")
    told = line(second)
    assert told.startswith(f"RunOwnedError run 'a' is owned by pid {first.pid} on ")
    assert " until 20" in told
    assert second.wait() == 9
    workers.let_through()
    assert line(first) == "a through"
    assert first.wait() == 0
    assert workers.effects() == list(range(6))


def test_a_worker_stopped_past_its_lease_writes_nothing(workers: Workers) -> None:
    """When it wakes, its run is another's: it writes no row, says so and ends."""
    sleeper = workers.start("run", "a")
    assert line(sleeper) == "at the gate"
    os.kill(sleeper.pid, signal.SIGSTOP)
    workers.let_through()
    while True:  # until the lease is over
        other = workers.start("resume", "a")
        told = line(other)
        if told == "at the gate":
            break
        assert told.startswith("RunOwnedError")
    assert line(other) == "a through"
    assert other.wait() == 0
    rows = workers.rows("a")

    os.kill(sleeper.pid, signal.SIGCONT)

    assert "taken over" in line(sleeper)
    assert sleeper.wait() == 9
    assert workers.rows("a") == rows
    assert workers.effects() == list(range(6))


def test_many_processes_on_one_file_are_never_locked_out(workers: Workers) -> None:
    """Four processes with eight runs each write at once; every run ends and nobody sees a lock."""
    workers.let_through()
    started = [workers.start("run", *(f"run-{w}-{r}" for r in range(8))) for w in range(4)]
    for worker in started:
        assert worker.stdout is not None
        said = worker.stdout.read()
        assert worker.wait() == 0, said
        assert said.count("through") == 8
    assert len(workers.effects()) == 4 * 8 * 6

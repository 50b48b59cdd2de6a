"""Rate limits and budgets hold over real processes on one file, killed ones included."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

WORKER = """
import asyncio, json, os, sys, time
from pathlib import Path
from reenact import LlmResponse, Runtime, Usage, assistant, llm, workflow
from reenact.config import load
from reenact.errors import PolicyDeniedError
from reenact.seams import Capabilities

folder, verb, run_id, count = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])

class Counted:
    name, capabilities = "fake", Capabilities()

    async def complete(self, model, request, context):
        began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        with open(folder / "calls", "a") as log:
            log.write(f"{began} {run_id} {context.trace.path}\\n")
        if (folder / "hang").exists():
            print("called", flush=True)
            await asyncio.Event().wait()
        await asyncio.sleep(0.005)
        return LlmResponse(message=assistant("yes"), usage=Usage(input_tokens=20, output_tokens=10))

async def one(number):
    try:
        return await llm("fake:m", f"q{number:03}")
    except PolicyDeniedError as error:
        return error.reason

@workflow(name="crowd")
async def crowd(count: int) -> list[str]:
    return await asyncio.gather(*(one(number) for number in range(count)))

async def main():
    config = load(folder / "reenact.toml", environ={})
    async with Runtime.open(config, providers={"fake": Counted()}) as runtime:
        print("ready", flush=True)
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)
        if verb == "run":
            run = await (await runtime.start(crowd, (count,), run_id=run_id)).wait()
        else:
            run = await runtime.resume(run_id)
        print(json.dumps(run.output), flush=True)

asyncio.run(main())
"""

HEAD = """
[journal]
path = "journal.db"
synchronous = "normal"
[runtime]
lease_s = 1.0
"""


class Crowd:
    """Starts workers on one folder, and sees to it that none is left."""

    def __init__(self, folder: Path, policies: str) -> None:
        self.folder = folder
        (folder / "worker.py").write_text(WORKER)
        (folder / "reenact.toml").write_text(HEAD + policies)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, verb: str, run_id: str, count: int) -> "subprocess.Popen[str]":
        """Start a worker, which waits for `go`."""
        process = subprocess.Popen(
            [sys.executable, str(self.folder / "worker.py"), str(self.folder), verb, run_id, str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.started.append(process)
        return process

    def go(self, count: int, calls: int) -> list[str]:
        """Have *count* processes make *calls* calls each at once; return what all of them got."""
        workers = [self.start("run", f"run-{number}", calls) for number in range(count)]
        for worker in workers:
            assert says(worker) == "ready"
        (self.folder / "go").touch()
        return [got for worker in workers for got in json.loads(says(worker))]

    def calls_ns(self) -> list[int]:
        """When the provider was asked, by a clock that all processes share, in order."""
        lines = (self.folder / "calls").read_text().splitlines()
        return sorted(int(line.split()[0]) for line in lines)

    def ledger(self, part: str) -> list[tuple[Any, ...]]:
        """The lines of the accounts whose name holds *part*: id and amount."""
        with sqlite3.connect(self.folder / "journal.db") as connection:
            found = connection.execute("SELECT account, id, amount FROM ledger").fetchall()
        connection.close()
        return [(name, amount) for account, name, amount in found if part in account]

    def end(self) -> None:
        """Kill what is left."""
        for process in self.started:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def says(worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def most_in(times_ns: Sequence[int], window_s: float) -> int:
    """The most calls in any window that begins with a call."""
    return max(sum(1 for t in times_ns if at <= t < at + window_s * 1e9) for at in times_ns)


RATE = """
[policies]
chain = ["ratelimit"]
time_limit_s = 60
[policies.ratelimit]
wait_s = 300
[[policies.ratelimit.limits]]
requests = {requests}
window_s = {window_s}
"""

BUDGET = """
[policies]
chain = ["budget"]
time_limit_s = 60
[policies.budget]
output_tokens = 10
[[policies.budget.limits]]
tokens = {tokens}
per = []
"""


@pytest.fixture
def crowd(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    made: list[Crowd] = []

    def make(policies: str) -> Crowd:
        made.append(Crowd(tmp_path, policies))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.mark.parametrize(
    ("processes", "calls", "requests", "window_s"),
    [(8, 6, 20, 1.5), pytest.param(8, 100, 50, 2.0, marks=pytest.mark.sweep)],
)
def test_a_rate_limit_is_exact_over_processes(
    crowd: Any, processes: int, calls: int, requests: int, window_s: float
) -> None:
    """No window that the provider sees holds more than the limit, and everybody is served."""
    workers = crowd(RATE.format(requests=requests, window_s=window_s))

    got = workers.go(processes, calls)

    times_ns = workers.calls_ns()
    assert got == ["yes"] * (processes * calls)
    assert len(times_ns) == processes * calls
    assert most_in(times_ns, window_s) <= requests
    windows = -(-processes * calls // requests) - 1
    assert (times_ns[-1] - times_ns[0]) / 1e9 < windows * window_s * 1.5 + 10


@pytest.mark.parametrize(
    ("processes", "calls", "fit"), [(8, 10, 13), pytest.param(8, 100, 170, marks=pytest.mark.sweep)]
)
def test_a_budget_is_exact_over_processes(crowd: Any, processes: int, calls: int, fit: int) -> None:
    """Exactly as many calls are made as it pays for, by whichever process."""
    workers = crowd(BUDGET.format(tokens=fit * 30 + 29))

    got = workers.go(processes, calls)

    assert got.count("yes") == len(workers.calls_ns()) == fit
    assert workers.ledger("budget") == [("", fit * 30)]
    refused = {reason for reason in got if reason != "yes"}
    assert all("of the budget for all are used or reserved" in reason for reason in refused)


BOTH = """
[policies]
chain = ["ratelimit", "budget"]
time_limit_s = 60
[policies.ratelimit]
wait_s = 300
[[policies.ratelimit.limits]]
requests = {requests}
window_s = {window_s}
[policies.budget]
output_tokens = 10
[[policies.budget.limits]]
tokens = {tokens}
per = []
"""


@pytest.mark.parametrize(
    ("processes", "calls", "requests", "window_s", "fit"),
    [(8, 5, 12, 1.5, 25), pytest.param(8, 60, 40, 2.0, 300, marks=pytest.mark.sweep)],
)
def test_both_limits_are_exact_when_they_are_held_together(
    crowd: Any, processes: int, calls: int, requests: int, window_s: float, fit: int
) -> None:
    """Calls that wait for a slot and calls for which there is no money keep no others from what is left."""
    workers = crowd(BOTH.format(requests=requests, window_s=window_s, tokens=fit * 30 + 29))

    got = workers.go(processes, calls)

    times_ns = workers.calls_ns()
    assert got.count("yes") == len(times_ns) == fit
    assert len(got) == processes * calls
    assert most_in(times_ns, window_s) <= requests
    assert workers.ledger("budget") == [("", fit * 30)]


def test_a_process_that_is_killed_under_way_neither_loses_nor_doubles(crowd: Any) -> None:
    """What it may have used stays reserved; the one that takes over pays for its own attempt."""
    workers = crowd(BUDGET.format(tokens=200))
    (workers.folder / "go").touch()
    (workers.folder / "hang").touch()
    first = workers.start("run", "run-1", 1)
    assert [says(first), says(first)] == ["ready", "called"]
    first.send_signal(signal.SIGKILL)
    first.wait()
    (workers.folder / "hang").unlink()
    reserved = workers.ledger("budget")

    second = workers.start("resume", "run-1", 1)

    assert [says(second), says(second)] == ["ready", '["yes"]']
    assert len(workers.calls_ns()) == 2
    assert [amount for _, amount in reserved] == [30]
    assert sorted(workers.ledger("budget")) == [("", 30), reserved[0]]


def test_a_limit_outlives_the_process_that_met_it(crowd: Any) -> None:
    """One that is killed while it waits is resumed, and still waits for its turn."""
    workers = crowd(RATE.format(requests=2, window_s=3.0))
    (workers.folder / "go").touch()
    first = workers.start("run", "run-1", 3)
    assert says(first) == "ready"
    deadline = time.monotonic() + 20
    while not (workers.folder / "calls").exists() or len(workers.calls_ns()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()

    second = workers.start("resume", "run-1", 3)

    assert [says(second), says(second)] == ["ready", '["yes", "yes", "yes"]']
    assert most_in(workers.calls_ns(), 3.0) <= 2

"""Real processes on one file: one goes on from run to run and is killed, the other sends to it meanwhile."""

import asyncio
import signal
import sys
from pathlib import Path

from reenact.closing import continued_id
from reenact.desk import Desk
from reenact.errors import RunEndedError
from reenact.records import Status
from reenact.stores import RunFilter
from reenact_sqlite import SqliteOptions, open_sqlite

WORKER = """
import asyncio, os, signal, sys
from pathlib import Path
from reenact import Runtime, continue_as_new, wait_signal, workflow
from reenact.config import Config, RuntimeOptions

folder, dies_at, made = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "made"

@workflow
async def takes_one_a_life(seen: list[int] | None = None) -> list[int]:
    said = await wait_signal("say")
    if said == "end":
        return seen or []
    continue_as_new([*(seen or []), said])

async def main():
    config = Config(
        journal_options={"path": str(folder / "journal.db")},
        runtime=RuntimeOptions(poll_s=0.002),
    )
    async with Runtime.open(config) as runtime:
        commit, commits = runtime.store.commit, 0

        async def mortal(writes):
            nonlocal commits
            number, commits = commits, commits + 1
            if number == dies_at and not made:
                os.kill(os.getpid(), signal.SIGKILL)
            results = await commit(writes)
            if number == dies_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return results

        runtime.store.commit = mortal
        await runtime.recover([takes_one_a_life])
        handle = await runtime.start(takes_one_a_life, run_id="first")
        print(sum(1 for _ in (await handle.wait()).output), flush=True)

asyncio.run(main())
"""

DEATHS = [(number, made) for number in range(1, 6) for made in ("not made", "made")]
SENT = 40
AHEAD = 3


async def _live(folder: Path, dies_at: int, made: str) -> int:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(folder / "worker.py"), str(folder), str(dies_at), made
    )
    try:
        return await worker.wait()
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def _tell(desk: Desk, run_id: str, value: object) -> str:
    """Send a run a signal, or the one in which it goes on; return which."""
    while True:
        try:
            await desk.signal(run_id, "say", value)
        except RunEndedError:
            run_id = continued_id(run_id)
        else:
            return run_id


async def _send(desk: Desk, lives: list[str]) -> None:
    """Send numbers, a few ahead of the lives that take them, and then that it is enough."""
    last = lives[0]
    for number in range(SENT + 1):
        while await desk.store.load(lives[max(number - AHEAD, 0)]) is None:
            pass  # it asks a thread each time
        last = await _tell(desk, last, number if number < SENT else "end")


async def test_each_signal_is_taken_once_and_in_order_whoever_is_killed(tmp_path: Path) -> None:
    """A process is killed before and after commits, while another one sends to the run it last knew."""
    (tmp_path / "worker.py").write_text(WORKER)
    lives = ["first"]
    for _ in range(SENT):
        lives.append(continued_id(lives[-1]))
    assert await _live(tmp_path, 0, "made") == -signal.SIGKILL  # the first run is there

    async with open_sqlite(SqliteOptions(path=tmp_path / "journal.db")) as store:
        sending = asyncio.create_task(_send(Desk(store), lives))
        deaths = [await _live(tmp_path, *death) for death in DEATHS]
        assert not sending.done()
        assert await _live(tmp_path, -1, "made") == 0
        await sending
        view = await Desk(store).show(lives[-1])
        left = await store.list(RunFilter(status=("running", "waiting")))

    assert deaths == [-signal.SIGKILL] * len(DEATHS)
    assert (view.record.status, view.output) == (Status.SUCCEEDED, list(range(SENT)))
    assert not left

"""Removing and sweeping: while others write, whatever it is interrupted by, and down to the last byte."""

import asyncio
import hashlib
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reenact import Desk, Plugins, RunFilter, Runtime, parallel, step, wait_signal, workflow
from reenact.config import Config
from reenact.errors import RunKeptError, RunNotFoundError, RunOwnedError
from reenact_sqlite import SqliteOptions, open_sqlite
from reenact_sqlite.schema import MIGRATIONS
from reenact_sqlite.store import SqliteStore
from reenact_sqlite.sweeping import Sweep

PLUGINS = Plugins()


def content(number: int) -> str:
    return f"text {number} " + random.Random(number).randbytes(3000).hex()


@step
async def text(number: int) -> str:
    return content(number)


@workflow(name="tells")
async def tells(numbers: list[int]) -> int:
    return sum([len(await text(number)) for number in numbers])


@workflow(name="asks")
async def asks(secret: str) -> str:
    told = await parallel(text, [1, 2])
    return f"{secret} {await wait_signal('more', str)} {len(told)}"


def runtime(path: Path) -> object:
    return Runtime.open(Config(journal_options={"path": str(path)}), plugins=PLUGINS)


def orphans(path: Path) -> set[str]:
    """Return the content that no entry and no content names, and the entries of no run."""
    with sqlite3.connect(path) as db:
        there = {name.hex() for (name,) in db.execute("SELECT hash FROM blobs")}
        named = {
            name
            for (body,) in db.execute("SELECT body FROM entries")
            for name in re.findall(rb'"\$\w+":"([0-9a-f]{64})"', body)
        }
        lost = db.execute("SELECT id FROM entries WHERE (id >> 32) NOT IN (SELECT no FROM runs)").fetchall()
    db.close()
    return (there - {name.decode() for name in named}) | {f"entry {key}" for (key,) in lost}


async def filled(path: Path, runs: int, *, shared: int = 4) -> list[str]:
    """Make runs, each with content of its own and content that others have; return their ids."""
    async with runtime(path) as opened:  # type: ignore[attr-defined]
        handles = [
            await opened.start(tells, ([*range(shared), 1000 + number],), run_id=f"r{number}")
            for number in range(runs)
        ]
        done = await asyncio.gather(*(handle.wait() for handle in handles))
        assert all(run.output > 0 for run in done)
    return [handle.id for handle in handles]


def test_a_sweep_that_is_interrupted_is_finished_by_the_next(tmp_path: Path) -> None:
    """After any number of steps: what runs need is there, and the next sweep leaves nothing behind."""

    async def check() -> None:
        for steps in range(40):
            path = tmp_path / f"{steps}.db"
            await filled(path, 3)
            async with open_sqlite(SqliteOptions(path=path)) as store:
                await store.remove(["r0", "r2"])
                taken = await _some_steps(store, steps)
            async with open_sqlite(SqliteOptions(path=path)) as store:
                assert await Desk(store).verify("r1") > 0
                await store.sweep()
                assert await Desk(store).verify("r1") > 0
            assert orphans(path) == set()
            if taken < steps:
                return
        raise AssertionError("a sweep of three runs has fewer steps")

    asyncio.run(check())


async def _some_steps(store: SqliteStore, most: int) -> int:
    """Do the first steps of a sweep, and no more; return how many there were."""
    async with store._keeper() as keeper:
        steps: Iterator[None] = Sweep(keeper.statements).steps()
        done = 0
        for _ in range(most):
            if await keeper.hop(lambda _: next(steps, "over")) == "over":
                break
            done += 1
    return done


def test_two_sweeps_at_once_delete_nothing_that_is_needed(tmp_path: Path) -> None:
    """Their steps interleaved in many ways, with writes between them that name what they stamped."""

    async def check(seed: int) -> None:
        path = tmp_path / f"{seed}.db"
        draw = random.Random(seed)
        await filled(path, 6)
        async with open_sqlite(SqliteOptions(path=path)) as store, runtime(path) as writing:  # type: ignore[attr-defined]
            async with store._keeper() as one, store._keeper() as other:
                await store.remove(["r0"])
                sweeps = [(one, Sweep(one.statements).steps())]
                late = iter(["r1", "r2", "r3"])
                made = 0
                while sweeps:
                    link, steps = draw.choice(sweeps)
                    if await link.hop(lambda _, s=steps: next(s, "over")) == "over":
                        sweeps.remove((link, steps))
                    if draw.random() < 0.3 and len(sweeps) == 1 and (gone := next(late, None)):
                        await store.remove([gone])
                        second = other if link is one else one
                        sweeps.append((second, Sweep(second.statements).steps()))
                    if draw.random() < 0.4 and made < 8:
                        made += 1
                        handle = await writing.start(tells, ([draw.randrange(4), 1000 + draw.randrange(4)],))
                        await handle.wait()
            for record in await writing.list():
                await writing.verify(record.id)
            await store.sweep()
            for record in await writing.list():
                await writing.verify(record.id)
        assert orphans(path) == set()

    for seed in range(12):
        asyncio.run(check(seed))


WRITER = """
import asyncio, random, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_sqlite_sweeping import runtime, tells

async def main() -> None:
    draw = random.Random(int(sys.argv[3]))
    async with runtime(Path(sys.argv[1])) as opened:
        async def one(name: str) -> None:
            for turn in range(int(sys.argv[4])):
                numbers = [draw.randrange(12) for _ in range(4)]
                handle = await opened.start(tells, (numbers,), run_id=f"{name}-{turn}")
                run = await handle.wait()
                assert run.output > 0
        await asyncio.gather(*(one(f"{draw.choice(['keep', 'drop'])}-{sys.argv[3]}-{n}") for n in range(17)))

asyncio.run(main())
"""

PRUNER = """
import asyncio, sys
from pathlib import Path
from reenact import Desk
from reenact.errors import RunOwnedError
from reenact_sqlite import SqliteOptions, open_sqlite

async def main() -> None:
    async with open_sqlite(SqliteOptions(path=Path(sys.argv[1]))) as store:
        while True:
            for record in await Desk(store).list():
                if record.id.startswith("drop") and record.status.ended:
                    try:
                        await store.remove([record.id])
                    except RunOwnedError:
                        continue
                    print("removed", flush=True)
            await store.sweep()
            print("swept", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("turns", [2, pytest.param(60, marks=pytest.mark.sweep)])
def test_runs_are_removed_while_three_processes_write_fifty(tmp_path: Path, turns: int) -> None:
    """They share content with what is removed all the time, and the process that removes is killed again
    and again; every run that stays is whole, and nothing else is left.
    """
    path = tmp_path / "journal.db"
    (tmp_path / "writer.py").write_text(WRITER)
    (tmp_path / "pruner.py").write_text(PRUNER)
    draw = random.Random(turns)
    asyncio.run(filled(path, 1))
    here = str(Path(__file__).parent)
    writers = [
        subprocess.Popen([sys.executable, tmp_path / "writer.py", path, here, str(n), str(turns)])
        for n in range(3)
    ]
    told: list[str] = []
    while any(writer.poll() is None for writer in writers):
        command = [sys.executable, tmp_path / "pruner.py", path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pruner:
            for _ in range(draw.randrange(1, 12)):
                line = pruner.stdout.readline()  # type: ignore[union-attr]
                told += [line]
            pruner.kill()

    async def verify() -> int:
        async with open_sqlite(SqliteOptions(path=path)) as store:
            await store.sweep()
            runs = await Desk(store).list(RunFilter(limit=100_000))
            for record in runs:
                await Desk(store).verify(record.id)
            assert await store.check() == []
            return len(runs)

    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert asyncio.run(verify()) > 1
    assert "removed\n" in told
    assert orphans(path) == set()


def test_a_number_is_given_out_once(tmp_path: Path) -> None:
    """A process that still believes to have a removed run never writes into the one that came after it."""
    path = tmp_path / "journal.db"

    async def check() -> list[int]:
        numbers = []
        for _ in range(3):
            (run_id,) = await filled(path, 1)
            with sqlite3.connect(path) as db:
                numbers.append(db.execute("SELECT no FROM runs").fetchone()[0])
            db.close()
            async with open_sqlite(SqliteOptions(path=path)) as store:
                await store.remove([run_id])
                await store.sweep()
        return numbers

    assert asyncio.run(check()) == [1, 2, 3]


def test_no_byte_is_left(tmp_path: Path) -> None:
    """After a run is removed, swept and compacted, nothing it said is in the database or its log."""
    path = tmp_path / "journal.db"
    marks = [f"canary-{hashlib.sha256(bytes([n])).hexdigest()}" for n in range(6)]

    async def check() -> None:
        async with runtime(path) as opened:  # type: ignore[attr-defined]
            others = [await opened.start(tells, ([50 + n],), run_id=f"other-{n}") for n in range(10)]
            handle = await opened.start(asks, (marks[0] * 100,), run_id=marks[1])
            await opened.signal(marks[1], "nobody listens", marks[2])
            await opened.signal(marks[1], "more", marks[3] * 50)
            more = [await opened.start(tells, ([70 + n],), run_id=f"more-{n}") for n in range(10)]
            for one in (*others, handle, *more):
                await one.wait()
            for name in marks[4:]:
                small = await opened.start(asks, (name,), run_id=name)
                await opened.signal(name, "more", name)
                await small.wait()
            pruned = await opened.prune(0, run_ids=[marks[1], *marks[4:]])
            assert len(pruned.removed) == 3
            assert any(mark.encode() in _bytes(path) for mark in marks)
            await opened.store.compact()
            left = _bytes(path)
            assert [mark for mark in marks if mark.encode() in left] == []
            for record in await opened.list():
                await opened.verify(record.id)
            assert len(await opened.list()) == 20

    asyncio.run(check())
    assert [mark for mark in marks if mark.encode() in _bytes(path)] == []


def _bytes(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.iterdir() if one.is_file())


def test_pruning_gives_room_back_while_runs_go_on(tmp_path: Path) -> None:
    """The file is smaller after a sweep, without compacting, and is never bigger than with all runs."""
    path = tmp_path / "journal.db"

    async def check() -> tuple[int, int]:
        async with runtime(path) as opened:  # type: ignore[attr-defined]
            for number in range(60):
                await (await opened.start(tells, ([2000 + number],), run_id=f"old-{number}")).wait()
            waiting = await opened.start(asks, ("x",), run_id="live")
            before = _pages(path)
            pruned = await opened.prune(0)
            after = _pages(path)
            await opened.signal("live", "more", "y")
            assert (await waiting.wait()).output == "x y 2"
            assert len(pruned.removed) == 60
            assert pruned.swept.blobs == 60
            return before, after

    before, after = asyncio.run(check())
    assert after < before / 2


def _pages(path: Path) -> int:
    db = sqlite3.connect(path)
    pages = int(db.execute("PRAGMA page_count").fetchone()[0])
    db.close()
    return pages


def test_a_run_that_goes_on_is_not_removed(tmp_path: Path) -> None:
    """Resume and remove of one run at once: one of them wins, and the run is whole or gone."""
    path = tmp_path / "journal.db"

    async def check() -> None:
        async with runtime(path) as one, runtime(path) as other:  # type: ignore[attr-defined]
            waiting = await one.start(asks, ("x",), run_id="live")
            with pytest.raises((RunOwnedError, RunKeptError)):
                await other.store.remove(["live"])
            await one.signal("live", "more", "y")
            await waiting.wait()
            results = await asyncio.gather(
                other.store.remove(["live"]),
                one.resume("live"),
                one.verify("live"),
                return_exceptions=True,
            )
            assert {type(r) for r in results if isinstance(r, Exception)} <= {RunNotFoundError}
            assert await one.store.load("live") is None

    asyncio.run(check())


def test_a_database_of_the_first_schema_is_swept_too(tmp_path: Path) -> None:
    """One that was made before removing was there opens, is migrated, and its content counts as needed."""
    path = tmp_path / "old.db"
    db = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0].split(";\n"):
        if statement.strip():
            db.execute(statement)
    db.execute("PRAGMA user_version = 1")
    db.execute("PRAGMA application_id = 0x5265656E")
    db.close()
    asyncio.run(filled(path, 3))
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("UPDATE blobs SET form = form & 3")  # as the first version wrote it
    db.close()

    async def check() -> None:
        async with open_sqlite(SqliteOptions(path=path)) as store:
            await store.remove(["r1"])
            assert (await store.sweep()).blobs == 1
            await store.compact()
            for run_id in ("r0", "r2"):
                await Desk(store).verify(run_id)

    asyncio.run(check())
    assert orphans(path) == set()

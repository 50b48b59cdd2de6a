"""Files: who may read them, and what happens when they are new, full, read-only, locked or not ours."""

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from journal_files import PLUGINS, config, doubles, run_once
from reenact import Runtime
from reenact.errors import DamagedError, NewerSchemaError, StoreError
from reenact_sqlite import SqliteOptions, connecting, open_sqlite, schema


def test_files_are_for_the_user_only(tmp_path: Path) -> None:
    """Whatever the umask: database, log and index are 0600, folders that are made 0700."""
    old = os.umask(0)
    try:
        path = tmp_path / "deep" / "er" / "journal.db"

        async def look() -> list[str]:
            async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
                await runtime.run(doubles, 3)
                return [
                    f"{p.name} {stat.S_IMODE(p.stat().st_mode):o}"
                    for p in path.parent.iterdir()
                    if p.is_file() and stat.S_IMODE(p.stat().st_mode) != 0o600
                ]

        assert asyncio.run(look()) == []
    finally:
        os.umask(old)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path.parent, path.parent.parent)] == [0o700, 0o700]


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    """No log, no index, no lock file stays behind."""
    path = tmp_path / "journal.db"
    asyncio.run(run_once(path))
    assert [p.name for p in tmp_path.iterdir()] == ["journal.db"]


@pytest.mark.parametrize("name", ["with space", "q?r", "has#hash", "per%cent", "😀", "x" * 200, "quo'te"])
def test_odd_names_work(tmp_path: Path, name: str) -> None:
    """A path is a path, not a URI."""
    path = tmp_path / name / f"{name}.db"
    asyncio.run(run_once(path))
    assert path.is_file()


def test_a_newer_schema_is_refused_in_words(tmp_path: Path) -> None:
    """An older program does not touch what a newer one wrote."""
    path = tmp_path / "journal.db"
    asyncio.run(run_once(path))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()

    with pytest.raises(NewerSchemaError, match=r"schema 99.*upgrade"):
        asyncio.run(run_once(path))


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A SQLite file that is no journal is not made one."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (a)")
    db.close()
    before = path.read_bytes()

    with pytest.raises(DamagedError, match="not a Reenact journal"):
        asyncio.run(run_once(path))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A text file is not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n" * 1000)

    with pytest.raises(StoreError, match="damaged or no SQLite database"):
        asyncio.run(run_once(path))
    assert path.read_text() == "my notes\n" * 1000


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    """One line that says so."""
    with pytest.raises(StoreError, match="folder"):
        asyncio.run(run_once(tmp_path))


def test_a_crash_in_a_migration_leaves_a_database_that_opens(tmp_path: Path) -> None:
    """Whatever statement it dies at, the next start finishes the job."""
    statements = 0

    class Crash(Exception):
        pass

    while True:
        path = tmp_path / f"{statements}.db"
        count = 0

        def step_counted(stop_at: int = statements) -> None:
            nonlocal count
            count += 1
            if count > stop_at:
                raise Crash

        db = sqlite3.connect(path, isolation_level=None)
        try:
            schema.prepare(db, "db", step_counted)
        except Crash:
            db.close()
            asyncio.run(run_once(path))
            statements += 1
        else:
            db.close()
            break
    assert statements > 10


FULL = """
import asyncio, sys
from pathlib import Path
from reenact import Runtime, step, workflow
from reenact.config import Config
from reenact.errors import StoreError

@step
async def big(n: int) -> str:
    import random
    print("did", n, flush=True)
    return random.Random(n).randbytes(3000).hex()

@workflow
async def fills(count: int) -> int:
    return len([await big(n) for n in range(count)])

async def main():
    async with Runtime.open(Config(journal_options={"path": sys.argv[1]})) as runtime:
        try:
            if sys.argv[2] == "run":
                handle = await runtime.start(fills, (60,), run_id="full")
                print("ended", (await handle.wait()).output)
            else:
                print("ended", (await runtime.resume("full", fills)).output)
        except StoreError as error:
            print("error", error)
            raise SystemExit(7)

asyncio.run(main())
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or sys.platform != "linux", reason="mounting a small disk needs root on Linux"
)
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    """The run stops with an error that says so; with room again it goes on and repeats no finished step."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("this machine does not let a test mount a disk")
    try:
        script = tmp_path / "full.py"
        script.write_text(FULL)
        path = disk / "journal.db"
        first = subprocess.run(
            [sys.executable, script, path, "run"], capture_output=True, text=True, timeout=60, check=False
        )
        assert first.returncode == 7, first.stderr
        assert "the disk is full" in first.stdout
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        again = subprocess.run(
            [sys.executable, script, path, "resume"], capture_output=True, text=True, timeout=60, check=False
        )
        assert again.returncode == 0, again.stderr
        assert "ended 60" in again.stdout
        done = [line for line in (first.stdout + again.stdout).splitlines() if line.startswith("did")]
        assert len(done) - len(set(done)) <= 2  # the step in flight, and one whose outcome met the full disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_read_only_file_is_an_error_in_words(tmp_path: Path) -> None:
    """Opened by somebody who may not write, it says so."""
    path = tmp_path / "journal.db"
    asyncio.run(run_once(path))
    script = (
        "import os, sys, asyncio, sqlite3, aiosqlite\n"
        "from pathlib import Path\n"
        "from reenact_sqlite import open_sqlite, SqliteOptions\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "async def main():\n"
        "    async with open_sqlite(SqliteOptions(path=Path(sys.argv[1]))): pass\n"
        "try: asyncio.run(main())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    if os.geteuid() != 0:
        pytest.skip("dropping rights needs root")
    path.chmod(0o600)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/") and "pytest" in str(folder):
            folder.chmod(0o755)
    found = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, timeout=60, check=False
    )
    assert "StoreError" in found.stdout, found.stderr
    assert "cannot be opened" in found.stdout


def test_the_steps_view_is_for_people(tmp_path: Path) -> None:
    """Anybody with sqlite3 sees each step's id, trace, type, input hash, output, status and time."""
    path = tmp_path / "journal.db"
    run_id = asyncio.run(run_once(path, 3))
    db = sqlite3.connect(path)
    rows: list[Any] = db.execute(
        "SELECT id, trace_id, step_type, input_hash, output, status, created_at FROM steps"
    ).fetchall()
    db.close()
    assert [row[0] for row in rows] == [f"{run_id}:double#{n}" for n in range(3)]
    assert {row[2] for row in rows} == {"step"}
    assert rows[1][4].endswith("x2")
    assert {row[5] for row in rows} == {"succeeded"}
    assert rows[0][6].endswith("Z")


def test_a_backup_while_runs_are_written_is_whole(tmp_path: Path) -> None:
    """It verifies and resumes like the original, and never overwrites a file."""
    path, copy = tmp_path / "journal.db", tmp_path / "copy.db"

    async def check() -> None:
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            handles = [await runtime.start(doubles, (10,)) for _ in range(20)]
            await asyncio.sleep(0)
            await runtime.store.backup(str(copy))
            await asyncio.gather(*(handle.wait() for handle in handles))
            with pytest.raises(StoreError, match="never overwrites"):
                await runtime.store.backup(str(copy))
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        async with open_sqlite(SqliteOptions(path=copy)) as store:
            await store.renew("nobody", 1)
        async with Runtime.open(config(copy), plugins=PLUGINS) as runtime:
            for record in await runtime.list():
                await runtime.verify(record.id)
            assert await runtime.store.check() == []

    asyncio.run(check())


def test_opening_and_closing_leaves_nothing_open(tmp_path: Path) -> None:
    """A hundred times: the same number of descriptors, threads and files."""
    path = tmp_path / "journal.db"
    asyncio.run(run_once(path))

    import threading

    def opened() -> tuple[int, int]:
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(5)  # one that was told to end may be about to
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before = opened()
    for _ in range(100):
        asyncio.run(_open_and_close(path))
    descriptors, threads = opened()
    assert descriptors <= before[0]
    assert threads <= before[1]
    assert [p.name for p in tmp_path.iterdir()] == ["journal.db"]


def test_a_new_file_that_another_process_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite refuses at once to give it a write-ahead log, whatever its time-out; the store asks again."""
    path = tmp_path / "journal.db"
    path.touch(mode=0o600)
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            other.execute("ROLLBACK")

    monkeypatch.setattr(connecting, "BUSY_S", 0.01)
    monkeypatch.setattr(connecting, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=nap))
    asyncio.run(run_once(path))
    other.close()
    assert len(naps) == 3


def test_a_file_that_stays_locked_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the file and says how long it was waited for."""
    path = tmp_path / "journal.db"
    path.touch(mode=0o600)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    hours = iter(range(100))
    monkeypatch.setattr(connecting, "BUSY_S", 0.01)
    monkeypatch.setattr(
        connecting, "time", SimpleNamespace(monotonic=lambda: next(hours) * 3600.0, sleep=lambda _s: None)
    )

    with pytest.raises(StoreError, match=r"journal\.db: another process has held it for more than 30 s"):
        asyncio.run(run_once(path))
    other.close()


async def _open_and_close(path: Path) -> None:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        await store.renew("somebody", 1)

"""Files that are damaged: what was changed is found, is never believed, and is left as it is."""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from journal_files import PLUGINS, config, doubles, run_once
from reenact import Desk, Runtime
from reenact.errors import DamagedError, ReenactError
from reenact.records import Row, Status
from reenact_portable import export_run, read_bytes
from reenact_sqlite import SqliteOptions, open_sqlite


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    place = data.index(b"xxxxxxxxxx")
    data[place] ^= 1
    path.write_bytes(data)


def _swap(path: Path) -> None:
    with sqlite3.connect(path) as db:
        (a, x, s), (b, y, t) = db.execute(
            "SELECT id, body, checksum FROM entries LIMIT 2 OFFSET 2"
        ).fetchall()
        db.execute("UPDATE entries SET body = ?, checksum = ? WHERE id = ?", (y, t, a))
        db.execute("UPDATE entries SET body = ?, checksum = ? WHERE id = ?", (x, s, b))
    db.close()


def _delete(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM entries WHERE id = (SELECT id FROM entries LIMIT 1 OFFSET 3)")
    db.close()


def _truncate(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM entries WHERE id = (SELECT max(id) FROM entries)")
    db.close()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_flip, "was changed"),
        (_swap, "row 2 was changed"),
        (_delete, "row 3 is missing"),
        (_truncate, "missing at its end"),
    ],
)
def test_silent_damage_is_found(tmp_path: Path, harm: Callable[[Path], None], says: str) -> None:
    """A flipped bit, swapped rows, a missing row: ``verify`` names the row."""
    path = tmp_path / "journal.db"
    run_id = asyncio.run(run_once(path))
    harm(path)

    async def verify() -> None:
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            with pytest.raises(DamagedError, match=says):
                await runtime.verify(run_id)

    asyncio.run(verify())


def test_a_damaged_run_is_not_resumed_and_the_others_are(tmp_path: Path) -> None:
    """The journal of the damaged one is left as it is."""
    path = tmp_path / "journal.db"

    async def check() -> None:
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            bad, good = (await runtime.run(doubles, 2)), (await runtime.run(doubles, 2))
        with sqlite3.connect(path) as db:
            db.execute("UPDATE runs SET status = 'running'")
            db.execute(
                "UPDATE entries SET body = replace(CAST(body AS TEXT), 'x', 'y') WHERE id = (1 << 32) + 2"
            )
            db.execute("DELETE FROM entries WHERE id = (SELECT max(id) FROM entries)")
        db.close()
        before = path.read_bytes()
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            recovered = await runtime.recover()
        assert sorted(type(one).__name__ for one in recovered) == ["DamagedError", "Run"]
        assert before
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            assert (await runtime.find(good.id)).status is Status.SUCCEEDED
            assert (await runtime.find(bad.id)).status is Status.RUNNING

    asyncio.run(check())


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, tuple[str, str]]:
    """A database with two runs, and their ids."""
    path = tmp_path_factory.mktemp("whole") / "journal.db"
    ids = asyncio.run(run_once(path, 20)), asyncio.run(run_once(path, 20))
    return path.read_bytes(), ids


SEEDS = [*range(30), *(pytest.param(seed, marks=pytest.mark.sweep) for seed in range(30, 200))]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_damaged_is_never_believed(
    tmp_path: Path, journal: tuple[bytes, tuple[str, str]], seed: int
) -> None:
    """Bytes changed anywhere, or a foreign log: each run is refused in words, or exported as written."""
    whole, ids = journal
    path = tmp_path / "journal.db"
    draw = random.Random(seed)
    data = bytearray(whole)
    for _ in range(draw.randrange(1, 6)):
        place = draw.randrange(len(data))
        length = draw.choice([1, 1, 64, 4096])
        data[place : place + length] = draw.randbytes(min(length, len(data) - place))
    path.write_bytes(data)
    if draw.random() < 0.3:
        path.with_name("journal.db-wal").write_bytes(draw.randbytes(draw.randrange(1, 9000)))

    async def read() -> list[bytes]:
        made = []
        async with open_sqlite(SqliteOptions(path=path)) as store:
            for run_id in ids:
                with contextlib.suppress(ReenactError):
                    desk = Desk(store)
                    made.append((await export_run(desk, await desk.find(run_id))).data)
        return made

    found: list[bytes] = []
    with contextlib.suppress(ReenactError):
        found = asyncio.run(read())
    (tmp_path / "good").mkdir()
    good = tmp_path / "good" / "journal.db"
    good.write_bytes(whole)
    for exported in found:
        file = read_bytes(exported)
        assert asyncio.run(_rows(good, file.run.record.id)) == list(file.run.rows)


async def _rows(path: Path, run_id: str) -> list[Row]:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        return [row async for batch in store.rows(run_id) for row in batch]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_is_refused_and_left_alone(
    tmp_path: Path, journal: tuple[bytes, tuple[str, str]], seed: int
) -> None:
    """Pages overwritten, the file cut short: an error in words, or it still works; never a new database."""
    path = tmp_path / "journal.db"
    data, (run_id, _) = bytearray(journal[0]), journal[1]
    draw = random.Random(seed)
    if draw.random() < 0.3:
        data = data[: draw.randrange(len(data))]
    else:
        for _ in range(draw.randrange(1, 6)):
            place = draw.randrange(len(data))
            data[place : place + 64] = draw.randbytes(64)
    path.write_bytes(data)

    async def use() -> None:
        async with Runtime.open(config(path), plugins=PLUGINS) as runtime:
            await runtime.verify(run_id)
            await runtime.list()

    with contextlib.suppress(ReenactError):
        asyncio.run(use())
    if data[:16] == b"SQLite format 3\0" and len(data) > 4096:
        assert path.stat().st_size >= len(data) - 4096

"""Journals that other Pythons, and earlier releases, have written: this one replays them all."""

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import attrs
import pytest
from reenact import Desk, Runtime, Status
from reenact.config import Config

HERE = Path(__file__).parent
JOURNALS = sorted((HERE / "journals").glob("*.json"))


def _load() -> Any:
    spec = importlib.util.spec_from_file_location("golden_journals", HERE / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


golden = _load()


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: file.stem)
async def test_a_journal_of_any_python_replays(file: Path) -> None:
    """Whole and unchanged as it was written, to the output that is on record."""
    store, record = golden.read(file.read_bytes())

    async with Runtime.open(Config(), store=store, plugins=golden.PLUGINS) as runtime:
        await runtime.verify(record.id)
        replayed = await runtime.replay(record.id, golden.flow.golden)

    assert replayed.status is Status.SUCCEEDED
    assert replayed.output == (await Desk(store).show(record.id)).output


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: file.stem)
async def test_so_do_its_child_runs(file: Path) -> None:
    """Those that failed, too."""
    store, record = golden.read(file.read_bytes())
    children = [run for run in store.runs.values() if run.id != record.id]

    async with Runtime.open(Config(), store=store, plugins=golden.PLUGINS) as runtime:
        statuses = [(await runtime.replay(run.id, golden.flow.child)).status for run in children]

    assert sorted(statuses) == [Status.FAILED, Status.SUCCEEDED, Status.SUCCEEDED]


@pytest.mark.parametrize("file", JOURNALS, ids=lambda file: file.stem)
async def test_a_journal_of_any_python_is_carried_on(file: Path) -> None:
    """Cut where the last answer came, it is resumed to the same output, and no step on record runs again."""
    store, record = golden.read(file.read_bytes())
    whole = (await Desk(store).show(record.id)).output
    rows = len(store.journals[record.id])
    cut = store.cut(record.id, rows - 4)
    cut.runs[record.id] = attrs.evolve(record, status=Status.RUNNING)

    async with Runtime.open(
        Config(), store=cut, plugins=golden.PLUGINS, clock=golden.World(golden.SEED, record.updated_ns)
    ) as runtime:
        resumed = await runtime.resume(record.id, golden.flow.golden, suspend=False)

    assert resumed.output == whole
    assert len(cut.journals[record.id]) >= rows - 3


def test_there_is_a_journal_of_each_python() -> None:
    """Of each that is supported."""
    assert [file.stem for file in JOURNALS] == ["python311", "python312", "python313"]


def test_what_is_recorded_now_replays_now() -> None:
    """The recorder works, and the workflow gives what it gave."""

    async def both() -> tuple[Any, Any]:
        store, record = golden.read(await golden.record())
        async with Runtime.open(Config(), store=store, plugins=golden.PLUGINS) as runtime:
            replayed = await runtime.replay(record.id, golden.flow.golden)
        kept, old = golden.read(JOURNALS[0].read_bytes())
        return replayed.output, (await Desk(kept).show(old.id)).output

    now, then = asyncio.run(both())

    assert now[:-3] == then[:-3]
    assert [line for line in now if "journaled" not in line] == [
        line for line in then if "journaled" not in line
    ]

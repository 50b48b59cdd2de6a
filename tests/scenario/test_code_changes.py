"""What becomes of a run whose code changed while it was stopped: every row of the table in the docs.

A workflow has a place that changes. A run of the old code is cut off in three ways: later than
that place (the change is *before* the stop), while the place's first step is in flight (*at*), and
earlier (*after*). Then the new code replays, checks and resumes it.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from code_changes import CHANGES, SIGNATURES, Change, Signature, Word, around, ran
from pytest_reenact.memory import MemoryStore
from reenact import Resolution, Status
from reenact.errors import ChangedInputError, DivergenceError, InputError
from reenact.records import decode_entry
from reenact.workflows import Workflow
from reenact_inspect import check

from conftest import Opened

DOC = Path(__file__).parents[2] / "docs" / "reference" / "code-changes.md"
ROWS_START, ROWS_END = "<!-- changes -->", "<!-- end of changes -->"


@pytest.fixture(autouse=True)
def forget() -> None:
    ran.clear()


async def recorded(opened: Opened, old: Workflow[..., Any], args: tuple[str, ...] = ()) -> str:
    """Run the old code to its end, saying yes where it asks."""
    async with opened() as runtime:
        run = await runtime.run(old, *args)
        if run.status is Status.WAITING:
            await runtime.approve(run.id)
            run = await runtime.resume(run.id, old)
        assert run.status is Status.SUCCEEDED
        return run.id


def cut(store: MemoryStore, run_id: str, where: str) -> MemoryStore:
    """Return the store as it was when the process died at that place."""
    entries = [decode_entry(row.body) for row in store.journals[run_id]]
    own = {"first#0", "middle#0", "last#0", ""}

    def intent(path: str) -> int:
        return next(entry.seq for entry in entries if entry.path == path and entry.kind)

    site = [entry.seq for entry in entries if entry.path not in own and entry.status.ended]
    rows = {
        "before": intent("last#0") + 1,
        "at": site[0] if site else intent("middle#0") + 1,
        "after": intent("first#0") + 1,
    }[where]
    return store.crashed(run_id, rows)


async def becomes(opened: Opened, store: MemoryStore, run_id: str, old: Any, new: Any) -> Word:
    """Replay, check and resume a run that was cut off, with the new code; say in a word what came of it."""
    before = list(store.journals[run_id])
    done = {decode_entry(row.body).path for row in before if decode_entry(row.body).status.ended}
    async with opened(store=store) as runtime:
        agrees = await agreed(runtime, run_id, new)
        ran.clear()
        try:
            run = await runtime.resume(run_id, new)
        except ChangedInputError:
            word: Word = "asks"
        except InputError:
            word = "refused"
        except DivergenceError:
            word = "stops"
        else:
            word = "in doubt" if run.status is Status.IN_DOUBT else "goes on" if agrees else "runs again"
        if word in ("stops", "asks", "refused"):
            assert not agrees
            assert ran == []
            assert store.journals[run_id][: len(before)] == before
            assert await ends(runtime, run_id, old)
        elif word == "in doubt":
            assert ran == []
        else:
            if word == "goes on":
                assert not {"first#0", "middle#0", "last#0"} & done & {f"{one}#0" for one in ran}
            assert await ends(runtime, run_id, new)
            assert await agreed(runtime, run_id, new)
            await runtime.verify(run_id)
    return word


async def agreed(runtime: Any, run_id: str, code: Any) -> bool:
    """Say whether replay and check, which must agree with each other, agree with the code."""
    report = await check(runtime, run_id, find=lambda record: code)
    try:
        await runtime.replay(run_id, code)
    except (DivergenceError, InputError):
        assert report.runs[0].verdict == "diverges"
        return False
    assert report.agrees
    return True


async def ends(runtime: Any, run_id: str, code: Any) -> bool:
    """Resume a run until it has ended, saying yes where it asks, and trying again what is in doubt."""
    run = await runtime.resume(run_id, code)
    if run.status is Status.WAITING:
        await runtime.approve(run_id)
        run = await runtime.resume(run_id, code)
    if run.status is Status.IN_DOUBT:
        await runtime.resolve(run_id, "note#0", Resolution(retry=True))
        run = await runtime.resume(run_id, code)
    return bool(run.status is Status.SUCCEEDED)


@pytest.mark.parametrize("where", ["before", "at", "after"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
async def test_a_changed_place(opened: Opened, store: MemoryStore, change: Change, where: str) -> None:
    """What is said of the change in this position is what happens."""
    run_id = await recorded(opened, around(change.old))

    stopped = cut(store, run_id, where)

    assert await becomes(opened, stopped, run_id, around(change.old), around(change.new)) == getattr(
        change, where
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.what)
async def test_a_run_that_has_ended(opened: Opened, store: MemoryStore, change: Change) -> None:
    """For it every change is one before its end; replay and check say so, and name the place."""
    run_id = await recorded(opened, around(change.old))

    async with opened() as runtime:
        assert await agreed(runtime, run_id, around(change.new)) == (change.before == "goes on")


@pytest.mark.parametrize("where", ["before", "at", "after"])
@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row.what)
async def test_a_changed_signature(opened: Opened, store: MemoryStore, row: Signature, where: str) -> None:
    """What is said of the change is what happens, wherever the run stopped."""
    run_id = await recorded(opened, row.old, row.args)

    stopped = cut(store, run_id, where)

    assert await becomes(opened, stopped, run_id, row.old, row.new) == row.word


@pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row.what)
async def test_an_ended_run_of_a_changed_signature(opened: Opened, row: Signature) -> None:
    """A run that has ended agrees with the new code if its input and its result fit."""
    run_id = await recorded(opened, row.old, row.args)

    async with opened() as runtime:
        assert await agreed(runtime, run_id, row.new) is row.ended


# --- the page -------------------------------------------------------------------------------------


def spelled() -> list[str]:
    """Return the rows of the table as they stand in the docs."""
    rows = [f"| {one.what} | {one.before} | {one.at} | {one.after} |" for one in CHANGES]
    return rows + [f"| {one.what} | {one.word} | {one.word} | {one.word} |" for one in SIGNATURES]


def test_the_docs_have_this_table() -> None:
    """Every row of the page is a test, and every test is a row of the page."""
    page = DOC.read_text()

    table = page[page.index(ROWS_START) + len(ROWS_START) : page.index(ROWS_END)].strip().splitlines()

    assert table[2:] == spelled()


def test_the_docs_say_what_each_word_means() -> None:
    """Each word of the table is explained on the page."""
    explained = set(re.findall(r"^\| \*\*(.+?)\*\* \|", DOC.read_text(), re.MULTILINE))

    assert explained == set(Word.__args__)  # type: ignore[attr-defined]  # of a Literal

"""What rows add up to, and what they may not say."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime, current, parallel, step, wait_signal, workflow
from reenact.audit import Audit
from reenact.config import Config
from reenact.errors import DamagedError
from reenact.records import Entry, Row, RunRecord, Status, checksum, encode_entry, raw
from reenact.scheduler import SkippingClock

from conftest import Fake, Opened

RECORD = RunRecord(
    id="r", trace_id="0" * 32, workflow="flow", input_hash="", created_ns=1, updated_ns=1, epoch=1
)


def rows(*entries: dict[str, Any]) -> list[Row]:
    """Return rows as they are written, numbered and chained."""
    made: list[Row] = []
    last = b""
    for seq, fields in enumerate(entries):
        body = encode_entry(Entry(**{"seq": seq, "at_ns": 10 + seq, **fields}))
        last = checksum(last, body)
        made.append(Row(seq, body, last))
    return made


BEGUN = {"path": "", "status": Status.RUNNING, "kind": "workflow", "name": "flow"}
INTENT = {"path": "a#0", "status": Status.RUNNING, "kind": "step", "name": "a"}
DONE = {"path": "a#0", "status": Status.SUCCEEDED}
END = {"path": "", "status": Status.SUCCEEDED}


def audited(found: Sequence[Row], record: RunRecord = RECORD) -> Audit:
    audit = Audit(record, "here")
    for row in found:
        audit.take(row)
    return audit


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([INTENT, END, BEGUN], "row 1 makes no sense"),
        ([BEGUN, DONE], "row 1 makes no sense"),
        ([BEGUN, INTENT, DONE, DONE], "row 3 makes no sense"),
        ([BEGUN, INTENT, {**DONE, "seq": 7}], "row 2 makes no sense: it calls itself 7"),
        ([BEGUN, END, END], "row 2 makes no sense"),
        ([BEGUN, INTENT, {**INTENT, "again": 1, "status": Status.SUCCEEDED}], "row 1, which is none"),
        ([BEGUN, INTENT, DONE, {**BEGUN, "revised_from": 2}, DONE], "row 4 makes no sense"),
        ([BEGUN, INTENT, {**DONE, "cost_usd": "many"}], "row 2 makes no sense"),
    ],
)
def test_what_cannot_have_happened_is_named(entries: list[dict[str, Any]], says: str) -> None:
    """Rows whose checksums are right, and that tell of what the step machine does not know."""
    with pytest.raises(DamagedError, match=says):
        audited(rows(*entries))


def test_rows_are_added_up() -> None:
    """Steps, tokens, cost, what it waits for and since when: as the run's record has them."""
    answered = {**DONE, "path": "b#0", "tokens_in": 3, "tokens_out": 4, "cost_usd": "0.25"}
    waiting = {"path": "", "status": Status.WAITING, "note": "news"}
    found = rows(BEGUN, INTENT, {**INTENT, "path": "b#0"}, DONE, answered, waiting)

    made = audited(found).projection()

    assert made == attrs.evolve(
        RECORD,
        status=Status.WAITING,
        steps=2,
        tokens_in=3,
        tokens_out=4,
        cost_usd="0.25",
        waits_for="news",
        updated_ns=15,
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"status": Status.FAILED}, "rows are missing at its end"),
        ({"status": Status.RUNNING}, "its record says status 'running', its rows 'succeeded'"),
        ({"workflow": "other"}, "workflow"),
        ({"input_hash": "1" * 64}, "input_hash"),
        ({"tokens_in": 1}, "tokens_in"),
        ({"cost_usd": "1"}, "cost_usd"),
        ({"steps": 5}, "steps"),
        ({"waits_for": "you"}, "waits_for"),
        ({"updated_ns": 5}, "updated_ns"),
    ],
)
def test_a_record_that_says_something_else_is_named(changed: dict[str, Any], says: str) -> None:
    """The record of a run is nothing but what its rows add up to."""
    found = rows(BEGUN, INTENT, DONE, END)
    right = audited(found).projection()
    audited(found, right).compare()

    with pytest.raises(DamagedError, match=says):
        audited(found, attrs.evolve(right, **changed)).compare()


def test_what_changes_meanwhile_is_not_compared() -> None:
    """A record that others write on while its rows are read may be behind them."""
    found = rows(BEGUN, INTENT, DONE, END)
    before = attrs.evolve(audited(found[:1]).projection(), owner="me")
    now = audited(found).projection()

    audited(found, before).compare(now)


@step
async def counted(number: int) -> int:
    if number % 3 == 2:
        raise ValueError("no")
    return number


@workflow(name="audited-flow")
async def flow(count: int) -> int:
    total = 0
    for number in range(count):
        try:
            total += sum(await parallel(counted, [number, number + 1]))
        except ValueError:
            total -= 1
        current().random()
    return total + len(await wait_signal("go", str))


async def test_a_run_adds_up_after_every_crash(opened: Opened, store: MemoryStore, fake: Fake) -> None:
    """Cut after any row and resumed, its record is what its rows add up to, steps included."""
    async with opened() as runtime:
        run = await runtime.run(flow, 4)
        await runtime.signal(run.id, "go", "xyz")
        whole = await runtime.resume(run.id)
        total = await runtime.verify(run.id)

    for count in range(1, total):
        cut = store.cut(run.id, count)
        async with Runtime.open(
            Config(), store=cut, plugins=Plugins(installed=False), clock=SkippingClock()
        ) as runtime:
            await runtime.verify(run.id)
            resumed = await runtime.resume(run.id)
            if resumed.status is Status.WAITING:
                await runtime.signal(run.id, "go", "xyz")
                resumed = await runtime.resume(run.id)
            await runtime.verify(run.id)
            assert resumed.output == whole.output


def test_inputs_are_raw_json() -> None:
    """What an entry holds is kept as it was spelled."""
    (row,) = rows({**BEGUN, "input": raw(b'{"a": 1}')})

    entry = audited([row]).begun

    assert entry is not None
    assert bytes(entry.input) == b'{"a": 1}'

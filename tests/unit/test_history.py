"""A journal, read: damage is named, order is kept, revisions move what they should."""

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact.codec import canonical
from reenact.content import Blob, pack
from reenact.errors import DamagedError
from reenact.history import History
from reenact.recorded import RETRY, STOPPED, keyed_hash, same_input
from reenact.records import Entry, Failure, Row, RunRecord, Status, checksum, encode_entry, raw
from reenact.retrieval import load_blobs, read_history
from reenact.views import step_views

S = Status
FAILED = Failure(type="builtins.ValueError", message="no")

RUN_R = RunRecord(id="r", trace_id="", workflow="w")


def rows_of(entries: Sequence[Entry]) -> list[Row]:
    """Return *entries* as they are stored."""
    rows, before = list[Row](), b""
    for entry in entries:
        body = encode_entry(entry)
        before = checksum(before, body)
        rows.append(Row(entry.seq, body, before))
    return rows


def numbered(*made: dict[str, Any]) -> list[Entry]:
    """Return entries with these fields, numbered."""
    return [Entry(**{"seq": seq, "path": "", "at_ns": seq, **fields}) for seq, fields in enumerate(made)]


def read(entries: Sequence[Entry]) -> History:
    history = History()
    for row in rows_of(entries):
        history.take(row, "here")
    return history


BEGUN = {"status": S.RUNNING, "kind": "workflow"}


def intent(path: str, status: Status = S.RUNNING, **fields: Any) -> dict[str, Any]:
    return {"path": path, "status": status, "kind": "step", "input_hash": f"hash of {path}", **fields}


def then(path: str, status: Status, **fields: Any) -> dict[str, Any]:
    return {"path": path, "status": status, **fields}


JOURNAL = numbered(
    BEGUN, intent("a#0"), intent("b#0"), then("b#0", S.SUCCEEDED), then("a#0", S.FAILED, failure=FAILED)
)


def test_outcomes_are_delivered_in_the_order_of_the_record() -> None:
    """And each step knows its own."""
    history = read(JOURNAL)

    assert [entry.path for entry in history.pending] == ["b#0", "a#0"]
    assert history.steps["a#0"].status is S.FAILED
    assert history.next_seq == 5
    assert history.begun is not None


DAMAGE: list[tuple[str, Callable[[list[Row]], Any], str]] = [
    ("changed", lambda r: r.__setitem__(2, Row(2, r[2].body + b" ", r[2].checksum)), "row 2 was changed"),
    ("missing", lambda r: r.pop(2), r"row 2 is missing \(found 3\)"),
    ("swapped", lambda r: r.__setitem__(slice(1, 3), [r[2], r[1]]), "row 1 is missing"),
    ("doubled", lambda r: r.insert(1, r[1]), r"row 2 is missing \(found 1\)"),
    ("first gone", lambda r: r.pop(0), "row 0 is missing"),
    ("checksum", lambda r: r.__setitem__(4, Row(4, r[4].body, b"0" * 16)), "row 4 was changed"),
]


@pytest.mark.parametrize(("damage", "problem"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE])
async def test_damage_is_found_and_the_row_is_named(damage: Callable[[list[Row]], Any], problem: str) -> None:
    """Changed, missing, swapped or doubled rows, which a database's own check does not see."""
    store = MemoryStore()
    store.journals["r"] = rows_of(JOURNAL)
    damage(store.journals["r"])

    with pytest.raises(DamagedError, match=f"memory, run r: {problem}"):
        await read_history(store, RUN_R)


NONSENSE = [
    numbered(BEGUN, then("a#0", S.SUCCEEDED)),
    numbered(BEGUN, intent("a#0", S.CANCELLED)),
    numbered(BEGUN, intent("a#0"), then("a#0", S.SUCCEEDED), then("a#0", S.RUNNING)),
    numbered(BEGUN, {"status": S.SUCCEEDED}, {"status": S.RUNNING}),
    numbered({"status": S.SUCCEEDED}),
]


@pytest.mark.parametrize("entries", NONSENSE)
def test_rows_that_cannot_have_been_written_are_damage(entries: list[Entry]) -> None:
    """Their checksums are right and their story is not."""
    with pytest.raises(DamagedError, match=r"row \d makes no sense"):
        read(entries)


def test_bytes_that_are_no_entry_are_damage() -> None:
    """Whatever they are."""
    for body in (b"{}", b"[", b'{"seq":0,"path":5}'):
        with pytest.raises(DamagedError, match="row 0 makes no sense"):
            History().take(Row(0, body, checksum(b"", body)), "here")


def test_attempts_are_counted() -> None:
    """Those that failed on record, and those of which nobody saw the end."""
    history = read(
        numbered(
            BEGUN,
            intent("a#0"),
            then("a#0", S.WAITING, failure=FAILED, due_ns=9),
            then("a#0", S.RUNNING, attempt=2),
            then("a#0", S.RUNNING, attempt=3),
        )
    )
    step = history.steps["a#0"]

    assert (step.starts, step.failures, step.tries, step.interruptions) == (3, 1, 1, 2)
    assert step.retry_due_ns == 9


def test_another_candidate_begins_to_count_anew() -> None:
    """Tries are those of the model that is asked."""
    history = read(
        numbered(BEGUN, intent("a#0"), then("a#0", S.RUNNING, failure=FAILED, candidate=1, attempt=2))
    )

    assert (history.steps["a#0"].candidate, history.steps["a#0"].tries) == (1, 0)


def test_an_orderly_stop_is_no_interruption() -> None:
    """Only crashes are held against a step."""
    entries = numbered(BEGUN, intent("a#0"), then("a#0", S.RUNNING), {"status": S.RUNNING, "note": STOPPED})

    assert read(entries).steps["a#0"].interruptions == 1
    assert read(entries[:-1]).steps["a#0"].interruptions == 2


def test_a_persons_decision_is_on_record() -> None:
    """To run a step in doubt again; once it runs, it has been used."""
    entries = numbered(
        BEGUN,
        intent("a#0"),
        then("a#0", S.IN_DOUBT),
        then("a#0", S.IN_DOUBT, note=RETRY),
        then("a#0", S.RUNNING),
    )

    assert read(entries[:3]).steps["a#0"].retry_decided is False
    assert read(entries[:4]).steps["a#0"].retry_decided is True
    assert read(entries).steps["a#0"].retry_decided is False


def test_a_revision_keeps_outcomes_for_those_who_ask() -> None:
    """They lose their place in the order; a redo keeps no failures."""
    for redo, kept in ((False, {"a#0", "b#0"}), (True, {"b#0"})):
        history = read(
            [*JOURNAL, Entry(seq=5, path="", status=S.RUNNING, at_ns=5, revised_from=3, redo=redo)]
        )

        assert list(history.pending) == []
        assert history.steps == {}
        assert history.salvage.keys() == kept


def test_an_outcome_may_stand_earlier_in_the_record() -> None:
    """What was taken from before a revision refers to it, over any number of them."""
    entries = [
        *JOURNAL,
        Entry(seq=5, path="", status=S.RUNNING, at_ns=5, revised_from=3),
        Entry(seq=6, path="b#0", status=S.SUCCEEDED, at_ns=6, kind="step", again=3),
        Entry(seq=7, path="", status=S.RUNNING, at_ns=7, revised_from=6),
        Entry(seq=8, path="b#0", status=S.SUCCEEDED, at_ns=8, kind="step", again=6),
    ]
    history = read(entries)

    assert history.outcome(history.pending[0]).seq == 3


def test_a_scrubbed_input_is_known_by_a_keyed_hash() -> None:
    """Without the run's key nobody can try out what it was."""
    key = "ab" * 16
    hashed = keyed_hash(key, "h" * 64)
    scrubbed = Entry(seq=0, path="a", status=S.RUNNING, at_ns=0, input_hash=hashed, hash_keyed=True)
    usual = Entry(seq=0, path="a", status=S.RUNNING, at_ns=0, input_hash="h" * 64)

    assert same_input(scrubbed, "h" * 64, key)
    assert not same_input(scrubbed, "i" * 64, key)
    assert not same_input(scrubbed, "h" * 64, "cd" * 16)
    assert same_input(usual, "h" * 64, key)


async def test_content_that_is_missing_is_damage() -> None:
    """It is named, and so is the run."""
    store = MemoryStore()
    blobs: dict[str, Blob] = {}
    output = raw(pack(canonical(["x" * 3000, "y" * 5000]), blobs))
    store.journals["r"] = rows_of(numbered(BEGUN, intent("a#0"), then("a#0", S.SUCCEEDED, output=output)))
    store.content.update(blobs)

    whole = await read_history(store, RUN_R, keep_entries=True)
    assert whole.history.blobs == blobs
    assert len(whole.entries) == 3

    for name in blobs:
        store.content = {k: v for k, v in blobs.items() if k != name}
        with pytest.raises(DamagedError, match=f"run r: content {name[:12]} is missing"):
            await read_history(store, RUN_R)
    assert (await read_history(store, RUN_R, outputs=False)).history.next_seq == 3


async def test_nothing_needs_no_store() -> None:
    """No names, no question."""
    assert await load_blobs(MemoryStore(), set(), "here") == {}


# --- as people look at it


def test_a_step_is_shown_with_all_that_became_of_it() -> None:
    """Attempts, the latest failure, tokens, price, decisions."""
    entries = numbered(
        BEGUN,
        intent("a#0", input=raw(b'{"q":1}'), site="f.py:3"),
        then("a#0", S.WAITING, failure=FAILED),
        then("a#0", S.RUNNING, attempt=2),
        then("a#0", S.SUCCEEDED, attempt=2, output=raw(b"5"), tokens_in=3, cost_usd="0.1", model="m"),
        intent("w#0", S.WAITING),
    )

    step, waiting = step_views(entries, {})

    assert (step.attempts, step.status, step.input, step.output) == (2, S.SUCCEEDED, {"q": 1}, 5)
    assert (step.tokens_in, str(step.cost_usd), step.model, step.site) == (3, "0.1", "m", "f.py:3")
    assert (step.started_ns, step.ended_ns, step.failure) == (1, 4, None)
    assert (waiting.status, waiting.ended_ns) == (S.WAITING, 0)
    assert step_views(entries)[0].output is None


def test_an_outcome_that_was_taken_again_is_shown() -> None:
    """From where it stands."""
    entries = [
        *numbered(BEGUN, intent("a#0"), then("a#0", S.SUCCEEDED, output=raw(b"5"))),
        Entry(seq=3, path="", status=S.RUNNING, at_ns=3, revised_from=2),
        Entry(seq=4, path="a#0", status=S.SUCCEEDED, at_ns=4, kind="step", again=2),
    ]

    (step,) = step_views(entries, {})

    assert step.output == 5
    assert attrs.evolve(step).status is S.SUCCEEDED

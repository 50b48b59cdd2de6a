"""Runs from outside: found, shown, verified, answered, cancelled, decided about."""

import asyncio
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Desk,
    Resolution,
    RunFilter,
    Status,
    Workflow,
    approve,
    llm,
    step,
    wait_signal,
    workflow,
)
from reenact.codec import canonical
from reenact.errors import (
    DamagedError,
    InputError,
    RunConflictError,
    RunEndedError,
    RunNotFoundError,
    StepError,
    UsageError,
)
from reenact.stores import RunWrite

from conftest import Opened


@step
async def echo(value: Any) -> Any:
    return value


@step(effect="once")
async def pay(cents: int) -> str:
    return "receipt"


@workflow(name="desk-echo")
async def echoing(value: Any) -> Any:
    return await echo(value)


@workflow(name="desk-paying")
async def paying() -> str:
    return await pay(5)


@workflow(name="desk-waiting")
async def waiting() -> list[Any]:
    return list(await asyncio.gather(approve("a?"), approve("b?")))


@workflow(name="desk-signals")
async def signals() -> str:
    return await wait_signal("go", str)


@workflow(name="desk-both")
async def listening_and_asking() -> list[Any]:
    return list(await asyncio.gather(wait_signal("approve", str), approve("b?")))


@pytest.fixture
def desk(store: MemoryStore) -> Desk:
    return Desk(store)


async def test_a_run_is_found_by_id_prefix_or_as_the_last(opened: Opened, desk: Desk) -> None:
    """A prefix must be enough; if it is not, those it could be are listed."""
    async with opened() as runtime:
        for run_id in ("alpha-1", "alpha-2", "beta"):
            await (await runtime.start(echoing, [1], run_id=run_id)).wait()

    assert (await desk.find("alpha-1")).id == "alpha-1"
    assert (await desk.find("b")).id == "beta"
    assert (await desk.find("last")).id == "beta"
    with pytest.raises(RunNotFoundError, match=r"alpha-1, alpha-2|alpha-2, alpha-1"):
        await desk.find("alpha")
    for unknown in ("gamma", ""):
        with pytest.raises(RunNotFoundError, match="no run has the id"):
            await desk.find(unknown)
    assert [run.id for run in await desk.list(RunFilter(limit=1))] == ["beta"]
    assert len(await desk.list()) == 3


async def test_an_empty_store_has_no_last_run(desk: Desk) -> None:
    """It says so."""
    with pytest.raises(RunNotFoundError, match="last"):
        await desk.find("last")


async def test_a_run_is_shown_with_its_content(opened: Opened, desk: Desk) -> None:
    """Large values and those that look like references included."""
    value = {"long": "x" * 9000, "odd": {"$ref": "y"}}
    async with opened() as runtime:
        run = await runtime.run(echoing, value)

    view = await desk.show(run.id)

    assert view.input == {"value": value}
    assert view.output == value == view.steps[0].output
    assert view.steps[0].input == {"value": value}
    assert await desk.verify(run.id) == len(view.entries) == 4


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda store, name: store.journals[name].pop(), "rows are missing at its end: it is succeeded"),
        (lambda store, name: store.journals[name].clear(), "its journal is empty"),
        (lambda store, name: store.content.clear(), "content .* is missing"),
    ],
)
async def test_damage_is_named(
    opened: Opened, desk: Desk, store: MemoryStore, damage: Any, problem: str
) -> None:
    """Rows that are gone from the end, all of them, or content."""
    async with opened() as runtime:
        run = await runtime.run(echoing, "x" * 9000)
    damage(store, run.id)

    with pytest.raises(DamagedError, match=problem):
        await desk.verify(run.id)


@pytest.mark.parametrize("data", [canonical("y" * 9000), b'"$broken', b'{"$ref":"x'])
async def test_changed_content_is_named(opened: Opened, store: MemoryStore, data: bytes) -> None:
    """One other letter in a document, or what is no document: nothing is made of it, by no verb."""
    async with opened() as runtime:
        run = await runtime.run(echoing, "x" * 9000)
    (name,) = store.content
    cut = store.crashed(run.id, 3)
    cut.content[name] = attrs.evolve(store.content[name], data=data)

    async with opened(store=cut) as runtime:
        for verb in (runtime.verify, runtime.resume, runtime.replay, runtime.show):
            with pytest.raises(DamagedError, match=f"content {name[:12]} was changed after it was written"):
                await verb(run.id)


@workflow(name="desk-asking")
async def asking() -> str:
    return await llm("fake:m", "hello")


@pytest.mark.parametrize(
    ("data", "problem"),
    [(b"[", "makes no sense"), (b"{}", "makes no sense"), (None, "was changed after it was written")],
)
async def test_a_changed_conversation_is_named(
    opened: Opened, store: MemoryStore, data: bytes | None, problem: str
) -> None:
    """Its links are named by what they hold and what comes before them."""
    async with opened() as runtime:
        run = await runtime.run(asking)
        name = next(name for name, blob in store.content.items() if b"answer" in blob.data)
        blob = store.content[name]
        store.content[name] = attrs.evolve(blob, data=data or blob.data.replace(b"answer", b"Answer"))

        with pytest.raises(DamagedError, match=f"content {name[:12]} {problem}"):
            await runtime.verify(run.id)


async def test_several_answers_must_be_told_apart(opened: Opened, desk: Desk) -> None:
    """The error lists what the run waits for."""
    async with opened() as runtime:
        run = await runtime.run(waiting)

        with pytest.raises(
            UsageError, match="waits for several answers; say which: task#0/approve#0, task#1"
        ):
            await desk.approve(run.id)
        with pytest.raises(UsageError, match="waits for no answer at 'task#9/approve'"):
            await desk.approve(run.id, path="task#9/approve")
        answered = await desk.approve(run.id, path="task#1/approve", value=False)
        await desk.approve(run.id, path="task#0/approve#0")
        resumed = await runtime.resume(run.id)

    assert answered.path == "task#1/approve#0"
    assert resumed.output == [True, False]


async def test_an_answer_goes_to_a_question_and_to_no_signal(opened: Opened, desk: Desk) -> None:
    """Also when the signal is called approve; with one question among signals that is the one meant."""
    async with opened() as runtime:
        run = await runtime.run(listening_and_asking)

        with pytest.raises(UsageError, match="for no answer at 'task#0/approve', but for signal 'approve'"):
            await desk.approve(run.id, path="task#0/approve")
        answered = await desk.approve(run.id, False)
        await desk.signal(run.id, "task#0/approve#0", "heard")
        resumed = await runtime.resume(run.id)

    assert answered.path == "task#1/approve#0"
    assert resumed.output == ["heard", False]


async def test_a_run_that_has_ended_takes_nothing_more(opened: Opened, desk: Desk) -> None:
    """No answer, no signal, no cancellation; it says how it ended."""
    async with opened() as runtime:
        run = await runtime.run(echoing, 1)

    for telling in (desk.cancel(run.id), desk.signal(run.id, "go"), desk.approve(run.id)):
        with pytest.raises(RunEndedError, match=r"has ended \(succeeded\)"):
            await telling


async def test_a_signal_is_kept_until_the_run_is_there(
    opened: Opened, desk: Desk, store: MemoryStore
) -> None:
    """Sent to a run that nobody has, and taken when it is resumed."""
    async with opened() as runtime:
        run = await runtime.run(signals)
    await desk.signal(run.id, "go", "there")

    async with opened() as runtime:
        resumed = await runtime.resume(run.id)

    assert resumed.output == "there"
    assert store.inbox == []


async def test_a_run_that_nobody_has_is_cancelled_when_it_is_resumed(opened: Opened, desk: Desk) -> None:
    """The request is kept, with its reason."""
    async with opened() as runtime:
        run = await runtime.run(signals)
    await desk.cancel(run.id, "not needed")

    async with opened() as runtime:
        resumed = await runtime.resume(run.id)
        view = await runtime.show(run.id)
        with pytest.raises(RunEndedError, match="run the workflow again"):
            await runtime.resume(run.id)

    assert resumed.status is Status.CANCELLED
    assert view.entries[-1].note == "not needed"


# --- deciding


async def test_only_what_is_in_doubt_can_be_decided(opened: Opened, store: MemoryStore) -> None:
    """The error lists what is; the run is nobody's again."""
    async with opened() as runtime:
        run = await runtime.run(paying)
    cut = store.crashed(run.id, 2)
    async with opened(store=cut) as runtime:
        await runtime.resume(run.id)
    desk = Desk(cut)

    for path in ("other", ""):
        with pytest.raises(UsageError, match=r"is not in doubt \(in doubt: pay#0\)"):
            await desk.resolve(run.id, path, Resolution(done=True))

    assert cut.runs[run.id].owner == ""
    with pytest.raises(UsageError, match="none is"):
        await Desk(store).resolve(run.id, "pay", Resolution(retry=True))


async def test_a_decision_may_be_to_fail(opened: Opened, store: MemoryStore) -> None:
    """With a reason, or without one."""
    async with opened() as runtime:
        run = await runtime.run(paying)
    for reason, expected in (("gone", "gone"), ("", "a person has decided that it failed")):
        cut = store.crashed(run.id, 2)
        await Desk(cut).resolve(run.id, "pay", Resolution(fail=reason))
        async with opened(store=cut) as runtime:
            resumed = await runtime.resume(run.id)
        assert isinstance(resumed.error, StepError)
        assert resumed.error.message == expected


class Taken(MemoryStore):
    """Somebody takes the run between the look and the write."""

    armed = False

    async def commit(self, writes: Any) -> Any:
        if self.armed and any(write.rows for write in writes):
            self.runs = {name: attrs.evolve(run, epoch=run.epoch + 1) for name, run in self.runs.items()}
        return await super().commit(writes)


async def test_a_decision_that_came_too_late_is_refused(opened: Opened) -> None:
    """Nothing is written."""
    store = Taken()
    async with opened(store=store) as runtime:
        run = await runtime.run(paying)
    store.journals[run.id] = store.journals[run.id][:2]
    store.reopen(run.id)
    store.armed = True

    with pytest.raises(Exception, match="was taken over by another process"):
        await Desk(store).resolve(run.id, "pay", Resolution(done=True, value="x"))

    assert len(store.journals[run.id]) == 2


# --- starting


@pytest.mark.parametrize("run_id", ["", "-a", "a b", "a/b", "x" * 129, "a\n", "é"])
async def test_a_run_id_is_a_plain_word(opened: Opened, run_id: str) -> None:
    """It stands in file names, addresses and terminals."""
    async with opened() as runtime:
        with pytest.raises(UsageError, match="is no run id"):
            await runtime.start(echoing, [1], run_id=run_id)


async def test_a_known_run_id_is_that_run_or_an_error(opened: Opened) -> None:
    """Never another run under the same name."""
    async with opened() as runtime:
        first = await (await runtime.start(echoing, [1], run_id="x")).wait()
        again = await runtime.start(echoing, [1], run_id="x")
        assert again.status is Status.SUCCEEDED
        assert (await again.wait()).output == first.output
        with pytest.raises(RunConflictError, match="another input"):
            await runtime.start(echoing, [2], run_id="x")
        with pytest.raises(RunConflictError, match=r"another workflow \(desk-echo\)"):
            await runtime.start(paying, run_id="x")


async def test_what_is_no_workflow_is_refused(opened: Opened) -> None:
    """And a workflow is async."""

    async def plain() -> None: ...

    async with opened() as runtime:
        with pytest.raises(UsageError, match="is not a workflow; put @workflow above it"):
            await runtime.run(plain)
    with pytest.raises(UsageError, match="is not 'async def'"):
        Workflow(lambda: None)  # type: ignore[arg-type,return-value]  # that is the point


async def test_code_that_takes_other_arguments_now_says_so(opened: Opened, store: MemoryStore) -> None:
    """When a run is resumed whose input does not fit any more."""

    @workflow(name="desk-before")
    async def before(value: str) -> Any:
        return await echo(value)

    @workflow(name="desk-after")
    async def after(value: int) -> Any:
        return await echo(value)

    async with opened() as runtime:
        run = await runtime.run(before, "text")
    cut = store.crashed(run.id, 1)

    async with opened(store=cut) as runtime:
        with pytest.raises(InputError, match="does not fit workflow 'desk-after' any more"):
            await runtime.resume(run.id, after)

    assert cut.runs[run.id].owner == ""


async def test_a_run_without_a_beginning_cannot_be_taken_up(opened: Opened, store: MemoryStore) -> None:
    """It is given back."""
    async with opened() as runtime:
        run = await runtime.run(paying)
        store.journals[run.id].clear()
        store.runs[run.id] = attrs.evolve(store.runs[run.id], status=Status.RUNNING)
        with pytest.raises(Exception, match="no beginning on record"):
            await runtime.resume(run.id)

    assert store.runs[run.id].owner == ""


async def test_a_run_that_ends_its_process_again_and_again_is_set_aside(
    opened: Opened, store: MemoryStore
) -> None:
    """Recovery goes on with the others."""
    async with opened() as runtime:
        run = await runtime.run(paying)
    cut = store.crashed(run.id, 1)
    cut.runs[run.id] = attrs.evolve(cut.runs[run.id], epoch=9)

    async with opened(store=cut) as runtime:
        (found,) = await runtime.recover()

    assert not isinstance(found, BaseException)
    assert found.status is Status.IN_DOUBT
    assert "ended its process each time" in found.record.waits_for


async def test_a_write_of_nothing_frees_a_run(store: MemoryStore, opened: Opened) -> None:
    """What a store is asked when a run is given back without a word."""
    async with opened() as runtime:
        run = await runtime.run(paying)
    taken = await store.acquire(run.id, "somebody", 30)

    (result,) = await store.commit([RunWrite(run_id=run.id, epoch=taken.epoch, release=True)])

    assert result is None
    assert store.runs[run.id].owner == ""


@workflow(name="desk-both-fail")
async def both_fail() -> None:
    async def ask(number: int) -> None:
        raise ValueError(await llm("fake:m", f"question {number}"))

    async with asyncio.TaskGroup() as group:
        group.create_task(ask(1))
        group.create_task(ask(2))


async def test_an_answer_that_came_to_a_step_that_was_called_off_is_shown(opened: Opened) -> None:
    """It was paid for and is on record, though no replay hands it to anybody."""
    async with opened() as runtime:
        run = await runtime.run(both_fail)
        shown = await runtime.show(run.id)
        await runtime.verify(run.id)
        replayed = await runtime.replay(run.id)

    assert str(replayed.error) == str(run.error)
    assert [step.status for step in shown.steps] == [Status.SUCCEEDED, Status.CANCELLED]
    assert [step.output["message"]["parts"][0]["text"] for step in shown.steps] == [
        "answer to question 1",
        "answer to question 2",
    ]

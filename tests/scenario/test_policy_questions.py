"""A policy may have a call wait for a person, who is asked once and answers for all."""

import asyncio
from typing import Any

import pytest
from gates import Judge, S, admitting, after, one_call, until_waiting
from pytest_reenact.memory import MemoryStore
from reenact import Allow, Deny, PolicyContext, Status, Wait, llm, workflow
from reenact.errors import PolicyDeniedError, RunCancelledError, UsageError
from reenact.scheduler import WallClock

from conftest import Fake, Opened


def asking(topic: str = "") -> Judge:
    """Ask a person about each call until somebody has said yes in this process."""
    allowed: list[bool] = []

    def judge(_: Any, context: PolicyContext) -> Any:
        if context.answer is None and not allowed:
            return Wait(reason="dear", question="spend more?", show={"usd": "3.50"}, topic=topic)
        if context.answer is False:
            return Deny("a person said no")
        allowed.append(True)
        return Allow()

    return judge


async def test_a_person_is_asked_and_says_yes(opened: Opened, fake: Fake) -> None:
    """The run is given back while it waits; what is asked and shown is what an approval shows."""
    gate, _ = admitting(asking())

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        ((_, wait),) = await runtime.waits(run.record)
        calls = fake.calls
        answered = await runtime.approve(run.id)
        resumed = await runtime.resume(run.id)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert (run.status, run.record.waits_for, calls) == (Status.WAITING, "approve at llm#0", 0)
    assert (wait.kind, wait.name, wait.path) == ("signal", "approve", "llm#0")
    assert wait.input == answered.input == {"question": "spend more?", "show": {"usd": "3.50"}}
    assert replayed.output == resumed.output == "answer to hello"
    assert view.steps[0].attempts == fake.calls == 1
    assert [entry.answer for entry in view.entries if entry.answer is not None] == [True]


async def test_a_person_says_no(opened: Opened, fake: Fake) -> None:
    """The policy decides what that means."""
    gate, _ = admitting(asking())

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        await runtime.approve(run.id, False)
        resumed = await runtime.resume(run.id)

    assert isinstance(resumed.error, PolicyDeniedError)
    assert resumed.error.reason == "a person said no"
    assert fake.calls == 0


async def test_an_answer_while_the_run_is_alive_is_taken(opened: Opened) -> None:
    """By a process that stays with the run; what is neither yes nor no is dropped."""
    gate, _ = admitting(asking())

    async with opened(policies=[gate]) as runtime:
        handle = await runtime.start(one_call)
        while handle.status is not Status.WAITING:
            await asyncio.sleep(0)
        await runtime.approve(handle.id, {"sure": 1})
        await runtime.approve(handle.id, True)
        run = await handle.wait()

    assert run.output == "answer to hello"


async def test_an_answer_is_not_asked_for_twice(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """It is on record with the attempt that goes on; one that died after it has it again."""
    gate, _ = admitting(asking())
    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        await runtime.approve(run.id)
        await runtime.resume(run.id)
        view = await runtime.show(run.id)
    answered = next(entry.seq for entry in view.entries if entry.answer)
    cut = store.crashed(run.id, answered + 1)
    fake.asked = []
    fresh, _ = admitting(asking())

    async with opened(policies=[fresh], store=cut) as runtime:
        resumed = await runtime.resume(run.id)

    assert resumed.output == "answer to hello"
    assert fake.calls == 1


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("resumed", [True, False])
async def test_one_question_is_asked_about_a_topic(
    opened: Opened, fake: Fake, *, yes: bool, resumed: bool
) -> None:
    """Of ten calls that ask, one is answered for all; a restart in between changes nothing."""
    gate, _ = admitting(asking("money"))

    @workflow(name="waits-gathered")
    async def gathered() -> list[str]:
        calls = [llm("fake:m", f"q{i}") for i in range(10)]
        ended = await asyncio.gather(*calls, return_exceptions=True)
        return [one if isinstance(one, str) else type(one).__name__ for one in ended]

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(gathered)
        waits = await runtime.waits(run.record)
        if resumed:
            run = await runtime.resume(run.id)
        await runtime.approve(run.id, yes)
        run = await runtime.resume(run.id)
        replayed = await runtime.replay(run.id)

    assert len(waits) == 1
    assert run.status is Status.SUCCEEDED
    assert replayed.output == run.output
    assert run.output == ([f"answer to q{i}" for i in range(10)] if yes else ["PolicyDeniedError"] * 10)
    assert fake.calls == (10 if yes else 0)


async def test_a_question_may_have_a_time(opened: Opened) -> None:
    """When it is over the policy is asked again, without an answer."""
    asked: list[bool | None] = []

    def judge(_: Any, context: PolicyContext) -> Any:
        asked.append(context.answer)
        if len(asked) == 1:
            return Wait(reason="r", question="?", until_ns=context.clock.now_ns() + 5 * S)
        return None

    gate, _ = admitting(judge)

    async with opened(policies=[gate]) as runtime:
        handle = await runtime.start(one_call)
        run = await handle.wait()

    assert run.output == "answer to hello"
    assert asked == [None, None]


async def test_a_run_that_waits_for_a_policy_s_question_can_be_cancelled(opened: Opened, fake: Fake) -> None:
    """Like any other; the question is gone."""
    gate, _ = admitting(asking())

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        await runtime.cancel(run.id)
        ended = await runtime.resume(run.id)
        waits = await runtime.waits(ended.record)
        with pytest.raises(RunCancelledError):
            _ = ended.output
        await runtime.verify(run.id)

    assert list(waits) == []
    assert fake.calls == 0


async def test_an_answer_to_nothing_is_refused(opened: Opened) -> None:
    """A call that waits for time asks nobody."""
    gate, _ = admitting(after(3600))
    async with opened(policies=[gate], clock=WallClock()) as runtime:
        handle = await runtime.start(one_call)
        await until_waiting(runtime, handle.id)
        with pytest.raises(UsageError, match="waits for no answer"):
            await runtime.approve(handle.id)

"""A policy may have a call wait for a time; and what is admitted goes on, with another model perhaps."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from gates import S, admitting, after, once_per_run, one_call, until_waiting
from pytest_reenact.memory import MemoryStore
from reenact import (
    Config,
    LlmRequest,
    PolicyContext,
    Settlement,
    Status,
    Wait,
    llm,
    policy,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import PolicyDeniedError
from reenact.scheduler import WallClock

from conftest import Fake, Opened


@workflow(name="waits-many")
async def many_calls(count: int) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(llm("fake:m", f"q{i}")) for i in range(count)]
    return [task.result() for task in tasks]


def entries_of(view: Any, path: str = "llm#0") -> list[Status]:
    return [entry.status for entry in view.entries if entry.path == path]


async def test_a_wait_is_on_record_and_uses_up_no_attempt(opened: Opened, fake: Fake) -> None:
    """The call is made when its time has come; a replay waits for nothing and asks nobody."""
    gate, seen = admitting(after(60))
    at: list[int] = []

    async with opened(policies=[gate]) as runtime:
        fake.answer = lambda request: at.append(runtime.clock.now_ns()) or "yes"  # type: ignore[func-returns-value]
        run = await runtime.run(one_call)
        view = await runtime.show(run.id)
        asked = len(seen)
        replayed = await runtime.replay(run.id)
        await runtime.verify(run.id)

    step = view.steps[0]
    waiting = next(entry for entry in view.entries if entry.status is Status.WAITING)
    assert replayed.output == run.output == "yes"
    assert entries_of(view) == [Status.RUNNING, Status.WAITING, Status.RUNNING, Status.SUCCEEDED]
    assert 59 * S < at[0] - waiting.at_ns < 61 * S
    assert abs(at[0] - waiting.due_ns) < S
    assert (step.attempts, step.note, len(seen)) == (1, "", asked)
    assert [(d.stage, d.verdict, d.reason) for d in step.decisions] == [
        ("admit", "wait", "a slot"),
        ("admit", "allow", ""),
        ("settle", "allow", ""),
    ]
    assert len({attempt_id for _, _, attempt_id in seen[:2]}) == 1


@pytest.mark.parametrize("rows", range(2, 5))
async def test_a_wait_survives_its_process(opened: Opened, fake: Fake, store: MemoryStore, rows: int) -> None:
    """Wherever it dies, the call is made once its time has come, as the same attempt if it had not begun."""
    gate, seen = admitting(once_per_run(60, store))
    async with opened(policies=[gate]) as runtime:
        first = await runtime.run(one_call)
        begun = (await runtime.show(first.id)).entries[0].at_ns
    cut = store.crashed(first.id, rows)
    gate, seen = admitting(once_per_run(60, cut))
    fake.asked = []

    async with opened(policies=[gate], store=cut) as runtime:
        run = await runtime.resume(first.id)
        view = await runtime.show(run.id)
        end = view.steps[0].ended_ns

    assert run.output == "answer to hello"
    assert fake.calls == 1
    assert end - begun >= 60 * S
    waited = rows == 3  # only then is it on record that it had not begun
    assert seen[0][1] == (1 if waited else 2)
    assert view.steps[0].attempts == (1 if waited else 2)


async def test_who_waits_leaves_his_place_to_others(opened: Opened, fake: Fake) -> None:
    """A pool of one is not held by a call that waits for a minute."""

    def judge(request: LlmRequest, context: PolicyContext) -> Wait | None:
        return None if "q1" in str(request.messages) else after(60)(request, context)

    gate, _ = admitting(judge)
    config = Config(runtime=RuntimeOptions(pools={"provider:fake": 1}))

    async with opened(config, policies=[gate]) as runtime:
        run = await runtime.run(many_calls, 2)

    assert run.status is Status.SUCCEEDED
    assert [request.messages[0].text for _, request in fake.asked] == ["q1", "q0"]


async def test_a_call_that_is_called_off_while_it_waits_is_settled(opened: Opened, fake: Fake) -> None:
    """Its policies are told that it never began; its provider is not asked."""
    gate, seen = admitting(after(3600))

    @workflow(name="waits-impatient")
    async def impatient() -> str:
        try:
            async with asyncio.timeout(5):
                return await llm("fake:m", "hello")
        except TimeoutError:
            return "too late"

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(impatient)
        await runtime.verify(run.id)
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output == "too late"
    assert [one for _, _, one in seen if isinstance(one, Settlement)] == [Settlement(began=False)]
    assert fake.calls == 0


async def test_a_process_that_stops_leaves_the_wait_on_record(opened: Opened, fake: Fake) -> None:
    """It is neither cancelled nor settled, and does not keep the process for its time."""
    gate, seen = admitting(after(3600))
    async with opened(policies=[gate], clock=WallClock()) as runtime:
        handle = await runtime.start(one_call)
        await until_waiting(runtime, handle.id)
    async with opened(policies=[]) as runtime:
        view = await runtime.show(handle.id)

    assert entries_of(view) == [Status.RUNNING, Status.WAITING]
    assert [one for _, _, one in seen if isinstance(one, Settlement)] == []


async def test_a_wait_may_end_sooner(opened: Opened, fake: Fake) -> None:
    """When what the policy awaits returns; if that fails, only the time is waited for."""
    gate, _ = admitting(lambda value, context: waits.pop(0)(context) if waits else None)

    async def soon(context: PolicyContext) -> None:
        await context.clock.sleep_until(context.clock.now_ns() + 2 * S)

    async def broken() -> None:
        raise ValueError("no")

    waits: list[Callable[[PolicyContext], Wait]] = [
        lambda c: Wait(reason="r", until_ns=c.clock.now_ns() + 3600 * S, sooner=lambda: soon(c)),
        lambda c: Wait(reason="r", until_ns=c.clock.now_ns() + 5 * S, sooner=broken),
        lambda c: Wait(reason="r", sooner=broken),
    ]

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        view = await runtime.show(run.id)

    assert run.output == "answer to hello"
    assert 7 * S <= view.steps[0].ended_ns - view.steps[0].started_ns < 8 * S


@pytest.mark.parametrize("stage", ["request", "response", "settle"])
async def test_nothing_waits_but_admission(opened: Opened, stage: Any) -> None:
    """Elsewhere, and for nothing, a wait is a policy's error, and denies."""

    @policy("odd", stage=stage)
    def odd(value: Any, context: PolicyContext) -> Wait:
        return Wait(reason="r", until_ns=1)

    async with opened(policies=[odd]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == f"policy_error: nothing waits in the stage {stage}"


async def test_a_wait_for_nothing_denies(opened: Opened) -> None:
    """No time, no person: it would never end."""
    gate, _ = admitting(lambda value, context: Wait(reason="r"))

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: has the call wait for nothing that could happen"

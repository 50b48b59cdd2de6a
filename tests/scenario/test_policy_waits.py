"""A policy may have a call wait: for a time, or for a person; and is told what became of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Allow,
    Config,
    Deny,
    LlmEvent,
    LlmRequest,
    LlmResponse,
    Modify,
    PolicyContext,
    Runtime,
    Settlement,
    Status,
    Usage,
    Wait,
    llm,
    policy,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import (
    ConnectionLostError,
    DivergenceError,
    PolicyDeniedError,
    RateLimitedError,
    RunCancelledError,
    UsageError,
)
from reenact.ledger import Holding
from reenact.policy import OwnPolicy
from reenact.scheduler import WallClock

from conftest import Fake, Opened

S = 1_000_000_000
Judge = Callable[[Any, PolicyContext], Any]


@workflow(name="waits-one")
async def one_call() -> str:
    return await llm("fake:m", "hello")


@workflow(name="waits-many")
async def many_calls(count: int) -> list[str]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(llm("fake:m", f"q{i}")) for i in range(count)]
    return [task.result() for task in tasks]


def admitting(judge: Judge) -> tuple[OwnPolicy, list[Any]]:
    """Return a policy that admits as *judge* says, and a list of what it was asked and told."""
    seen: list[Any] = []

    @policy("gate", stage=["admit", "settle"])
    async def gate(value: Any, context: PolicyContext) -> Any:
        if isinstance(value, Settlement):
            seen.append((context.trace.path, context.trace.attempt, value))
            return None
        seen.append((context.trace.path, context.trace.attempt, context.attempt_id))
        answer = judge(value, context)
        return await answer if asyncio.iscoroutine(answer) else answer

    return gate, seen


def after(seconds: int) -> Judge:
    """Have each attempt wait so long when it is judged first."""

    def judge(_: Any, context: PolicyContext) -> Wait | None:
        if context.secrets.setdefault("asked", context.attempt_id) == context.attempt_id:
            context.secrets["asked"] = None
            return Wait(reason="a slot", until_ns=context.clock.now_ns() + seconds * S)
        return None

    return judge


def once_per_run(seconds: int, store: MemoryStore) -> Judge:
    """Have each attempt wait until a time that the ledger remembers."""

    async def judge(_: Any, context: PolicyContext) -> Wait | None:
        line = store.ledger.lines.get("gate", {}).get(context.attempt_id)
        now_ns = context.clock.now_ns()
        if line is None:
            await context.hold(Holding(account="gate", id=context.attempt_id, amount=1, at_ns=now_ns))
            return Wait(reason="a slot", until_ns=now_ns + seconds * S)
        left_ns = line.at_ns + seconds * S - now_ns
        return Wait(reason="a slot", until_ns=now_ns + left_ns) if left_ns > 0 else None

    return judge


def entries_of(view: Any, path: str = "llm#0") -> list[Status]:
    return [entry.status for entry in view.entries if entry.path == path]


async def until_waiting(runtime: Runtime, run_id: str) -> None:
    """Return when the first step of a run waits, on record."""
    while True:
        await asyncio.sleep(0)
        if await runtime.store.load(run_id) is not None:
            steps = (await runtime.show(run_id)).steps
            if steps and steps[0].status is Status.WAITING:
                return


def died(store: MemoryStore, run_id: str, rows: int) -> MemoryStore:
    """Return the store as it would be had the process died after so many rows."""
    cut = store.cut(run_id, rows)
    cut.runs[run_id] = attrs.evolve(store.runs[run_id], status=Status.RUNNING, owner="")
    cut.ledger, cut.inbox = store.ledger.copy(), []
    return cut


# --- for a time


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
    cut = died(store, first.id, rows)
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


# --- for a person


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
    cut = died(store, run.id, answered + 1)
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


# --- what became of it


async def test_an_attempt_is_settled_whatever_became_of_it(opened: Opened, fake: Fake) -> None:
    """Refused by the vendor, broken off, answered: each attempt once, with what it used."""
    gate, seen = admitting(lambda value, context: None)
    answers: list[Any] = [
        RateLimitedError("fake", "slow down", retry_after_s=0),
        ConnectionLostError("fake", "gone", retry_after_s=0),
        "yes",
    ]
    fake.answer = lambda request: answers.pop(0)

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        view = await runtime.show(run.id)

    settled = [(attempt, one) for _, attempt, one in seen if isinstance(one, Settlement)]
    assert settled[0] == (
        1,
        Settlement(began=True, usage=Usage(input_tokens=0, output_tokens=0), error="RateLimitedError"),
    )
    assert settled[1] == (2, Settlement(began=True, error="ConnectionLostError"))
    assert (settled[2][0], settled[2][1].usage) == (3, Usage(input_tokens=10, output_tokens=5))
    assert settled[2][1].response is not None
    assert len(settled) == 3
    assert len({one for _, _, one in seen if isinstance(one, str)}) == 3  # each attempt has its own id
    assert [d.stage for d in view.steps[0].decisions] == ["admit", "settle"] * 3


async def test_a_stream_that_breaks_off_is_settled_for_what_was_heard(opened: Opened) -> None:
    """As the vendor counts, and no less than the text that came."""
    gate, seen = admitting(lambda value, context: None)

    class Cut(Fake):
        async def stream(self, model: str, request: LlmRequest, context: Any) -> Any:
            yield LlmEvent(type="usage", usage=Usage(input_tokens=70, output_tokens=1))
            yield LlmEvent(type="text", text="0123456789")
            raise ConnectionLostError("fake", "gone", retryable=False)

    @workflow(name="waits-streamed")
    async def streamed() -> str:
        return await llm("fake:m", "hello", on_event=lambda event: None)

    async with opened(policies=[gate], providers={"fake": Cut()}) as runtime:
        await runtime.run(streamed)

    (settled,) = [one for _, _, one in seen if isinstance(one, Settlement)]
    assert settled == Settlement(
        began=True, usage=Usage(input_tokens=70, output_tokens=11), error="ConnectionLostError"
    )


async def test_a_call_that_is_cancelled_under_way_is_settled(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """In the commit that has its end: what it held is what it was settled for."""
    called = asyncio.Event()

    async def hang() -> str:
        called.set()
        await asyncio.Event().wait()
        return "never"

    fake.answer = lambda request: hang()

    @policy("purse", stage=["admit", "settle"])
    async def purse(value: Any, context: PolicyContext) -> None:
        if isinstance(value, Settlement):
            context.keep(Holding(account="usd", id=context.attempt_id, amount=3, settled=True))
        else:
            await context.hold(Holding(account="usd", id=context.attempt_id, amount=10, limit=100))

    async with opened(policies=[purse]) as runtime:
        handle = await runtime.start(one_call)
        await called.wait()
        held = await store.held("usd")
        await runtime.cancel(handle.id)
        await handle.wait()

    assert (held, await store.held("usd")) == (10, 3)


async def test_who_denied_is_not_asked_to_settle_and_who_let_pass_is(opened: Opened) -> None:
    """A reservation made before another policy refused is given back; nothing was used."""
    first, seen = admitting(lambda value, context: None)
    told: list[Any] = []

    @policy("no", stage=["admit", "settle"])
    def no(value: Any, context: PolicyContext) -> Deny | None:
        if isinstance(value, Settlement):
            told.append(value)
        return Deny("no")

    @policy("meter", stage="settle")
    def meter(value: Settlement, context: PolicyContext) -> None:
        told.append(value)

    async with opened(policies=[first, no, meter]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert [one for _, _, one in seen if isinstance(one, Settlement)] == [Settlement(began=False)]
    assert told == []


async def test_what_is_kept_elsewhere_than_in_settle_is_an_error(opened: Opened) -> None:
    """It would go into a commit of something else."""

    @policy("early", stage="admit")
    def early(value: Any, context: PolicyContext) -> None:
        context.keep(Holding(account="usd", id="x", amount=1))

    async with opened(policies=[early]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: RuntimeError"


# --- another model, another time


async def test_a_policy_may_name_another_model(opened: Opened) -> None:
    """The chain is asked again for it, from the start; the record says who answered and why."""
    dear, cheap = Fake(name="dear"), Fake(name="cheap")
    requests: list[tuple[str, str]] = []

    @policy("watch", stage="request")
    def watch(value: LlmRequest, context: PolicyContext) -> None:
        requests.append((context.provider, context.model))

    @policy("thrift", stage="admit")
    def thrift(value: LlmRequest, context: PolicyContext) -> Any:
        return Modify(attrs.evolve(value, model="small"), "too dear") if value.model == "big" else None

    @workflow(name="waits-thrifty")
    async def thrifty() -> str:
        return await llm("big", "hello")

    config = Config(models={"big": ["dear:l"], "small": ["cheap:s"]})

    async with opened(config, providers={"dear": dear, "cheap": cheap}, policies=[watch, thrift]) as runtime:
        run = await runtime.run(thrifty)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output == "answer to hello"
    assert (dear.calls, cheap.calls, view.steps[0].model) == (0, 1, "s")
    assert requests == [("dear", "l"), ("cheap", "s")]
    assert [(d.policy, d.stage, d.verdict) for d in view.steps[0].decisions] == [
        ("watch", "request", "allow"),
        ("thrift", "admit", "modify"),
        ("watch", "request", "allow"),
        ("thrift", "admit", "allow"),
    ]


async def test_policies_that_send_a_call_round_in_circles_deny(opened: Opened, fake: Fake) -> None:
    """There is a bound to it."""

    @policy("fickle", stage="admit")
    def fickle(value: LlmRequest, context: PolicyContext) -> Any:
        return Modify(attrs.evolve(value, model="fake:b" if value.model != "fake:b" else "fake:a"), "no")

    async with opened(policies=[fickle]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: not admitted in 8 tries"
    assert fake.calls == 0


async def test_an_admission_that_is_over_is_asked_for_again(opened: Opened, fake: Fake) -> None:
    """A call begins while it is admitted, or is admitted anew."""
    until: list[Allow] = [Allow(until_ns=5), Allow(until_ns=5), Allow()]
    gate, seen = admitting(lambda value, context: until.pop(0))

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "answer to hello"
    assert len([one for _, _, one in seen if isinstance(one, str)]) == 3
    assert fake.calls == 1


async def test_a_replay_of_other_code_diverges_as_ever(opened: Opened) -> None:
    """A wait on record is no excuse."""
    gate, _ = admitting(after(60))

    @workflow(name="waits-other")
    async def other() -> LlmResponse | str:
        return await llm("fake:m", "something else")

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        with pytest.raises(DivergenceError):
            await runtime.replay(run.id, other)

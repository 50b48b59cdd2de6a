"""A policy is told what became of every attempt that it let pass, and of no other."""

import asyncio
from typing import Any

from gates import admitting, one_call
from pytest_reenact.memory import MemoryStore
from reenact import Deny, LlmEvent, LlmRequest, PolicyContext, Settlement, Usage, llm, policy, workflow
from reenact.errors import ConnectionLostError, PolicyDeniedError, RateLimitedError
from reenact.ledger import Holding

from conftest import Fake, Opened


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

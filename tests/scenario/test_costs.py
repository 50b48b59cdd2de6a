"""What calls cost: on record with each call and in the run's total, for what was cut off too."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import date
from decimal import Decimal
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    LlmEvent,
    LlmRequest,
    LlmResponse,
    Status,
    Usage,
    assistant,
    complete,
    llm,
    user,
    workflow,
)
from reenact.config import Config, RuntimeOptions
from reenact.entries import ESTIMATED
from reenact.errors import ConnectionLostError, OverloadedError, PolicyDeniedError
from reenact.judging import Deny
from reenact.policy import policy
from reenact.prices import Price, Rate, configured_prices
from reenact.seams import CallContext
from reenact.tokens import estimate_tokens, text_tokens

from conftest import Fake, Opened

PRICES = configured_prices({"fake:m": {"input": "2", "output": "10"}})
PRICED = Config(prices=PRICES)
IN_10_OUT_5 = Decimal("0.00007")
ASKED = LlmRequest(model="fake:m", messages=[user("how?")])


class Cut(Fake):
    """A provider whose streams do as they are told, and then stop or wait for ever."""

    def __init__(self, *events: LlmEvent, then: Exception | None = None) -> None:
        super().__init__()
        self.events = events
        self.then = then
        self.waiting = asyncio.Event()
        self.closed = False

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Yield the events, then fail, or wait to be called off."""
        self.asked.append((context.trace.path, request))
        try:
            for event in self.events:
                yield event
            if self.then is not None and len(self.asked) == 1:
                raise self.then
            if self.then is not None:
                yield LlmEvent(type="end", response=self.response())
                return
            self.waiting.set()
            await asyncio.Event().wait()
        finally:
            self.closed = True

    def response(self) -> LlmResponse:
        """Return a whole answer."""
        return LlmResponse(message=assistant("ok"), model="m", usage=Usage(input_tokens=10, output_tokens=5))


def text(piece: str) -> LlmEvent:
    return LlmEvent(type="text", text=piece)


def usage(read: int | None, written: int | None) -> LlmEvent:
    return LlmEvent(type="usage", usage=Usage(input_tokens=read, output_tokens=written))


@workflow
async def ask(times: int = 1) -> str:
    answer = ""
    for _ in range(times):
        answer = await llm("fake:m", "how?")
    return answer


@workflow
async def listen() -> str:
    return (await complete(ASKED, on_event=lambda event: None)).text


@workflow
async def listen_for_a_while() -> str:
    """Ask, and call it off once it has been listened to."""
    heard = asyncio.ensure_future(complete(ASKED, on_event=lambda event: None))
    await asyncio.wait([heard], timeout=5)
    heard.cancel()
    await asyncio.gather(heard, return_exceptions=True)
    return "enough"


async def test_every_call_is_charged(opened: Opened) -> None:
    """What a call costs stands at its step, and the run has the sum, exact."""
    async with opened(PRICED) as runtime:
        run = await runtime.run(ask, 3)
        view = await runtime.show(run.id)

    assert [step.cost_usd for step in view.steps] == [IN_10_OUT_5] * 3
    assert (run.cost_usd, run.record.cost_usd) == (3 * IN_10_OUT_5, "0.00021")
    assert (run.record.tokens_in, run.record.tokens_out) == (30, 15)


async def test_a_replay_costs_nothing(opened: Opened, fake: Fake) -> None:
    """A replay calls nobody and adds nothing to what the run cost."""
    async with opened(PRICED) as runtime:
        run = await runtime.run(ask, 2)
        replayed = await runtime.replay(run.id)
        after = await runtime.find(run.id)

    assert fake.calls == 2
    assert (replayed.cost_usd, after.cost_usd) == (run.cost_usd, "0.00014")


async def test_an_unknown_price_is_no_price(opened: Opened) -> None:
    """Where no price is known the cost of the call and of the run are unknown, and not 0."""
    async with opened() as runtime:
        run = await runtime.run(ask)
        view = await runtime.show(run.id)

    assert (run.cost_usd, view.steps[0].cost_usd) == (None, None)


async def test_unknown_use_makes_the_total_unknown(opened: Opened, fake: Fake) -> None:
    """A vendor that does not say what was used leaves the run's total unknown."""
    fake.answer = lambda request: LlmResponse(message=assistant("x"))
    async with opened(PRICED) as runtime:
        run = await runtime.run(ask)

    assert run.cost_usd is None


@attrs.define
class PricedFake(Fake):
    """A provider that knows its prices."""

    def price_of(self, model: str, on: date) -> Price | None:
        """Return a price for one dated model."""
        rate = Rate(input=Decimal(1), output=Decimal(1))
        return Price(rate=rate) if model == "m-2026-01-02" else None


@pytest.mark.parametrize(
    ("config", "hook", "cost"),
    [
        (Config(), None, Decimal("0.000015")),
        (PRICED, None, IN_10_OUT_5),
        (PRICED, lambda *of: Decimal(7), Decimal(7)),
        (PRICED, lambda *of: None, IN_10_OUT_5),
    ],
    ids=["provider", "configuration", "hook", "hook that does not know"],
)
async def test_who_knows_the_price(opened: Opened, config: Config, hook: Any, cost: Decimal) -> None:
    """The program's hook goes before the configuration, and that before what the provider knows."""
    fake = PricedFake(
        answer=lambda request: LlmResponse(
            message=assistant("x"), model="m-2026-01-02", usage=Usage(input_tokens=10, output_tokens=5)
        )
    )
    async with opened(config, providers={"fake": fake}, price=hook) as runtime:
        run = await runtime.run(ask)

    assert run.cost_usd == cost


# --- what gave no result --------------------------------------------------------------------------


async def called_off(opened: Opened, provider: Fake) -> Any:
    """Return a run in which a call was called off in the middle, and its only model step."""
    async with opened(PRICED, providers={"fake": provider}) as runtime:
        run = await runtime.run(listen_for_a_while)
        view = await runtime.show(run.id)
    (step,) = [step for step in view.steps if step.kind == "llm"]
    return run, step


async def test_a_cancelled_stream_is_charged(opened: Opened) -> None:
    """A stream that was called off is closed, and what the vendor said was used is charged."""
    provider = Cut(text("a"), usage(100, 7))

    run, step = await called_off(opened, provider)

    assert provider.closed
    assert (step.status, step.tokens_in, step.tokens_out) == (Status.CANCELLED, 100, 7)
    assert step.cost_usd == run.cost_usd == Decimal("0.00027")
    assert (run.record.tokens_in, run.record.tokens_out) == (100, 7)


async def test_what_the_vendor_did_not_say_is_estimated(opened: Opened) -> None:
    """What came after the vendor last said anything is estimated, and marked so."""
    provider = Cut(usage(100, 1), text("once upon"), text(" a time"))

    _, step = await called_off(opened, provider)

    estimate = text_tokens("once upon") + text_tokens(" a time")
    assert (step.tokens_in, step.tokens_out, step.note) == (100, 1 + estimate, ESTIMATED)


async def test_without_any_word_of_the_vendor_all_is_estimated(opened: Opened) -> None:
    """A call that is called off before anything came is charged for what it sent."""
    _, step = await called_off(opened, Cut())

    assert (step.tokens_in, step.tokens_out, step.note) == (estimate_tokens(ASKED), 0, ESTIMATED)
    assert step.cost_usd == Decimal(estimate_tokens(ASKED)) * 2 / 10**6


async def test_a_cancelled_run_is_charged(opened: Opened, store: MemoryStore) -> None:
    """A run that is cancelled while a model answers has what was used in its totals."""
    provider = Cut(usage(100, 7))
    async with opened(PRICED, providers={"fake": provider}) as runtime:
        handle = await runtime.start(listen)
        await provider.waiting.wait()
        await runtime.cancel(handle.id)
        run = await handle.wait()

    assert (run.status, run.cost_usd) == (Status.CANCELLED, Decimal("0.00027"))
    assert provider.closed


async def test_a_stream_that_breaks_is_charged(opened: Opened) -> None:
    """A stream that breaks is a failed attempt with what it used; the next attempt adds to it."""
    provider = Cut(text("a"), usage(100, 7), then=ConnectionLostError("fake", "gone"))
    async with opened(PRICED, providers={"fake": provider}) as runtime:
        run = await runtime.run(listen)
        view = await runtime.show(run.id)

    (step,) = view.steps
    assert (run.output, step.attempts) == ("ok", 2)
    assert (step.tokens_in, step.tokens_out) == (110, 12)
    assert step.cost_usd == run.cost_usd == Decimal("0.00027") + IN_10_OUT_5


async def test_a_refusal_before_anything_came_costs_nothing(opened: Opened, fake: Fake) -> None:
    """An attempt that the vendor refused is not charged."""
    answers = iter([OverloadedError("fake", "busy"), "fine"])
    fake.answer = lambda request: next(answers)
    async with opened(PRICED) as runtime:
        run = await runtime.run(ask)

    assert (run.record.tokens_in, run.cost_usd) == (10, IN_10_OUT_5)


async def test_an_answer_that_a_policy_denies_is_charged(opened: Opened) -> None:
    """An answer that nobody may see has been paid for."""

    @policy("no", stage="response")
    def no(value: LlmResponse, context: object) -> Deny:
        return Deny("not that")

    async with opened(PRICED, policies=[no]) as runtime:
        run = await runtime.run(ask)
        view = await runtime.show(run.id)

    assert isinstance(run.error, PolicyDeniedError)
    assert (view.steps[0].status, view.steps[0].cost_usd) == (Status.DENIED, IN_10_OUT_5)
    assert run.cost_usd == IN_10_OUT_5


async def test_an_attempt_that_takes_too_long_is_charged(opened: Opened) -> None:
    """A call that the kernel's own limit of time ends is charged for what it used."""
    config = Config(prices=PRICES, runtime=RuntimeOptions(llm_attempts=1, llm_timeout_s=0.05))
    async with opened(config, providers={"fake": Cut(usage(100, 7))}) as runtime:
        run = await runtime.run(listen)

    assert isinstance(run.error, TimeoutError)
    assert run.cost_usd == Decimal("0.00027")


# --- who listens, who stands in -------------------------------------------------------------------


async def test_a_listener_that_fails_is_not_the_providers_fault(
    opened: Opened, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    """Where `on_event` failed is logged, without its words, and the answer goes on without it."""
    told = []

    def broken(event: LlmEvent) -> None:
        told.append(event)
        raise ValueError(f"mine: {event.text}")

    @workflow
    async def deaf() -> str:
        return (await complete(ASKED, on_event=broken)).text

    async with opened(PRICED) as runtime:
        run = await runtime.run(deaf)

    assert (run.output, fake.calls, len(told)) == ("answer to how?", 1, 1)
    assert "ValueError at" in caplog.text
    assert "test_costs.py" in caplog.text
    assert "mine" not in caplog.text


@workflow
async def ask_either(times: int) -> list[str]:
    return list(await asyncio.gather(*(llm("either", "how?") for _ in range(times))))


@pytest.mark.parametrize("pools", [{"provider:other": 1}, {"provider:other": 1, "provider:fake": 2}])
async def test_a_stand_in_takes_a_place_of_its_own(opened: Opened, fake: Fake, pools: dict[str, int]) -> None:
    """Calls that fall back to another provider count against that provider's limit, not the first one's."""
    other = Fake(name="other")
    at_once: list[int] = []
    running = 0

    async def slow(request: LlmRequest) -> str:
        nonlocal running
        running += 1
        at_once.append(running)
        await asyncio.sleep(0)
        running -= 1
        return "from the other"

    fake.answer = lambda request: OverloadedError("fake", "busy", retryable=False)
    other.answer = slow
    config = Config(models={"either": ["fake:m", "other:m"]}, runtime=RuntimeOptions(pools=pools))
    async with opened(config, providers={"fake": fake, "other": other}) as runtime:
        run = await runtime.run(ask_either, 5)
        again = await runtime.run(ask_either, 5)

    assert run.output == again.output == ["from the other"] * 5
    assert max(at_once) == 1


async def test_errors_bear_the_name_that_was_asked(opened: Opened, fake: Fake) -> None:
    """A plugin that was not told its name is called in errors what the configuration calls it."""
    fake.answer = lambda request: OverloadedError("its-own", "busy", retryable=False)
    async with opened(providers={"mine": fake}) as runtime:

        @workflow
        async def ask_mine() -> str:
            return await llm("mine:m", "how?")

        run = await runtime.run(ask_mine)

    assert str(run.error) == "mine: busy"

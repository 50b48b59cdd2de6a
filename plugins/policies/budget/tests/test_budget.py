"""Nobody spends more than a budget has: what a call may cost is reserved, what it did cost is settled."""

import asyncio
from decimal import Decimal
from typing import Any

import attrs
import pytest
import reenact_budget
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import LlmEvent, LlmResponse, Plugins, Runtime, Status, Usage, assistant, llm, workflow
from reenact.errors import ConnectionLostError, RateLimitedError
from reenact.llm import LlmRequest

from conftest import Fake

from .conftest import ONE, World, ask, config, in_turn, many, price, used


async def test_a_call_reserves_what_it_may_take_and_settles_for_what_it_did(world: World) -> None:
    """While it is under way the whole estimate is gone; afterwards what the vendor said."""
    held: list[int] = []

    async def answer() -> LlmResponse:
        held.append(await world.spent())
        return used(7)

    world.answer = lambda request: answer()

    async with world.opened(config({"tokens": 1000})) as runtime:
        await runtime.run(in_turn, 2)

    assert held == [ONE + 10, 7 + ONE + 10]
    assert await world.spent() == 14
    # what is settled is one line, however many calls there were
    assert [len(lines) for lines in world.store.ledger.lines.values()] == [1]


class Odd(BaseException):
    """No exception, as some libraries raise it."""


class Leave(SystemExit):
    """A library's way to give up, which is not the process's."""


@pytest.mark.parametrize("kind", [Odd, Leave, RuntimeError])
async def test_a_call_that_breaks_off_in_any_way_is_settled(world: World, kind: type[BaseException]) -> None:
    """What a provider raises is a failed attempt, whatever it is: what was reserved is not held on."""

    async def answer() -> LlmResponse:
        raise kind("no")

    world.answer = lambda request: answer()

    async with world.opened(config({"tokens": 1000})) as runtime:
        run = await runtime.run(in_turn, 1)

    assert run.status is Status.FAILED
    assert world.fake.calls == 4
    # nobody knows what they took, so the estimates stay; but as one line, for each of them is settled
    assert await world.spent() == 4 * (ONE + 10)
    assert [len(lines) for lines in world.store.ledger.lines.values()] == [1]


def test_the_exit_of_the_process_is_no_failure_of_a_call(world: World) -> None:
    """It leaves the run as a crash does: to be resumed, and what was reserved counts."""

    def leave() -> None:
        raise SystemExit(3)

    async def go(answer: Any) -> None:
        world.answer = lambda request: answer()
        async with world.opened(config({"tokens": 1000})) as runtime:
            found = await runtime.list()
            await (runtime.resume(found[0].id) if found else runtime.run(in_turn, 1))

    with pytest.raises(SystemExit):
        asyncio.run(go(leave))
    asyncio.run(go(lambda: used(5)))

    (run,) = world.store.runs.values()
    assert run.status is Status.SUCCEEDED
    assert asyncio.run(world.spent()) == ONE + 10 + 5


async def test_money_is_counted_to_the_last_digit(world: World) -> None:
    """In billionths of a dollar, rounded up."""
    async with world.opened(config({"usd": 10})) as runtime:
        await runtime.run(in_turn, 3)
        await runtime.run(in_turn, 1, "small")

    assert await world.spent("usd") == 3 * 5 * 10_000_000 + 5 * 100_000


async def test_a_hundred_calls_at_once_do_not_overspend(world: World) -> None:
    """Those that do not fit by their estimates are refused, whoever is faster."""
    most = 10 * (ONE + 10) + 3
    reached: list[int] = []

    async def answer() -> LlmResponse:
        reached.append(await world.spent())
        await asyncio.sleep(0)
        return used(ONE + 10)

    world.answer = lambda request: answer()

    async with world.opened(config({"tokens": most})) as runtime:
        run = await runtime.run(many, 100)

    assert run.output.count("yes") == world.fake.calls == 10
    assert max(reached) <= most
    assert await world.spent() == 10 * (ONE + 10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, ONE + 30), min_size=1, max_size=30),
    st.integers(ONE, 12 * ONE),
    st.integers(1, 10),
)
def test_a_budget_is_overspent_by_no_more_than_estimates_were_wrong(
    takes: list[int], most: int, at_once: int
) -> None:
    """Whatever calls take, in whatever order, so many at once."""
    world = World()
    left = list(takes)
    world.answer = lambda request: used(left.pop())

    @workflow(name="budgeted-crowd")
    async def crowd() -> None:
        places = asyncio.Semaphore(at_once)

        async def one(number: int) -> str:
            async with places:
                return await ask("big", number)

        await asyncio.gather(*(one(i) for i in range(len(takes))))

    async def check() -> int:
        async with world.opened(config({"tokens": most})) as runtime:
            assert (await runtime.run(crowd)).status is Status.SUCCEEDED
        return await world.spent()

    spent = asyncio.run(check())

    made = takes[len(left) :]
    assert spent == sum(made)
    assert spent <= most + sum(max(0, take - (ONE + 10)) for take in made)


async def test_every_attempt_costs_what_it_used(world: World) -> None:
    """Refused ones nothing, broken ones their estimate, answered ones what the vendor says."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no", retry_after_s=0),
        used(7),
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"tokens": 1000}, {"usd": 10})) as runtime:
        run = await runtime.run(in_turn, 1)

    assert run.output == ["yes"]
    assert await world.spent("tokens") == ONE + 10 + 7
    assert await world.spent("usd") == (ONE + 10 + 7) * 10_000_000


async def test_what_a_vendor_does_not_say_is_as_estimated(world: World) -> None:
    """Each part for itself."""
    world.answer = lambda request: LlmResponse(message=assistant("y"), usage=Usage(output_tokens=3))

    async with world.opened(config({"tokens": 1000}, {"usd": 10})) as runtime:
        await runtime.run(in_turn, 1)

    assert await world.spent("tokens") == ONE + 3
    assert await world.spent("usd") == (ONE + 3) * 10_000_000


async def test_a_stream_that_is_cancelled_costs_what_was_heard(world: World) -> None:
    """What was read, as estimated, and the text that came."""
    heard = asyncio.Event()

    class Endless(Fake):
        async def stream(self, model: str, request: LlmRequest, context: Any) -> Any:
            yield LlmEvent(type="text", text="0123456789")
            await asyncio.Event().wait()

    @workflow(name="budgeted-streamed")
    async def streamed() -> str:
        return await llm("big", "q000", on_event=lambda event: heard.set())

    async with world.opened(config({"tokens": 1000})) as runtime:
        endless = Endless()

        async def provider(name: str) -> Any:
            return endless

        runtime.models = attrs.evolve(runtime.models, provider=provider)
        handle = await runtime.start(streamed)
        await heard.wait()
        await runtime.cancel(handle.id)
        run = await handle.wait()

    assert run.status is Status.CANCELLED
    assert await world.spent() == ONE + 10


async def test_a_call_that_another_policy_refuses_costs_nothing(world: World) -> None:
    """Its reservation is gone with it."""
    from reenact import Deny, policy

    @policy("never", stage="admit")
    def never(value: Any, context: Any) -> Deny:
        return Deny("no")

    world.fake = Fake()
    async with Runtime.open(
        config({"tokens": 1000}),
        store=world.store,
        clock=world.clock,
        providers={"fake": world.fake},
        plugins=Plugins(installed=False, extra=[reenact_budget]),
        policies=[never],
        price=price,
    ) as runtime:
        await runtime.run(in_turn, 1)

    assert world.store.ledger.lines == {}


async def test_a_replay_is_free(world: World) -> None:
    """It reserves nothing, and asks nobody."""
    async with world.opened(config({"tokens": 1000})) as runtime:
        run = await runtime.run(in_turn, 3)
        before = world.store.ledger.copy()
        commits = runtime._runs._writer.commits
        await runtime.replay(run.id)
        after = runtime._runs._writer.commits

    assert world.store.ledger == before
    assert (after, world.fake.calls) == (commits, 3)


# --- crashes


async def test_a_crash_between_call_and_settlement_neither_loses_nor_doubles(world: World) -> None:
    """What the attempt may have taken stays reserved; the next attempt reserves for itself."""
    at_call: list[MemoryStore] = []

    async def crash() -> LlmResponse:
        ((run_id, rows),) = world.store.journals.items()
        at_call.append(world.store.crashed(run_id, len(rows)))
        return used(7)

    world.answer = lambda request: crash()
    async with world.opened(config({"tokens": 1000})) as runtime:
        run = await runtime.run(in_turn, 1)
    second = World(at_call[0], answer=lambda request: used(7))

    async with second.opened(config({"tokens": 1000})) as runtime:
        before = await second.spent()
        resumed = await runtime.resume(run.id)

    assert resumed.output == ["yes"]
    assert before == ONE + 10
    assert await second.spent() == ONE + 10 + 7


async def test_a_run_that_is_resumed_has_not_forgotten(world: World) -> None:
    """Nor what it spent before, nor what its failed attempts did."""
    failing = [True]

    @workflow(name="budgeted-failing")
    async def failing_flow() -> list[str]:
        first = await llm("big", "q000")
        if failing:
            raise ValueError("not yet")
        return [first, await ask("big", 1)]

    limits = config({"tokens": ONE + 10 + 4})
    async with world.opened(limits) as runtime:
        run = await runtime.run(failing_flow)
        failing.clear()
    async with world.opened(limits) as runtime:
        resumed = await runtime.resume(run.id)

    first, second = resumed.output
    assert first == "yes"
    assert second.startswith(f"5 tokens of {ONE + 14} tokens of the budget per run are used or reserved")


ABSURD: list[dict[str, Any]] = [
    {"input_tokens": -500, "output_tokens": -1},
    {"input_tokens": 2**80, "output_tokens": 1},
    {"input_tokens": float("nan"), "output_tokens": "12"},
    {"input_tokens": True, "output_tokens": 1.5},
]


@pytest.mark.parametrize("usage", ABSURD, ids=["negative", "huge", "no number", "no count"])
@pytest.mark.parametrize("cost", [None, "NaN", "-1", "Infinity", "1E+40"])
async def test_what_cannot_be_is_as_estimated(world: World, usage: dict[str, Any], cost: str | None) -> None:
    """A vendor that says nonsense of tokens or prices gives no budget back, and its answer is not lost."""
    price_said = None if cost is None else Decimal(cost)
    world.answer = lambda _: LlmResponse(message=assistant("yes"), usage=Usage(**usage), cost_usd=price_said)
    limits = config({"tokens": 10_000, "per": []}, {"usd": 100, "per": []})

    async with world.opened(limits) as runtime:
        run = await runtime.run(in_turn, 2)

    assert run.output == ["yes", "yes"]
    known = 1 if usage["output_tokens"] == 1 else 10
    assert await world.spent("budget tokens") == 2 * (ONE + known)
    assert await world.spent("budget usd") == 2 * (ONE + known) * 10_000_000

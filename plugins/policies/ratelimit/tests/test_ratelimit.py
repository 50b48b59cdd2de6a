"""No more attempts, and no more tokens, than a limit allows in any window."""

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from reenact import LlmResponse, Status, Usage, assistant, llm, workflow
from reenact.errors import ConnectionLostError, PolicyDeniedError, RateLimitedError
from reenact.llm import LlmRequest, user

from .conftest import World, config, many, tried

LEAD = 1.05
"""Slots are held a fiftieth longer than the window, so that a call which begins late fits too."""


@workflow(name="limited-spaced")
async def spaced(pauses: list[float]) -> list[str]:
    async def later(number: int, pause_s: float) -> str:
        await asyncio.sleep(pause_s)
        return await llm("one", f"q{number:03}")

    at, calls = 0.0, []
    for number, pause_s in enumerate(pauses):
        at += pause_s
        calls.append(later(number, at))
    return await asyncio.gather(*calls)


# --- requests


async def test_attempts_are_spread_over_windows(world: World) -> None:
    """As many at once as may be, the next when their window is over, in the order of asking."""
    async with world.opened(config({"requests": 3, "window_s": 10})) as runtime:
        run = await runtime.run(many, 8)
        view = await runtime.show(run.id)
        asked = len(world.began)
        replayed = await runtime.replay(run.id)

    assert run.status is Status.SUCCEEDED
    assert replayed.output == run.output
    assert len(world.began) == asked == 8
    assert [int(t // 10) for t in world.times_s] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert world.times_s[-1] < 20 * LEAD
    assert [text for _, text in world.began] == [f"q{i:03}" for i in range(8)]
    verdicts = [[(d.stage, d.verdict) for d in step.decisions] for step in view.steps]
    assert verdicts[0] == [("admit", "allow"), ("settle", "allow")]
    assert verdicts[7] == [("admit", "wait"), ("admit", "allow"), ("settle", "allow")]
    assert len(view.entries) == 2 + 3 * 2 + 5 * 4
    assert view.steps[7].decisions[0].reason == "a slot within 3 requests in 10 s"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0, 12), min_size=1, max_size=20),
    st.integers(1, 4),
    st.sampled_from([1.0, 5.0, 30.0]),
)
def test_no_window_ever_holds_more(pauses: list[float], requests: int, window_s: float) -> None:
    """Whenever calls come, and they begin in the order in which they came."""
    world = World()

    async def check() -> None:
        limit = {"requests": requests, "window_s": window_s, "wait_s": 10_000}
        async with world.opened(config(limit)) as runtime:
            assert (await runtime.run(spaced, pauses)).status is Status.SUCCEEDED

    asyncio.run(check())

    assert world.most_in(window_s) <= requests
    assert len(world.began) == len(pauses)
    assert [text for _, text in world.began] == sorted(text for _, text in world.began)


async def test_a_wait_has_a_bound(world: World) -> None:
    """Who would have to wait longer is refused at once, and told how long; nobody else is held up by it."""
    async with world.opened(config({"requests": 1, "window_s": 10}, wait_s=15)) as runtime:
        run = await runtime.run(tried, ["one"] * 3)

    assert sorted(run.output)[1:] == ["yes", "yes"]
    refused = min(run.output)
    assert refused.startswith("1 requests in 10 s are used up for 20.")
    assert refused.endswith(" s, and it may wait 15.0 s (wait_s)")
    assert len(world.began) == 2


async def test_a_limit_may_refuse_at_once(world: World) -> None:
    """With no wait at all; a limit's own bound goes before the policy's."""
    limits = {"requests": 1, "window_s": 10, "wait_s": 0}

    async with world.opened(config(limits, wait_s=60)) as runtime:
        run = await runtime.run(many, 2)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.policy == "ratelimit"
    assert run.error.reason.endswith("and it may wait 0.0 s (wait_s)")


async def test_several_limits_hold_at_once(world: World) -> None:
    """Two in a second, five in a minute."""
    limits = [{"requests": 2, "window_s": 1}, {"requests": 5, "window_s": 60}]

    async with world.opened(config(*limits, wait_s=600)) as runtime:
        await runtime.run(many, 12)

    assert world.most_in(1) == 2
    assert world.most_in(60) == 5
    assert 120 < world.times_s[-1] < 120 * LEAD + 3


async def test_every_attempt_counts(world: World) -> None:
    """A vendor counts those it refused too."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no"),
        "yes",
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"requests": 1, "window_s": 10})) as runtime:
        run = await runtime.run(many, 1)

    assert run.output == ["yes"]
    assert [int(t // 10) for t in world.times_s] == [0, 1, 2]


async def test_who_is_called_off_gives_his_place_to_the_next(world: World) -> None:
    """The one behind him moves up, and is not kept waiting for nothing."""

    @workflow(name="limited-given-up")
    async def given_up() -> list[str]:
        first = await llm("one", "first")
        second = asyncio.create_task(llm("one", "second"))
        third = asyncio.create_task(llm("one", "third"))
        await asyncio.sleep(3)
        second.cancel()
        return [first, await third]

    async with world.opened(config({"requests": 1, "window_s": 10})) as runtime:
        run = await runtime.run(given_up)

    assert run.output == ["yes", "yes"]
    assert [text for _, text in world.began] == ["first", "third"]
    assert 10 <= world.times_s[1] < 10 * LEAD


async def test_waiting_is_not_busy(world: World) -> None:
    """A wait of an hour is a few entries, and a few looks."""
    limit = {"requests": 1, "window_s": 3600, "wait_s": 4000}

    async with world.opened(config(limit)) as runtime:
        run = await runtime.run(many, 2)
        view = await runtime.show(run.id)
        commits = runtime._runs._writer.commits

    assert world.times_s[1] >= 3600
    assert len(view.entries) == 8
    assert commits < 40


# --- tokens


def said(tokens: int) -> LlmResponse:
    return LlmResponse(message=assistant("yes"), usage=Usage(input_tokens=tokens, output_tokens=0))


async def test_tokens_are_reserved_and_settled(world: World) -> None:
    """A call counts for what it may take until it is known what it took."""
    from reenact.tokens import estimate_tokens

    world.answer = lambda request: said(10)
    one = estimate_tokens(LlmRequest(model="one", messages=[user("q000")])) + 100

    @workflow(name="limited-in-turn")
    async def in_turn(count: int) -> None:
        for number in range(count):
            await llm("one", f"q{number:03}")

    async with world.opened(config({"tokens": one + 20, "window_s": 10}, output_tokens=100)) as runtime:
        await runtime.run(in_turn, 4)
        (account,) = world.store.ledger.lines
        held = await world.store.held(account, world.clock.now_ns())

    # 10 + 10 + one fit, 10 + 10 + 10 + one do not
    assert [int(t // 10) for t in world.times_s] == [0, 0, 0, 1]
    assert held in (10, 20, 30)


async def test_what_a_vendor_does_not_say_is_as_estimated(world: World) -> None:
    """A call that broke off counts for what it may have taken; one that was refused for nothing."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no", retry_after_s=0),
        LlmResponse(message=assistant("yes")),
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"tokens": 10_000, "window_s": 10}, output_tokens=100)) as runtime:
        await runtime.run(many, 1)
    (lines,) = world.store.ledger.lines.values()
    amounts = [line.amount for line in lines.values()]

    assert len(amounts) == 2
    assert amounts[0] == amounts[1] > 100


async def test_what_can_never_fit_is_refused_at_once(world: World) -> None:
    """With how much it may take, and how much there is."""
    async with world.opened(config({"tokens": 50, "window_s": 10})) as runtime:
        run = await runtime.run(many, 1)

    assert isinstance(run.error, PolicyDeniedError)
    assert "no more than 50 tokens in 10 s are allowed" in run.error.reason
    assert world.began == []


async def test_a_request_that_says_its_most_is_taken_at_its_word(world: World) -> None:
    """What it may write counts, not what others may."""

    @workflow(name="limited-short")
    async def short() -> str:
        return await llm("one", "q", max_tokens=5)

    async with world.opened(config({"tokens": 50, "window_s": 10})) as runtime:
        run = await runtime.run(short)

    assert run.output == "yes"

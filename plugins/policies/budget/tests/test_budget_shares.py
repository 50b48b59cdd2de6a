"""Whose calls count against whose budget, and what they count for."""

from typing import Any

import pytest
from reenact import workflow
from reenact.scheduler import SkippingClock

from .conftest import ONE, World, ask, config, in_turn


@pytest.mark.parametrize(
    ("per", "made"),
    [
        ("run", [1, 1, 1, 1]),
        ("workflow", [1, 0, 1, 0]),
        ("day", [1, 0, 0, 1]),
        (["workflow", "day"], [1, 0, 1, 1]),
        ([], [1, 0, 0, 0]),
    ],
)
async def test_runs_workflows_and_days_have_budgets_of_their_own(
    world: World, per: Any, made: list[int]
) -> None:
    """Two runs of a workflow, one of another, and one of the first the day after."""

    @workflow(name="budgeted-other")
    async def other(count: int) -> list[str]:
        return [await ask("big", number) for number in range(count)]

    async with world.opened(config({"tokens": ONE + 10, "per": per})) as runtime:
        runs = [await runtime.run(flow, 2) for flow in (in_turn, in_turn, other)]
        world.clock._now_ns += 86_400 * 1_000_000_000
        runs.append(await runtime.run(in_turn, 2))

    assert [run.output.count("yes") for run in runs] == made


@pytest.mark.parametrize(("zone", "same_day"), [("UTC", True), ("Asia/Tokyo", False)])
async def test_a_day_begins_where_one_says(world: World, zone: str, same_day: bool) -> None:
    """At midnight of a time zone."""
    world.clock = SkippingClock(1_700_000_000_000_000_000)  # 22:13 in London, 07:13 in Tokyo
    limits = config({"tokens": ONE + 10, "per": "day"}, timezone=zone)

    async with world.opened(limits) as runtime:
        world.clock._now_ns -= 8 * 3_600_000_000_000  # 14:13 in London, 23:13 in Tokyo
        await runtime.run(in_turn, 1)
        world.clock._now_ns += 3_600_000_000_000
        later = await runtime.run(in_turn, 1)

    assert (later.output == ["yes"]) is not same_day


@pytest.mark.parametrize(("children", "made"), [(True, 1), (False, 3)])
async def test_child_runs_spend_their_parent_s_budget(
    world: World,
    children: bool,
    made: int,
) -> None:
    """Unless each is to have its own."""

    @workflow(name="budgeted-parent")
    async def parent() -> list[Any]:
        return [await ask("big", 0), await in_turn(1), await in_turn(1)]

    async with world.opened(config({"tokens": ONE + 10, "children": children})) as runtime:
        await runtime.run(parent)

    assert world.fake.calls == made


CASES: list[tuple[dict[str, Any], str, int]] = [
    ({"model": "dear"}, "big", 1),
    ({"model": "dear"}, "small", 3),
    ({"provider": "f*"}, "small", 1),
    ({"provider": "other"}, "small", 3),
    ({"workflow": "budgeted-*"}, "small", 1),
    ({"workflow": "else"}, "small", 3),
    ({"per": []}, "small", 1),
    ({"per": ["workflow", "day"]}, "small", 1),
]


@pytest.mark.parametrize(("limit", "model", "made"), CASES)
async def test_a_limit_says_whose_calls_count(
    world: World, limit: dict[str, Any], model: str, made: int
) -> None:
    """By provider, model and workflow."""
    async with world.opened(config({"tokens": ONE + 10, **limit})) as runtime:
        await runtime.run(in_turn, 3, model)

    assert world.fake.calls == made


# --- prices


async def test_a_call_without_a_price_is_refused(world: World) -> None:
    """Where a budget in dollars holds for it; it says what to do."""
    async with world.opened(config({"usd": 1})) as runtime:
        run = await runtime.run(in_turn, 1, "gift")

    assert run.output == [
        "the price of fake:free is not known, and a budget in USD holds for it. "
        'Say what it costs, or set unknown_price = "allow" in [policies.budget]'
    ]
    assert world.fake.calls == 0


async def test_a_call_without_a_price_may_be_allowed(world: World) -> None:
    """Its tokens count, its price does not."""
    limits = [{"usd": 1}, {"tokens": 1000}]

    async with world.opened(config(*limits, unknown_price="allow")) as runtime:
        run = await runtime.run(in_turn, 2, "gift")

    assert run.output == ["yes", "yes"]
    assert (await world.spent("tokens"), await world.spent("usd")) == (10, 0)

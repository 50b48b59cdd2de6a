"""Whose calls count against which limit."""

from typing import Any

import pytest
from reenact import workflow

from .conftest import World, config, tried

CASES: list[tuple[dict[str, Any], list[str], int]] = [
    ({}, ["one", "two", "other"], 1),
    ({"model": "a"}, ["one", "one", "two", "two"], 3),
    ({"provider": "spare"}, ["one", "one", "other", "other"], 3),
    ({"model": "[ab]", "provider": "f*"}, ["one", "two", "other", "other"], 3),
    ({"workflow": "something-else"}, ["one", "one"], 2),
    ({"per": "model"}, ["one", "two", "two", "other"], 2),
    ({"per": "provider"}, ["one", "two", "other"], 2),
    ({"per": ["provider", "model"]}, ["one", "two", "other", "other"], 3),
    ({"per": "run"}, ["one", "one"], 1),
    ({"per": "workflow"}, ["one", "one"], 1),
]


@pytest.mark.parametrize(("limit", "models", "pass_at_once"), CASES)
async def test_a_limit_says_whose_calls_count(
    world: World, limit: dict[str, Any], models: list[str], pass_at_once: int
) -> None:
    """By provider, model and workflow; together, or each for itself."""
    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, **limit})) as runtime:
        run = await runtime.run(tried, models)

    assert run.output.count("yes") == len(world.began) == pass_at_once


@pytest.mark.parametrize(
    ("per", "ids", "passed"),
    [
        ("key", ["acme:1", "acme:2", "other:1", "bare", "bare2"], 3),
        ("run", ["acme:1", "acme:2", "bare"], 3),
        ([], ["acme:1", "acme:2"], 1),
    ],
)
async def test_a_key_is_part_of_the_run_s_id(world: World, per: Any, ids: list[str], passed: int) -> None:
    """What stands before its first colon; runs without have one count together."""
    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, "per": per})) as runtime:
        for run_id in ids:
            await (await runtime.start(tried, (["one"],), run_id=run_id)).wait()

    assert len(world.began) == passed


async def test_a_child_run_counts_as_its_outermost_run(world: World) -> None:
    """Its key is that of the run which somebody started."""

    @workflow(name="limited-parent")
    async def parent() -> list[str]:
        return [*(await tried(["one"])), *(await tried(["one"]))]

    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, "per": "key"})) as runtime:
        await (await runtime.start(parent, run_id="acme:1")).wait()
        await (await runtime.start(tried, (["one"],), run_id="other:1")).wait()

    assert len(world.began) == 2


async def test_limits_of_one_name_have_one_count(world: World) -> None:
    """Two providers that share a vendor's account, for example."""
    shared = {"requests": 1, "window_s": 10, "wait_s": 0, "name": "org"}

    async with world.opened(
        config({**shared, "provider": "fake"}, {**shared, "provider": "spare"})
    ) as runtime:
        run = await runtime.run(tried, ["one", "other"])

    assert run.output.count("yes") == 1

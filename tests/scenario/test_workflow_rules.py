"""What workflow code may not do, and how it is told; what holds outside of runs."""

import asyncio
from typing import Any

import pytest
from reenact import approve, llm, parallel, sleep, step, workflow
from reenact.errors import NotDeterministicError, NotStorableError, UsageError

from conftest import Opened


@step
async def shout(text: str) -> str:
    return text.upper()


@workflow
async def naughty(what: str) -> None:
    if what == "thread":
        await asyncio.to_thread(print)
    elif what == "socket":
        await asyncio.open_connection("localhost", 1)
    elif what == "process":
        await asyncio.create_subprocess_exec("true")
    elif what == "spin":
        while True:
            await asyncio.sleep(0)


@pytest.mark.parametrize("what", ["thread", "socket", "process"])
async def test_what_cannot_be_repeated_is_refused_by_name_and_line(opened: Opened, what: str) -> None:
    """Sockets, processes and threads raise an error that says where and what to do."""
    async with opened() as runtime:
        run = await runtime.run(naughty, what)
    assert isinstance(run.error, NotDeterministicError)
    assert "test_workflow_rules.py:" in str(run.error)
    assert "do this in a step" in str(run.error)


@step
async def returns(what: Any) -> Any:
    return {"nan": float("nan"), "socket": object(), "surrogate": "\ud800", "tuple": (1, 2), "key": {1: 2}}[
        what
    ]


@workflow
async def stores(what: str) -> Any:
    return await returns(what)


@pytest.mark.parametrize("what", ["nan", "socket", "surrogate", "tuple", "key"])
async def test_a_value_that_cannot_be_stored_fails_its_step_at_once(opened: Opened, what: str) -> None:
    """With the place and the reason, and not when the run is resumed."""
    async with opened() as runtime:
        run = await runtime.run(stores, what)
    assert isinstance(run.error, NotStorableError)
    assert "$" in str(run.error)


async def test_outside_a_run_steps_just_run_and_models_say_what_is_missing() -> None:
    """A step is a function; a model needs a journal."""
    assert await shout("a") == "A"
    assert await parallel(shout, ["a", "b"]) == ["A", "B"]
    with pytest.raises(UsageError, match=r"runtime\.run"):
        await llm("fake:m", "hello")


@step
async def ask_within() -> bool:
    return await approve("May I?")


@workflow
async def asks_within() -> bool:
    return await ask_within()


async def test_a_step_cannot_wait_for_somebody_and_is_told_so(opened: Opened) -> None:
    """It is in a run; what it may not do is wait, which belongs into workflow code."""
    async with opened() as runtime:
        run = await runtime.run(asks_within)
        with pytest.raises(UsageError, match="belongs into workflow code"):
            _ = run.output
    with pytest.raises(UsageError, match="outside a run"):
        await approve("Anybody?")


async def test_a_leaked_task_is_cancelled_with_the_run(opened: Opened) -> None:
    """What a workflow leaves behind ends with it, and the record says so."""

    @workflow(name="leaks")
    async def leaks() -> str:
        leaked = asyncio.create_task(sleep(1000))
        await shout("x")
        return str(leaked.done())

    async with opened() as runtime:
        run = await runtime.run(leaks)
        assert run.output == "False"
        view = await runtime.show(run.id)
        assert [s.status for s in view.steps if s.kind == "timer"] == ["cancelled"]
        assert (await runtime.replay(run.id)).output == "False"

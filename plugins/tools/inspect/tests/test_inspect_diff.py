"""Two runs side by side: what is the same, what is not, where they part and why."""

import asyncio
from decimal import Decimal
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Deny,
    LlmRequest,
    LlmResponse,
    Modify,
    Status,
    Usage,
    approve,
    assistant,
    llm,
    parallel,
    policy,
    step,
    tool,
    workflow,
)
from reenact.errors import DamagedError, RunNotFoundError
from reenact.llm import Part
from reenact_inspect import RunDiff, diff
from reenact_inspect.spelling import diff_json

Opened = Any
Fake = Any

code = {"tone": "kind", "extra": False, "swap": False, "result": "", "fetched": "the text"}


@pytest.fixture(autouse=True)
def as_it_was() -> None:
    code.update(tone="kind", extra=False, swap=False, result="", fetched="the text")


@step
async def fetch(ticket: str) -> str:
    return f"{code['fetched']} of {ticket}"


@step
async def note(text: str) -> str:
    return text.upper()


@workflow(name="inspect-handle")
async def handle(ticket: str) -> str:
    text = await fetch(ticket)
    if code["extra"]:
        await note("extra")
    await note("one")
    await note("two")
    return await llm("fake:one", f"answer in a {code['tone']} tone: {text}", name="draft") + str(
        code["result"]
    )


async def two(
    opened: Opened, flow: Any, first: tuple[Any, ...], second: tuple[Any, ...], **change: Any
) -> RunDiff:
    """Run a workflow, change the code, run it again, and compare both."""
    async with opened() as runtime:
        one = await runtime.run(flow, *first)
        code.update(change)
        other = await runtime.run(flow, *second)
        return await diff(runtime, one.id, other.id)


def hows(found: RunDiff) -> dict[str, str]:
    return {one.path: one.how for one in found.changed}


async def test_a_run_does_not_differ_from_itself(opened: Opened) -> None:
    """Nor from another one that asked, was answered and ended the same."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-1")
        again = await runtime.run(handle, "T-1")

        assert (await diff(runtime, run.id, run.id)).same
        assert (await diff(runtime, run.id, again.id)).same


async def test_a_changed_prompt_is_found_and_laid_at_the_codes_door(opened: Opened) -> None:
    """Everything before it is the same, so it is the code that asks otherwise."""
    found = await two(opened, handle, ("T-1",), ("T-1",), tone="stern")

    assert hows(found) == {"draft#0": "changed"}
    assert found.first is not None
    assert found.first.step is not None
    assert (found.first.step.path, found.first.cause.kind) == ("draft#0", "code")
    assert not found.first.cause.certain
    (change,) = found.first.step.input
    assert change.at == "$.messages[0].parts[0].text"
    assert (
        change.unified == "-answer in a kind tone: the text of T-1\n+answer in a stern tone: the text of T-1"
    )


async def test_a_step_that_moved_has_moved_and_has_not_changed(opened: Opened) -> None:
    """One that was inserted is the only one that is new."""
    found = await two(opened, handle, ("T-1",), ("T-1",), extra=True)

    assert [(one.how, one.path) for one in found.changed] == [
        ("added", "note#0"),
        ("moved", "note#1"),
        ("moved", "note#2"),
    ]
    assert found.first is not None
    assert found.first.step is found.changed[0]


async def test_the_input_of_the_run_is_a_cause(opened: Opened) -> None:
    """Steps that differ from the first one on are laid at its door."""
    found = await two(opened, handle, ("T-1",), ("T-2",))

    assert [one.at for one in found.input] == ["$.ticket"]
    assert found.first is not None
    assert found.first.cause.kind == "input"
    assert hows(found) == {"fetch#0": "changed", "draft#0": "changed"}


async def test_another_answer_to_the_same_question_comes_from_outside(opened: Opened, fake: Fake) -> None:
    """It is certain: what was asked is the same, what came back is not."""
    async with opened() as runtime:
        one = await runtime.run(handle, "T-1")
        fake.answer = lambda request: "another"
        other = await runtime.run(handle, "T-1")
        found = await diff(runtime, one.id, other.id)

    assert found.first is not None
    assert (found.first.cause.kind, found.first.cause.certain) == ("outcome", True)
    assert "the model answered otherwise" in found.first.cause.words
    assert found.changed[0].aspects == ["output"]
    assert [one.at for one in found.output] == ["$"]


async def test_what_a_step_returned_comes_before_what_it_led_to(opened: Opened) -> None:
    """The first difference is the step's result, and not the prompt that holds it."""
    found = await two(opened, handle, ("T-1",), ("T-1",), fetched="other text")

    assert found.first is not None
    assert found.first.step is not None
    assert (found.first.step.path, found.first.cause.kind) == ("fetch#0", "outcome")
    assert hows(found) == {"fetch#0": "changed", "draft#0": "changed"}


async def test_the_same_steps_with_another_result_are_the_codes_doing(opened: Opened) -> None:
    """There is no step at which the runs part."""
    found = await two(opened, handle, ("T-1",), ("T-1",), result="!")

    assert found.first is not None
    assert (found.first.step, found.first.cause.kind) == (None, "code")
    assert hows(found) == {}


async def test_a_run_that_stopped_earlier_is_not_blamed_on_the_code(opened: Opened, fake: Fake) -> None:
    """What only the other run has is what it came to and this one did not."""
    async with opened() as runtime:
        good = await runtime.run(handle, "T-1")

        @workflow(name="inspect-handle")
        async def fails(ticket: str) -> str:
            await fetch(ticket)
            raise ValueError("no")

        bad = await runtime.run(fails, "T-1")
        found = await diff(runtime, good.id, bad.id)

    assert found.first is not None
    assert found.first.cause.kind == "unfinished"
    assert "the second run did not come so far: it is failed" in found.first.cause.words
    assert found.failures[1] is not None


async def test_a_race_that_went_the_other_way_is_told_by_its_order(opened: Opened) -> None:
    """The outcomes are the same; which came first is what differs."""
    gates = {"a": asyncio.Event(), "b": asyncio.Event()}

    @step
    async def runner(name: str) -> str:
        await gates[name].wait()
        gates["b" if name == "a" else "a"].set()
        return name

    @workflow(name="inspect-race")
    async def race() -> str:
        tasks = [asyncio.ensure_future(runner(name)) for name in "ab"]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        winner = done.pop().result()
        await asyncio.wait(tasks)
        return await note(f"{winner} won")

    async with opened() as runtime:
        ids = []
        for winner in "ab":
            for gate in gates.values():
                gate.clear()
            gates[winner].set()
            ids.append((await runtime.run(race)).id)
        found = await diff(runtime, *ids)

    assert found.first is not None
    assert found.first.cause.kind == "order"
    assert hows(found) == {"note#0": "changed"}


async def test_child_runs_stand_below_their_step(opened: Opened) -> None:
    """The first difference is found inside of them."""

    @workflow(name="inspect-parent")
    async def parent(ticket: str) -> str:
        return await handle(ticket)

    found = await two(opened, parent, ("T-1",), ("T-1",), tone="stern")

    assert found.first is not None
    assert found.first.step is not None
    assert found.first.step.path == "inspect-handle#0/draft#0"
    assert (found.a_totals.steps, found.a_totals.steps_below) == (1, 4)


async def test_branches_that_end_in_another_order_are_the_same(opened: Opened, fake: Fake) -> None:
    """What came first in parallel makes no difference as long as nothing depends on it."""

    @workflow(name="inspect-fan")
    async def fan() -> list[str]:
        return await parallel(lambda text: llm("fake:one", text), ["x", "y"])

    turn = {"first": "x"}

    async def slowly(request: LlmRequest) -> str:
        for _ in range(0 if request.messages[-1].text == turn["first"] else 20):
            await asyncio.sleep(0)
        return "answer"

    async with opened() as runtime:
        fake.answer = lambda request: "answer"
        fake.answer = slowly  # type: ignore[assignment]  # it may be awaited
        one = await runtime.run(fan)
        turn["first"] = "y"
        other = await runtime.run(fan)

        assert (await diff(runtime, one.id, other.id)).same


async def test_names_that_vendors_make_up_are_no_difference(opened: Opened, fake: Fake) -> None:
    """The id of a tool call is another in each run, in the answer and in what follows it."""
    calls = iter(range(100))

    @tool
    async def search(words: str) -> str:
        """Search."""
        return f"found {words}"

    def answer(request: LlmRequest) -> Any:
        if any(message.role == "tool" for message in request.messages):
            return "done"
        part = Part(type="tool_call", id=f"call-{next(calls)}", name="search", arguments={"words": "x"})
        return LlmResponse(message=assistant(part), model="one", usage=Usage(), request_id=f"r{next(calls)}")

    @workflow(name="inspect-tools")
    async def with_tools() -> str:
        return await llm("fake:one", "look", tools=[search])

    fake.answer = answer
    async with opened() as runtime:
        one, other = await runtime.run(with_tools), await runtime.run(with_tools)

        assert (await diff(runtime, one.id, other.id)).same


async def test_what_policies_did_is_told(opened: Opened) -> None:
    """A request that was scrubbed is compared as it is stored, and the verdict is a difference."""
    scrub = {"on": False}

    @policy("scrub", stage="request", version="1")
    def scrubbing(request: LlmRequest, context: Any) -> Any:
        if not scrub["on"]:
            return Modify(request, "nothing to do")
        messages = [attrs.evolve(one, parts=[Part(type="text", text="scrubbed")]) for one in request.messages]
        return Modify(attrs.evolve(request, messages=messages), "took out a name")

    @policy("refuse", stage="request", version="1")
    def refusing(request: LlmRequest, context: Any) -> Any:
        return Deny("never")

    async with opened(policies=[scrubbing]) as runtime:
        one = await runtime.run(handle, "T-1")
        scrub["on"] = True
        other = await runtime.run(handle, "T-1")
        found = await diff(runtime, one.id, other.id)
    async with opened(policies=[refusing]) as runtime:
        denied = await runtime.run(handle, "T-1")
        refused = await diff(runtime, one.id, denied.id)

    assert found.changed[0].scrubbed
    assert "policy" in found.changed[0].aspects
    assert found.first is not None
    assert (found.first.cause.kind, found.first.cause.certain) == ("policy", True)
    assert refused.changed[0].aspects == ["policy", "status", "failure", "output"]


async def test_an_answer_that_is_not_there_yet_is_no_other_answer(opened: Opened) -> None:
    """A run that waits is compared as far as it has come."""

    @workflow(name="inspect-asks")
    async def asks() -> bool:
        return await approve("ship?")

    async with opened() as runtime:
        one = await runtime.run(asks)
        other = await runtime.run(asks)
        await runtime.approve(one.id)
        done = await runtime.resume(one.id)
        found = await diff(runtime, one.id, other.id)

    assert done.status is Status.SUCCEEDED
    assert found.first is not None
    assert found.first.cause.words == "it has not ended in the second run"


async def test_tokens_cost_and_time_stand_side_by_side(opened: Opened) -> None:
    """What is not known is not made up."""
    async with opened(price=lambda provider, model, usage: Decimal("0.25")) as runtime:
        one = await runtime.run(handle, "T-1")
    async with opened() as runtime:
        other = await runtime.run(handle, "T-1")
        found = await diff(runtime, one.id, other.id)

    assert (found.a_totals.tokens_in, found.a_totals.tokens_out) == (10, 5)
    assert (found.a_totals.cost_usd, found.b_totals.cost_usd) == (Decimal("0.25"), None)
    assert found.a_totals.took_ns > 0


async def test_json_has_everything_the_other_way_round_too(opened: Opened) -> None:
    """Comparing b with a is comparing a with b, sides exchanged."""
    async with opened() as runtime:
        one = await runtime.run(handle, "T-1")
        code.update(extra=True, tone="stern")
        other = await runtime.run(handle, "T-1")
        there = diff_json(await diff(runtime, one.id, other.id))
        back = diff_json(await diff(runtime, other.id, one.id))

    flipped = {"added": "removed", "removed": "added"}
    sides = [(flipped.get(one["how"], one["how"]), str(one["b"]), str(one["a"])) for one in there["steps"]]
    assert sorted(sides) == sorted((one["how"], str(one["a"]), str(one["b"])) for one in back["steps"])
    assert there["first"]["cause"] == back["first"]["cause"] == "code"
    assert there["first"]["path"] == back["first"]["path"] == "note#0"


async def test_runs_that_cannot_be_read_are_errors(opened: Opened, store: MemoryStore) -> None:
    """One that is not there, and one that was changed after it was written."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-1")
        with pytest.raises(RunNotFoundError):
            await diff(runtime, run.id, "nowhere")
        store.journals[run.id][2] = store.journals[run.id][3]
        with pytest.raises(DamagedError):
            await diff(runtime, run.id, run.id)

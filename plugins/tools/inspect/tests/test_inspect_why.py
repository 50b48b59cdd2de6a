"""What led to a step: what is certain, what is found in its input, what has changed."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import (
    LlmRequest,
    LlmResponse,
    Usage,
    approve,
    assistant,
    llm,
    step,
    tool,
    user,
    workflow,
)
from reenact.errors import UsageError
from reenact.llm import Part
from reenact_inspect import Link, why
from reenact_inspect.flow import Outcome, find_links
from reenact_inspect.reasons import Reason
from reenact_inspect.spelling import why_json

Opened = Any
Fake = Any

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""The machine may be busy with other tests."""

code = {"topic": "parcels"}


@pytest.fixture(autouse=True)
def as_it_was() -> None:
    code.update(topic="parcels")


@step
async def fetch(ticket: str) -> str:
    return f"a long text about ticket {ticket} and its history"


@step
async def decide(question: str) -> bool:
    return True


@workflow(name="why-handle")
async def handle(ticket: str) -> dict[str, str]:
    text = await fetch(ticket)
    if not await decide("go on?"):
        return {}
    plan = await llm("fake:one", f"plan for {code['topic']}: {text}", name="plan")
    return {"plan": plan}


def linked(reason: Reason | None) -> dict[str, str]:
    assert reason is not None
    return {link.path: link.trace for link in reason.links}


async def test_a_step_is_traced_back_to_the_input_of_the_run(opened: Opened) -> None:
    """Through each step that its input, or the input of what it is made of, holds."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        found = await why(runtime, run.id, "plan")

    assert [one.path for one in found.reasons] == ["plan#0", "fetch#0"]
    assert linked(found.reason("plan#0")) == {"fetch#0": "text"}
    assert linked(found.reason("fetch#0")) == {"": "value"}
    assert found.reasons[0].before == 2


async def test_what_is_not_found_is_named(opened: Opened) -> None:
    """A decision leaves no trace in a prompt, and may be why it was asked at all."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        found = await why(runtime, run.id, "plan#0")

    assert found.reasons[0].silent == ["decide#0"]


async def test_what_a_run_returned_has_reasons_too(opened: Opened) -> None:
    """Without a path."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        found = await why(runtime, run.id)

    assert found.path == ""
    assert linked(found.reasons[0]) == {"plan#0": "text"}
    assert [one.path for one in found.reasons] == ["", "plan#0", "fetch#0"]


async def test_nothing_that_came_later_is_a_reason(opened: Opened) -> None:
    """Also if it holds the very same text: the order is on record."""

    @step
    async def say(text: str) -> str:
        return text

    @workflow(name="why-later")
    async def later() -> list[str]:
        return [await say("the same words again"), await say("the same words again")]

    async with opened() as runtime:
        run = await runtime.run(later)
        first, second = await why(runtime, run.id, "say#0"), await why(runtime, run.id, "say#1")

    assert first.reasons[0].links == []
    assert linked(second.reasons[0]) == {"say#0": "text"}


async def test_a_conversation_and_the_calls_in_it_are_exact(opened: Opened, fake: Fake) -> None:
    """A request that goes on from an answer is told by hash, a call by its arguments."""

    @tool
    async def search(words: str, limit: int = 5) -> str:
        """Search."""
        return f"nothing was found about {words}"

    def answer(request: LlmRequest) -> Any:
        if any(message.role == "tool" for message in request.messages):
            return "done"
        part = Part(type="tool_call", id="c1", name="search", arguments={"words": "x", "limit": 5})
        return LlmResponse(message=assistant(part), model="one", usage=Usage())

    @workflow(name="why-tools")
    async def with_tools() -> str:
        return await llm("fake:one", "look for x", tools=[search])

    fake.answer = answer
    async with opened() as runtime:
        run = await runtime.run(with_tools)
        found = await why(runtime, run.id, "llm#0/round#0")

    assert linked(found.reasons[0]) == {"llm#0": "conversation", "llm#0/search#0": "text"}
    assert [link.exact for link in found.reasons[0].links] == [True, False]
    assert linked(found.reason("llm#0/search#0")) == {"llm#0": "call"}


async def test_a_child_run_was_given_its_input_by_the_step_that_started_it(opened: Opened) -> None:
    """So the chain goes on in the run above."""

    @workflow(name="why-child")
    async def child(text: str) -> str:
        return await llm("fake:one", f"shorten: {text}")

    @workflow(name="why-parent")
    async def parent(ticket: str) -> str:
        return await child(await fetch(ticket))

    async with opened() as runtime:
        run = await runtime.run(parent, "T-100")
        found = await why(runtime, run.id, "why-child#0/llm#0")

    assert [one.path for one in found.reasons] == ["why-child#0/llm#0", "why-child#0", "fetch#0"]


async def test_what_changed_between_generations_is_told(opened: Opened, store: MemoryStore) -> None:
    """A step that began anew with another input shows both."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
    cut = store.crashed(run.id, 7)
    code.update(topic="letters")
    async with opened(store=cut) as runtime:
        await runtime.resume(run.id)
        found = await why(runtime, run.id, "plan")
        whole = await why(runtime, run.id, "fetch")

    assert found.since == "revision"
    assert [one.path for one in found.changed] == ["plan#0"]
    assert found.changed[0].revisions == 1
    (change,) = found.changed[0].revised
    assert change.unified.split("\n")[0].startswith("-plan for parcels")
    assert whole.since is None


async def test_what_changed_since_the_run_it_is_a_rerun_of_is_told(opened: Opened) -> None:
    """Step by step along the chain."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        code.update(topic="letters")
        again = await runtime.rerun(run.id)
        found = await why(runtime, again.id)

    assert (found.since, found.origin, found.missing) == ("rerun", run.id, False)
    assert [one.path for one in found.changed] == ["plan#0"]
    fetched = found.reason("fetch#0")
    assert fetched is not None
    assert fetched.step is not None
    assert fetched.step.reused


async def test_what_was_set_for_a_fork_is_told(opened: Opened) -> None:
    """The input of the run is compared too; what the runs share is the same."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        forked = await runtime.fork(run.id, "fetch#0", inputs={"ticket": "T-200"})
        found = await why(runtime, forked.id, "plan")

    assert (found.since, found.origin) == ("fork", run.id)
    assert [change.at for change in found.input] == ["$.ticket"]
    assert [one.path for one in found.changed] == ["plan#0", "fetch#0"]


async def test_a_step_or_result_that_is_not_there_is_an_error(opened: Opened) -> None:
    """With the nearest name; a run that waits has returned nothing."""

    @workflow(name="why-waits")
    async def waits() -> bool:
        return await approve("ship?")

    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        waiting = await runtime.run(waits)
        with pytest.raises(UsageError, match="did you mean 'fetch#0'"):
            await why(runtime, run.id, "fetsh#0")
        with pytest.raises(UsageError, match="has not returned anything"):
            await why(runtime, waiting.id)


async def test_json_keeps_what_is_certain_apart(opened: Opened) -> None:
    """Each link says how it was found and whether that is exact."""
    async with opened() as runtime:
        run = await runtime.run(handle, "T-100")
        told = why_json(await why(runtime, run.id, "plan"))

    assert told["reasons"][0]["links"][0]["exact"] is False
    assert told["reasons"][0]["before"] == 2


# --- what is found in what ------------------------------------------------------------------------


def links(value: Any, *outcomes: Outcome, kind: str = "step") -> list[Link]:
    return find_links(kind, "name", value, outcomes)


def came(path: str, value: Any, kind: str = "step") -> Outcome:
    return Outcome(path=path, kind=kind, value=value)


def test_a_text_inside_of_a_longer_one_tells_nothing_of_its_own() -> None:
    """It came with the longer one; if it stands elsewhere too, it counts."""
    quoted, quoting = came("a", "free shipping"), came("b", "it says: free shipping, and more")

    inside = links({"text": f"Read: {quoting.value}"}, quoted, quoting)
    twice = links({"text": f"Read: {quoting.value} Mind: {quoted.value}"}, quoted, quoting)

    assert [one.path for one in inside] == ["b"]
    assert sorted(one.path for one in twice) == ["a", "b"]


def test_of_several_that_hold_the_same_the_latest_is_taken_and_the_others_are_named() -> None:
    """As many are taken as there are places."""
    same = [came("a", "the same text"), came("b", "the same text"), came("c", "the same text")]

    once = links({"text": "Read: the same text"}, *same)
    twice = links(["the same text", "the same text"], *same)

    assert [(one.path, one.also) for one in once] == [("c", ("a", "b"))]
    assert [(one.path, one.also, one.at) for one in twice] == [("c", ("a",), "$[1]"), ("b", ("a",), "$[0]")]


@pytest.mark.parametrize("value", [True, False, None, 0, 1, 9, "", "x", 2.0])
def test_values_that_are_everywhere_are_no_trace(value: Any) -> None:
    """Neither small numbers nor yes and no."""
    assert links({"a": value}, came("a", value)) == []


@pytest.mark.parametrize("value", [10, -55, 0.5, "T-1", "ok"])
def test_values_that_are_not_are_found_as_whole_values_only(value: Any) -> None:
    """A short text in a longer one may stand there by chance."""
    assert [one.trace for one in links({"a": value}, came("a", {"b": [value]}))] == ["value"]
    assert links({"a": f"no {value} here"}, came("a", value)) == []


def test_fields_of_an_answer_in_json_are_found() -> None:
    """Also in a code fence, as models like to answer."""
    text = '```json\n{"files": ["shop/receipt.py"], "note": "round up the total"}\n```'
    answer = came(
        "llm#0", {"message": {"role": "assistant", "parts": [{"type": "text", "text": text}]}}, "llm"
    )

    found = links({"file": "shop/receipt.py"}, answer)

    assert [(one.path, one.at) for one in found] == [("llm#0", "$.file")]


@pytest.mark.parametrize("cut", [slice(500), slice(-500, None), slice(0, 40)])
def test_a_text_that_was_cut_short_is_found(cut: slice) -> None:
    """By its beginning or its end, as far as that stands there."""
    text = " ".join(str(number) for number in range(1000))

    (found,) = links({"text": f"Read:|{text[cut]}|and so on"}, came("log", text))

    assert (found.trace, found.at, found.chars) == ("part", "$.text", len(text[cut]))


def test_lines_of_a_text_are_found() -> None:
    """Where the whole is nowhere."""
    text = "the first line of the log\nthe second line of the log\nthe end"

    (found,) = links({"log": "Last: the second line of the log"}, came("log", text))

    assert (found.trace, found.sample) == ("lines", "the second line of the log")


def test_what_a_model_is_told_about_tools_and_schemas_is_not_looked_at() -> None:
    """They are the code's; only what is said counts."""
    request = {
        "model": "the same text",
        "tools": [{"description": "the same text"}],
        "messages": [{"role": "user", "parts": [{"type": "text", "text": "hello"}]}],
    }

    assert links(request, came("a", "the same text"), kind="llm") == []


@UNHURRIED
@given(st.lists(st.text("ab ", min_size=8, max_size=12), min_size=1, max_size=5, unique=True))
def test_every_text_that_was_put_in_is_found(texts: list[str]) -> None:
    """Unless it stands in another one, or is blank around its edges."""
    texts = [text for text in texts if text == text.strip() and len(text) >= 8]
    alone = [text for text in texts if not any(text in other for other in texts if other != text)]
    outcomes = [came(str(number), text) for number, text in enumerate(texts)]

    found = {link.path for link in links({"text": "|".join(texts)}, *outcomes)}

    assert {str(number) for number, text in enumerate(texts) if text in alone} <= found


def test_an_outcome_of_a_hostile_size_is_looked_for_in_reasonable_time() -> None:
    """A hundred thousand values in it are not each looked for."""
    many = came("a", [f"value number {number}" for number in range(100_000)])

    found = links({"text": "nothing of it " * 1000}, many)

    assert found == []


def test_messages_are_what_a_conversation_is_told_by() -> None:
    """An answer that is not the beginning of the request is no conversation."""
    said = user("hello").spelled()[1]
    answer = Outcome(path="a", kind="llm", value={}, chain="0" * 64)

    assert links({"messages": [said]}, answer, kind="llm") == []

"""Deliver this, store that: the workflow works with values that neither the model nor the journal sees."""

import asyncio
import gc
import json
from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import (
    Config,
    LlmEvent,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Modify,
    Part,
    PolicyContext,
    Status,
    llm,
    parallel,
    policy,
    tool,
    user,
    workflow,
)
from reenact.errors import BadRequestError, OutputError, PolicyDeniedError
from reenact.judging import ToolRequest
from reenact.policy import OwnPolicy

from conftest import Fake, Opened

SECRET, NAME = 'k-4711 "x"', "[[SECRET]]"
events: list[LlmEvent] = []
sent: list[str] = []
heard: list[Any] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    events.clear()
    sent.clear()
    heard.clear()


@policy("veil", stage=["request", "tool"])
def veil(value: Any, context: PolicyContext) -> Modify[Any] | None:
    """Take the secret out, wherever it stands."""
    if isinstance(value, ToolRequest):
        hidden = _hidden(value.arguments)
        if hidden == value.arguments:
            return None
        return Modify(attrs.evolve(value, arguments=hidden), "hid it", restore={NAME: SECRET})
    messages = [_hidden_message(message) for message in value.messages]
    if tuple(messages) == value.messages:
        return None
    return Modify(
        attrs.evolve(value, messages=messages), "hid it", restore={NAME: SECRET, "[[NO]]": "nowhere"}
    )


def _hidden(value: Any) -> Any:
    escaped = json.dumps(SECRET)[1:-1]
    twice = json.dumps(escaped)[1:-1]
    return json.loads(json.dumps(value).replace(twice, NAME).replace(escaped, NAME))


def _hidden_message(message: LlmMessage) -> LlmMessage:
    parts = [
        attrs.evolve(part, text=_hidden(part.text.replace(SECRET, NAME)), arguments=_hidden(part.arguments))
        for part in message.parts
    ]
    return LlmMessage(role=message.role, parts=parts)


@tool
async def send(to: str) -> str:
    """Send."""
    sent.append(to)
    return f"sent to {to}"


@tool
async def fail(to: str) -> str:
    """Fail."""
    raise LookupError(f"nobody is called {to}")


@attrs.frozen
class Reply:
    to: str
    yes: bool


@workflow(name="restored-text")
async def in_text() -> int:
    heard.append(await llm("fake:m", f"hello {SECRET}", on_event=events.append))
    return len(heard[-1])


@workflow(name="restored-output")
async def in_output() -> bool:
    reply = await llm("fake:m", f"hello {SECRET}", output=Reply)
    heard.append(reply)
    return reply.yes


@workflow(name="restored-tools")
async def in_tools() -> int:
    heard.append(await llm("fake:m", f"write to {SECRET}", tools=[send, fail]))
    return len(heard[-1])


@workflow(name="restored-parallel")
async def in_parallel() -> int:
    async def ask(number: int) -> str:
        return await llm("fake:m", f"{number} {SECRET}")

    heard.append(await parallel(ask, range(4), key=str))
    return len(heard[-1])


@workflow(name="restored-conversation")
async def in_conversation() -> int:
    first = await llm("fake:m", f"hello {SECRET}")
    heard.append(await llm("fake:m", [user("again"), user(first)]))
    return len(heard[-1])


def kept(store: MemoryStore) -> str:
    """Return all that is stored, as text."""
    return repr((store.runs, store.journals, store.content, store.inbox, store.ledger))


def calls(name: str, to: str) -> LlmResponse:
    call = Part(type="tool_call", id="c1", name=name, arguments={"to": to})
    return LlmResponse(message=LlmMessage(role="assistant", parts=[call]), finish="tool_calls")


def said(request: LlmRequest) -> str:
    return " ".join(f"{part.text} {part.arguments}" for message in request.messages for part in message.parts)


def answer(request: LlmRequest) -> Any:
    """Answer a request with its own words; call a tool if it is the first time and there are any."""
    if request.output_schema is not None:
        return json.dumps({"to": NAME, "yes": True})
    if request.tools and len(request.messages) == 1:
        return calls("send", NAME)
    return f"you said {request.messages[-1].text or said(request)} [[FORGED]] [[NO]]"


FLOWS = [in_text, in_output, in_tools, in_parallel, in_conversation]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.spec.name)
async def test_the_workflow_has_the_value_and_nobody_else(
    opened: Opened, fake: Fake, store: MemoryStore, flow: Any
) -> None:
    """In text, output, tool calls and conversations: the model and the journal see placeholders only."""
    fake.answer = answer

    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(flow)

    assert run.status is Status.SUCCEEDED
    assert SECRET in json.dumps(heard, default=str).replace("\\", "") + str(heard)
    assert all("k-4711" not in said(request) for _, request in fake.asked)
    assert "k-4711" not in kept(store)
    assert NAME in kept(store)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.spec.name)
async def test_replay_gives_what_live_gave_without_the_policy(opened: Opened, fake: Fake, flow: Any) -> None:
    """A replay needs neither the policy nor the value: the code brings it, and the record says where."""
    fake.answer = answer
    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(flow)
    live = list(heard)

    async with opened() as runtime:
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output
    assert heard[len(live) :] == live
    assert fake.calls == len(fake.asked)


async def test_a_placeholder_that_is_not_on_record_stays(opened: Opened, fake: Fake) -> None:
    """What a model makes up, and what the code never said, is text."""
    fake.answer = answer

    async with opened(policies=[veil]) as runtime:
        await runtime.run(in_text)

    assert heard == [f"you said hello {SECRET} [[FORGED]] [[NO]]"]


async def test_a_tool_gets_the_value_and_its_record_does_not(opened: Opened, fake: Fake) -> None:
    """Arguments and result of a tool are stored with the placeholder; a replay reads the value."""
    fake.answer = answer

    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(in_tools)
        steps = {step.path: step for step in (await runtime.show(run.id)).steps}

    assert sent == [SECRET]
    assert steps["llm#0/send#0"].input == {"to": NAME}
    assert steps["llm#0/send#0"].output == f"sent to {NAME}"


async def test_what_a_tool_raises_is_stored_without_the_value(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """The message of an exception is told with the value and stored without it."""
    fake.answer = lambda request: (
        calls("fail", NAME) if len(request.messages) == 1 else request.messages[-1].parts[0].text
    )

    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(in_tools)
        live = list(heard)
        await runtime.replay(run.id)

    assert live == [f"LookupError: nobody is called {SECRET}"]
    assert heard == live * 2
    assert "k-4711" not in kept(store)


async def test_events_have_the_value(opened: Opened, fake: Fake) -> None:
    """A listener hears the value though the model wrote a placeholder."""
    fake.answer = lambda request: f"to {NAME} with love"

    async with opened(policies=[veil]) as runtime:
        await runtime.run(in_text)

    assert "".join(event.text for event in events if event.type == "text").strip() == f"to {SECRET} with love"
    assert events[-1].response is not None
    assert events[-1].response.text == f"to {SECRET} with love"


async def test_an_answer_that_does_not_fit_is_quoted_with_placeholders(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """The error goes on record, so it says what the model said."""
    fake.answer = lambda request: json.dumps({"to": NAME, "yes": NAME})

    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(in_output)

    assert isinstance(run.error, OutputError)
    assert NAME in run.error.answer
    assert "k-4711" not in kept(store)


@workflow(name="restored-raised")
async def raising() -> None:
    raise ValueError(await llm("fake:m", f"hello {SECRET}"))


@workflow(name="restored-unheard")
async def unheard() -> None:
    async def ask() -> None:
        raise ValueError(await llm("fake:m", f"hello {SECRET}"))

    await asyncio.wait([asyncio.create_task(ask())])


async def test_what_nobody_catches_is_logged_without_the_value(
    opened: Opened, fake: Fake, caplog: pytest.LogCaptureFixture
) -> None:
    """A task that failed unheard is named with its line, and not with its words."""
    fake.answer = answer
    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(unheard)
        gc.collect()  # asyncio complains when the task is thrown away

    assert run.status is Status.SUCCEEDED
    assert "never retrieved (ValueError at" in caplog.text
    assert "test_restoring.py" in caplog.text
    assert "k-4711" not in caplog.text


async def test_what_a_workflow_raises_is_stored_without_the_value(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """The caller gets the exception as it was raised; the record has placeholders."""
    fake.answer = answer

    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(raising)

    assert SECRET in str(run.error)
    assert "k-4711" not in kept(store)


@workflow(name="restored-stand-in")
async def with_stand_in() -> int:
    heard.append(await llm("both", f"hello {SECRET}"))
    return len(heard[-1])


async def test_what_a_stand_in_answers_is_restored(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """A policy that wants to see the second model only has its values restored too, live and on replay."""

    @policy("veil-b", stage="request")
    def veil_b(value: Any, context: PolicyContext) -> Any:
        return veil.judge(value, context) if context.model == "b" else None

    def refuse_a(request: LlmRequest) -> Any:
        first = NAME not in said(request)
        return BadRequestError("fake", "no", status=400) if first else f"you said {said(request)}"

    fake.answer = refuse_a
    config = Config(models={"both": ["fake:a", "fake:b"]})

    async with opened(config, policies=[veil_b]) as runtime:
        run = await runtime.run(with_stand_in)
    async with opened(config) as runtime:
        await runtime.replay(run.id)

    assert heard == [f"you said hello {SECRET} None"] * 2


@pytest.mark.parametrize("rows", [1, 2])
async def test_a_crash_loses_nothing(opened: Opened, fake: Fake, store: MemoryStore, rows: int) -> None:
    """A run that is taken up again, its question on record or not, restores what it is answered."""
    fake.answer = answer
    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(in_text)
    cut = store.crashed(run.id, rows)

    async with opened(store=cut, policies=[veil]) as runtime:
        resumed = await runtime.resume(run.id)
        await runtime.replay(run.id)

    assert resumed.status is Status.SUCCEEDED
    assert heard == [f"you said hello {SECRET} [[FORGED]] [[NO]]"] * 3
    assert "k-4711" not in kept(cut)


async def test_what_is_taken_from_before_a_revision_is_restored(
    opened: Opened, fake: Fake, store: MemoryStore
) -> None:
    """An answer that keeps its place although the run took another way is restored, and again on replay."""
    fake.answer = lambda request: RuntimeError("down") if "again" in said(request) else answer(request)
    async with opened(policies=[veil]) as runtime:
        run = await runtime.run(in_conversation)
    fake.answer = answer

    async with opened(policies=[veil]) as runtime:
        resumed = await runtime.resume(run.id)
        await runtime.replay(run.id)

    assert resumed.status is Status.SUCCEEDED
    assert SECRET in heard[0]
    assert heard == [heard[0]] * 2
    assert "k-4711" not in kept(store)


async def test_policies_are_told_what_is_known(opened: Opened, fake: Fake) -> None:
    """What was taken out before is known to policies later in the run, also after the start was replayed."""
    fake.answer = answer
    known: list[dict[str, Any]] = []

    @policy("look", stage="request")
    def look(value: Any, context: PolicyContext) -> None:
        known.append(dict(context.known))

    async with opened(policies=[veil, look]) as runtime:
        await runtime.run(in_conversation)

    assert known == [{}, {NAME: SECRET}]


@pytest.mark.parametrize("stage", ["response", "settle"])
async def test_answers_cannot_be_restored_from(opened: Opened, fake: Fake, stage: Any) -> None:
    """What a model said does not come again with the code: a policy that wants it back is in error."""

    @policy("wrong", stage=stage)
    def wrong(value: Any, context: PolicyContext) -> Modify[Any]:
        return Modify(value, "why", restore={NAME: SECRET})

    async with opened(policies=[wrong]) as runtime:
        run = await runtime.run(in_text)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == f"policy_error: nothing can be restored in the stage {stage}"


def test_the_policy_is_one() -> None:
    """The double of these tests is a policy like any other."""
    names: Sequence[str] = sorted(veil.stages)

    assert isinstance(veil, OwnPolicy)
    assert names == ["request", "tool"]

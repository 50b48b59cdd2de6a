"""Asking models from workflows: aliases and stand-ins, streams, prices, tools and answers of any kind."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import attrs
import pytest
from reenact import (
    Config,
    LlmEvent,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Part,
    Usage,
    assistant,
    complete,
    llm,
    step,
    tool,
    user,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import (
    AuthenticationError,
    ConfigError,
    MalformedAnswerError,
    OutputError,
    OverloadedError,
    RateLimitedError,
    UsageError,
)
from reenact.seams import CallContext, Capabilities

from conftest import Fake, Opened

heard: list[LlmEvent] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    heard.clear()


@attrs.frozen
class Node:
    name: str
    next: "Node | None" = None


@tool
async def search(query: str, limit: int = 3) -> dict[str, Any]:
    """Find things.

    More that models are not told.
    """
    return {"found": query, "limit": limit}


@tool(raises=True)
async def breaks() -> str:
    raise LookupError("gone")


@workflow(name="asking-once")
async def once(model: str) -> str:
    return await llm(model, "hello")


@workflow(name="asking-streamed")
async def streamed() -> str:
    return await llm("fake:m", "one two", on_event=heard.append)


@workflow(name="asking-with")
async def asking_with(options: dict[str, Any]) -> str:
    return await llm("fake:m", [user("hi")], **options)


@workflow(name="asking-tools")
async def with_tools(choice: str) -> str:
    return await llm("fake:m", "go", tools=[search, breaks], tool_choice=choice)


@workflow(name="asking-node")
async def for_a_node() -> Node:
    return await llm("fake:m", "a list", output=Node)


async def test_a_stand_in_is_asked_when_a_model_gives_up(opened: Opened) -> None:
    """After its attempts, or at once if another attempt makes no sense; which one answered is on record."""
    first = Fake(answer=lambda request: OverloadedError("a", "full", retry_after_s=1))
    second = Fake(answer=lambda request: AuthenticationError("b", "no key"))
    third = Fake(answer=lambda request: "here")
    config = Config(models={"any": ["a:x", "b:y", "c:z"]}, runtime=RuntimeOptions(llm_attempts=2))

    async with opened(config, providers={"a": first, "b": second, "c": third}) as runtime:
        run = await runtime.run(once, "any")
        (view,) = (await runtime.show(run.id)).steps

    assert run.output == "here"
    assert (first.calls, second.calls, third.calls) == (2, 1, 1)
    assert len({one.contexts[0].idempotency_key for one in (first, second, third)}) == 1
    assert (view.attempts, view.model) == (4, "z")


async def test_stand_ins_are_asked_in_order(opened: Opened) -> None:
    """When a model does not answer, the next of its alias is asked; replay takes the one that did."""
    down = Fake(answer=lambda request: RateLimitedError("down", "no", 429, retry_after_s=0), name="down")
    up = Fake(answer=lambda request: "here", name="up")
    config = Config(models={"smart": ["down:a", "up:b"]}, runtime=RuntimeOptions(llm_attempts=2))

    @workflow(name="aliased")
    async def aliased() -> str:
        return await llm("smart", "hello")

    async with opened(config, providers={"down": down, "up": up}) as runtime:
        run = await runtime.run(aliased)
        view = await runtime.show(run.id)
        assert (await runtime.replay(run.id)).output == "here"

    assert (down.calls, up.calls) == (2, 1)
    assert view.steps[0].model == "b"


async def test_a_model_that_nobody_knows_is_named(opened: Opened) -> None:
    """With the alias that was probably meant."""
    async with opened(Config(models={"fast": ["fake:m"]})) as runtime:
        run = await runtime.run(once, "fasst")

    assert isinstance(run.error, ConfigError)
    assert "no model is called 'fasst'; did you mean 'fast'? (aliases: fast; or write" in str(run.error)


async def test_a_stream_is_heard_live_and_stored_once(opened: Opened, fake: Fake) -> None:
    """The replay is silent."""
    async with opened() as runtime:
        run = await runtime.run(streamed)
        live = list(heard)
        replayed = await runtime.replay(run.id)

    assert [event.text for event in live] == ["answer ", "to ", "one ", "two ", ""]
    assert live[-1].type == "end"
    assert heard == live
    assert replayed.output == run.output == "answer to one two"


async def test_a_provider_that_does_not_stream_is_asked_whole(opened: Opened, fake: Fake) -> None:
    """The listener hears nothing, the answer is the same."""
    fake.capabilities = Capabilities(stream=False)

    async with opened() as runtime:
        run = await runtime.run(streamed)

    assert run.output == "answer to one two"
    assert heard == []


class Endless(Fake):
    """Streams without an end."""

    closed = 0

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        self.asked.append((context.trace.path, request))
        try:
            yield LlmEvent(type="text", text="a")
        finally:
            Endless.closed += 1


async def test_a_stream_without_its_end_is_a_failed_attempt(opened: Opened) -> None:
    """What came of it is no answer; it is tried again."""
    endless = Endless()
    config = Config(runtime=RuntimeOptions(llm_attempts=3))

    async with opened(config, providers={"fake": endless}) as runtime:
        run = await runtime.run(streamed)

    assert isinstance(run.error, MalformedAnswerError)
    assert endless.calls == Endless.closed == 3


@pytest.mark.parametrize(("own", "expected"), [(None, Decimal("0.15")), (Decimal("0.2"), Decimal("0.2"))])
async def test_a_call_has_a_price(opened: Opened, fake: Fake, own: Decimal | None, expected: Decimal) -> None:
    """The provider's own, or one worked out from the usage; it adds up in the run."""
    fake.answer = lambda request: LlmResponse(
        message=assistant("x"), usage=Usage(input_tokens=10, output_tokens=5), cost_usd=own
    )

    def price(provider: str, model: str, usage: Usage) -> Decimal:
        assert (provider, model) == ("fake", "m")
        return Decimal("0.01") * ((usage.input_tokens or 0) + (usage.output_tokens or 0))

    async with opened(price=price) as runtime:
        run = await runtime.run(once, "fake:m")

    assert run.cost_usd == expected
    assert (run.record.tokens_in, run.record.tokens_out) == (10, 5)


async def test_a_price_that_is_not_known_is_not_zero(opened: Opened) -> None:
    """Nor is that of the whole run."""
    async with opened() as runtime:
        run = await runtime.run(once, "fake:m")

    assert run.cost_usd is None


async def test_one_call_can_be_made_with_a_request_of_ones_own(opened: Opened, fake: Fake) -> None:
    """`complete` returns the whole answer; it can be keyed, and named."""

    @workflow(name="asking-complete")
    async def whole() -> list[str]:
        request = LlmRequest(model="fake:m", messages=[user("hi")], seed=7)
        one = await complete(request, key="x")
        two = await complete(request, name="judge")
        return [one.text, two.provider]

    async with opened() as runtime:
        run = await runtime.run(whole)
        view = await runtime.show(run.id)

    assert run.output == ["answer to hi", "fake"]
    assert [s.path for s in view.steps] == ["llm[x]", "judge#0"]
    assert fake.asked[0][1].seed == 7


@pytest.mark.parametrize("name", ["", "a/b", "a#0", ":cancel", "a\nb", "[x]"])
async def test_a_name_that_means_something_in_a_path_is_refused(opened: Opened, name: str) -> None:
    """Or a step could stand where another one is, or pass for a cancellation."""

    @workflow(name="asking-named")
    async def named(name: str) -> str:
        request = LlmRequest(model="fake:m", messages=[])
        try:
            await complete(request, name=name)
        except UsageError:
            return await llm("fake:m", "hi", name=name)
        return "?"

    async with opened() as runtime:
        run = await runtime.run(named, name)

    assert isinstance(run.error, UsageError)
    assert "is no name for a step" in str(run.error)


async def test_a_request_may_have_no_messages(opened: Opened, fake: Fake) -> None:
    """It is stored, shown and replayed like any."""
    fake.answer = lambda request: "nothing to say"

    @workflow(name="asking-nothing")
    async def nothing() -> str:
        return await llm("fake:m", [])

    async with opened() as runtime:
        run = await runtime.run(nothing)
        view = await runtime.show(run.id)
        await runtime.verify(run.id)

    assert view.steps[0].input["messages"] == []
    assert view.steps[0].output["message"]["parts"][0]["text"] == "nothing to say"


async def test_sampling_is_sent_only_if_it_is_set(opened: Opened, fake: Fake) -> None:
    """Several vendors refuse a default; what no model knows is an error of the caller's."""
    async with opened() as runtime:
        await runtime.run(asking_with, {"temperature": 0.5, "system": "Be short.", "stop": ["x"]})
        wrong = await runtime.run(asking_with, {"temprature": 0.5})

    request = fake.asked[0][1]
    assert (request.temperature, request.top_p, request.stop) == (0.5, None, ("x",))
    assert [message.role for message in request.messages] == ["system", "user"]
    assert "unexpected keyword argument 'temprature'" in str(wrong.error)


async def test_a_model_can_be_asked_in_a_workflow_only(opened: Opened) -> None:
    """Elsewhere the call would not go on record; the error says what to do."""

    @step
    async def asks() -> str:
        return await llm("fake:m", "hi")

    @workflow(name="asking-in-step")
    async def in_step() -> str:
        return await asks()

    async with opened() as runtime:
        run = await runtime.run(in_step)

    assert isinstance(run.error, UsageError)
    for outside in (lambda: llm("fake:m", "hi"), lambda: complete(LlmRequest(model="m", messages=[]))):
        with pytest.raises(UsageError, match="a model can be asked from a workflow only"):
            await outside()


def wants(*calls: tuple[str, dict[str, Any] | None]) -> LlmResponse:
    parts = [
        Part(type="tool_call", id=f"c{n}", name=name, arguments=arguments)
        for n, (name, arguments) in enumerate(calls)
    ]
    return LlmResponse(message=LlmMessage(role="assistant", parts=parts), finish="tool_calls")


async def test_a_model_is_told_what_it_called_wrongly(opened: Opened, fake: Fake) -> None:
    """A tool that is not there, arguments that are no JSON, unknown, missing or of another type."""
    calls = wants(
        ("nothing", {}),
        ("search", None),
        ("search", {"query": "x", "colour": "red"}),
        ("search", {"limit": 1}),
        ("search", {"query": 5}),
        ("search", {"query": "ok"}),
    )
    answers = iter([calls, "done"])
    fake.answer = lambda request: next(answers)

    async with opened() as runtime:
        run = await runtime.run(with_tools, "required")

    first, second = (request for _, request in fake.asked)
    told = [(m.parts[0].text, m.parts[0].failed) for m in second.messages if m.role == "tool"]
    assert run.output == "done"
    assert [failed for _, failed in told] == [True] * 5 + [False]
    assert [text[:32] for text, _ in told] == [
        "there is no tool 'nothing'; ther",
        "the arguments are not valid JSON",
        "the arguments do not fit: search",
        "the arguments do not fit: missin",
        "the arguments do not fit: value ",
        '{"found":"ok","limit":3}',
    ]
    assert (first.tool_choice, second.tool_choice) == ("required", "auto")
    assert [t.description for t in first.tools] == ["Find things.", ""]


async def test_a_tool_may_end_the_conversation(opened: Opened, fake: Fake) -> None:
    """If its exceptions are the program's business and not the model's."""
    fake.answer = lambda request: wants(("breaks", {}))

    async with opened() as runtime:
        run = await runtime.run(with_tools, "auto")

    assert isinstance(run.error, LookupError)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "a", "next": {"name": "b"}}',
        '```json\n{"name": "a", "next": {"name": "b"}}\n```',
        '  \n{"name": "a", "next": {"name": "b", "next": null}}  ',
    ],
)
async def test_an_answer_is_read_as_its_type(opened: Opened, fake: Fake, text: str) -> None:
    """Also from a code fence; a type that refers to itself is stored and shown like any."""
    fake.answer = lambda request: text

    async with opened() as runtime:
        run = await runtime.run(for_a_node)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert run.output == Node("a", Node("b")) == replayed.output
    assert "$defs" in view.steps[0].input["output_schema"]


@pytest.mark.parametrize("text", ["", "{", '{"name": NaN}', '{"name": 5}', "[" * 100_000])
async def test_an_answer_that_never_fits_is_an_error_that_has_it(
    opened: Opened, fake: Fake, text: str
) -> None:
    """After the model was told once."""
    fake.answer = lambda request: text

    async with opened() as runtime:
        run = await runtime.run(for_a_node)

    assert isinstance(run.error, OutputError)
    assert run.error.answer == text
    assert fake.calls == 2

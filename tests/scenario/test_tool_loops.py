"""Models that call tools, and answers that have to have a shape: each round is a step."""

from typing import Any

import attrs
from pytest_reenact.memory import MemoryStore
from reenact import llm, tool, workflow
from reenact.errors import OutputError, TooManyRoundsError
from reenact.llm import LlmRequest, LlmResponse, Part, assistant

from conftest import Fake, Opened


@attrs.frozen
class Verdict:
    yes: bool
    why: str = ""


@tool
async def lookup(word: str, times: int = 1) -> str:
    """Look a word up."""
    if word == "bad":
        raise ValueError("no such word")
    return word * times


@workflow
async def agent(question: str) -> str:
    return await llm("fake:m", question, tools=[lookup], max_rounds=3)


def _wants(*calls: tuple[str, dict[str, Any]]) -> LlmResponse:
    parts = [
        Part(type="tool_call", id=f"c{i}", name=name, arguments=args) for i, (name, args) in enumerate(calls)
    ]
    return LlmResponse(message=assistant(*parts), finish="tool_calls", model="m")


async def test_a_tool_loop_is_steps(opened: Opened, fake: Fake) -> None:
    """Each round and each tool call is a step; errors of tools are told to the model."""

    def answer(request: LlmRequest) -> str | LlmResponse:
        results = [p for m in request.messages for p in m.parts if p.type == "tool_result"]
        if results:
            return " | ".join(f"{p.text}{' (failed)' if p.failed else ''}" for p in results)
        return _wants(
            ("lookup", {"word": "ab", "times": 2}),
            ("lookup", {"word": "bad"}),
            ("nope", {}),
            ("lookup", {"x": 1}),
        )

    fake.answer = answer
    async with opened() as runtime:
        run = await runtime.run(agent, "look")
        view = await runtime.show(run.id)
        assert (await runtime.replay(run.id)).output == run.output

    told = run.output.split(" | ")
    assert told[0] == "abab"
    assert told[1] == "ValueError: no such word (failed)"
    assert "there is no tool 'nope'" in told[2]
    assert "takes no argument 'x'" in told[3]
    assert [s.path for s in view.steps] == ["llm#0", "llm#0/lookup#0", "llm#0/lookup#1", "llm#0/round#0"]
    assert fake.calls == 2


async def test_a_model_that_only_calls_tools_is_stopped(opened: Opened, fake: Fake) -> None:
    """After the rounds it was given, that is an error."""
    fake.answer = lambda request: _wants(("lookup", {"word": "x"}))
    async with opened() as runtime:
        run = await runtime.run(agent, "look")
    assert isinstance(run.error, TooManyRoundsError)


@workflow
async def judges(text: str) -> str:
    verdict = await llm("fake:m", text, output=Verdict)
    return f"{verdict.yes}"


async def test_an_answer_that_does_not_fit_is_repaired_once(opened: Opened, fake: Fake) -> None:
    """The repair is a step of its own; a second misfit is an error that has the answer."""
    answers = iter(["not json", '{"yes": true}'])
    fake.answer = lambda request: next(answers)
    async with opened() as runtime:
        run = await runtime.run(judges, "good?")
        view = await runtime.show(run.id)
        assert run.output == "True"
        assert [s.path for s in view.steps] == ["llm#0", "llm#0/repair#0"]
        fake.answer = lambda request: '{"yes": "maybe"}'
        failed = await runtime.run(judges, "bad?")
    assert isinstance(failed.error, OutputError)
    assert "maybe" in str(failed.error)


async def test_a_long_conversation_takes_linear_room(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """Each turn stores its own messages, not those before it."""

    @workflow(name="chatty")
    async def chatty(turns: int) -> int:
        from reenact import user

        messages = []
        for turn in range(turns):
            messages.append(user(f"{turn} " + "q" * 500))
            answer = await llm("fake:m", messages)
            messages.append(assistant(answer))
        return len(messages)

    fake.answer = lambda request: f"{len(request.messages)} " + "a" * 500
    sizes = []
    async with opened() as runtime:
        for turns in (20, 40):
            store.content.clear()
            run = await runtime.run(chatty, turns)
            assert run.output == 2 * turns
            sizes.append(sum(len(blob.data) for blob in store.content.values()))
            assert (await runtime.replay(run.id)).output == 2 * turns
            await runtime.verify(run.id)
    assert sizes[1] < 2.2 * sizes[0]

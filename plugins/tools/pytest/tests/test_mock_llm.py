"""The scripted model: which script answers, with what, and what is said if none does."""

import asyncio
import re
from typing import Any

import attrs
import pytest
from pytest_reenact import MockLlm, TestRuntime, VirtualClock, tool_call
from reenact import LlmEvent, LlmRequest, LlmResponse, assistant, llm, parallel, tool, workflow
from reenact.errors import (
    BadRequestError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    UsageError,
)


@attrs.frozen
class Triage:
    """An answer with a shape."""

    queue: str
    urgent: bool


@workflow(name="mock_llm-triage")
async def triage(text: str) -> Triage:
    return await llm("smart", f"Which queue?\n{text}", output=Triage, name="triage")


@workflow(name="mock_llm-two_steps")
async def two_steps(job: str) -> list[str]:
    return [await llm("smart", f"Plan {job}", name="step1"), await llm("fast", f"Do {job}", name="step2")]


@workflow(name="mock_llm-many")
async def many(words: list[str]) -> list[str]:
    return await parallel(echo, words)


async def echo(word: str) -> str:
    return await llm("smart", f"Say {word}", name="echo")


def forgive(mock_llm: MockLlm) -> str:
    """Return what would have failed the test, and take it back."""
    problem = mock_llm.problem()
    mock_llm.misses.clear()
    for script in mock_llm.scripts:
        script.optional = True
    return problem


# --- which script --------------------------------------------------------------------------------

MATCHES = {
    "text": "Which queue?",
    "pattern": re.compile(r"queue\?\n\w+ parcel"),
    "predicate": lambda request: request.output_name == "Triage",
    "anything": None,
}


@pytest.mark.parametrize("match", MATCHES.values(), ids=MATCHES)
def test_what_a_prompt_is_matched_by(match: Any, runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Text that is contained, a pattern that is found, a function of the request, or nothing at all."""
    mock_llm.script(match, Triage("shipping", True))

    run = runtime.run_sync(triage, "late parcel")

    assert run.output == Triage("shipping", True)
    assert mock_llm.calls == 1


@pytest.mark.parametrize("path", ["triage", "triage#0", "tri*#0", "**"])
def test_steps_are_matched_by_name_or_path(path: str, runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A step is meant by its name, its path, or a pattern of paths."""
    mock_llm.with_response(path, Triage("a", False))

    assert runtime.run_sync(triage, "x").output.queue == "a"


def test_models_are_matched_by_alias(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A model is meant by the alias that the workflow asks for, known to a configuration or not."""
    mock_llm.script(answer="b", model="fast")
    mock_llm.script(answer="a", model="sm*")

    assert runtime.run_sync(two_steps, "it").output == ["a", "b"]


def test_without_conditions_order_decides(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Scripts that fit anything answer one call each, in their order."""
    for answer in ("first", "second"):
        mock_llm.script(answer=answer)

    assert runtime.run_sync(two_steps, "it").output == ["first", "second"]


def test_a_script_may_answer_more_than_once(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """With times a script answers as many calls, with None any number."""
    mock_llm.script("Say a", "A", times=2)
    mock_llm.script("Say", lambda request: request.messages[-1].text[-1], times=None)

    assert runtime.run_sync(many, ["a", "b", "a", "c"]).output == ["A", "b", "A", "c"]


def test_any_provider_is_answered_for(reenact_runtime: Any, mock_llm: MockLlm) -> None:
    """Whatever a configuration makes of an alias, the scripts answer; real providers are not opened."""
    from reenact import Config

    @workflow
    async def both() -> list[str]:
        return [await llm("smart", "one"), await llm("acme:model-9", "two")]

    keyless = {"key": {"env": "A_VARIABLE_THAT_IS_NOT_SET"}}
    config = Config(models={"smart": ["openai:gpt-9"]}, providers={"openai": keyless})
    mock_llm.script("one", "1", model="openai:gpt-9")
    mock_llm.script("two", "2", model="acme:*")

    run = reenact_runtime(config=config).run_sync(both)

    assert run.output == ["1", "2"]
    assert [call.target for call in mock_llm.calls] == ["openai:gpt-9", "acme:model-9"]


# --- what is answered ----------------------------------------------------------------------------


def test_values_are_answered_as_json(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Dictionaries, lists and objects become the JSON that the workflow reads."""

    @workflow
    async def lists() -> list[int]:
        return await llm("smart", "numbers", output=list[int])

    mock_llm.script("numbers", [1, 2])

    assert runtime.run_sync(lists).output == [1, 2]


def test_pydantic_models_are_answered(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A pydantic model is answered as its JSON."""
    pydantic = pytest.importorskip("pydantic")
    answer = pydantic.create_model("Answer", queue=(str, ...), urgent=(bool, ...))
    mock_llm.script("Which", answer(queue="q", urgent=True))

    assert runtime.run_sync(triage, "x").output == Triage("q", True)


def test_a_whole_response_is_answered(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A response is answered as it is."""
    mock_llm.script(answer=LlmResponse(message=assistant('{"queue":"r","urgent":false}'), model="exact"))

    run = runtime.run_sync(triage, "x")

    assert run.output.queue == "r"
    assert run.step("triage").model == "exact"


def test_tools_are_called(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A scripted call of a tool runs the tool, and its result is what the next script matches."""

    @tool
    async def weather(city: str) -> str:
        return f"rain in {city}"

    @workflow
    async def chat() -> str:
        return await llm("smart", "weather?", tools=[weather])

    mock_llm.script("weather?", tool_calls=[tool_call("weather", city="Graz")])
    mock_llm.script("rain in Graz", "Take an umbrella.")

    run = runtime.run_sync(chat)

    assert run.output == "Take an umbrella."
    assert run.effects("weather") == 1


def test_streams_come_in_the_scripted_pieces(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Who listens gets the pieces, and the answer is their sum."""
    heard: list[LlmEvent] = []

    @workflow
    async def talk() -> str:
        return await llm("smart", "talk", on_event=heard.append)

    mock_llm.script(
        "talk", chunks=["Once ", "upon", " a time"], usage={"input_tokens": 3, "output_tokens": 4}
    )

    run = runtime.run_sync(talk)

    assert run.output == "Once upon a time"
    assert [event.text for event in heard if event.type == "text"] == ["Once ", "upon", " a time"]
    assert (run.step("llm").tokens_in, run.step("llm").tokens_out) == (3, 4)
    assert mock_llm.calls[0].stream


def test_a_stream_may_break(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A stream that fails after some pieces is a failed attempt, and the next one is answered."""
    heard: list[LlmEvent] = []

    @workflow
    async def talk() -> str:
        return await llm("smart", "talk", on_event=heard.append)

    mock_llm.script("talk", chunks=["Once ", "upon"], error=ServerError, after=1)
    mock_llm.script("talk", "whole")

    run = runtime.run_sync(talk)

    assert run.output == "whole"
    assert [event.text for event in heard if event.type == "text"] == ["Once ", "whole"]
    assert run.step("llm").attempts == 2


def test_latency_is_virtual(runtime: TestRuntime, mock_llm: MockLlm, reenact_clock: VirtualClock) -> None:
    """A model that takes ten minutes takes ten minutes of the test's clock, in parallel with others."""
    mock_llm.script("Say", "said", latency_s=600, times=None)
    before = reenact_clock.now

    runtime.run_sync(many, ["a", "b", "c"])

    assert 600 <= (reenact_clock.now - before).total_seconds() < 601


def test_who_is_slower_comes_later(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Latency decides races as it would in the world."""

    @workflow
    async def race() -> str:
        tasks = [asyncio.create_task(echo(word)) for word in ("slow", "quick")]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return done.pop().result()

    mock_llm.script("Say slow", "slow", latency_s=3, optional=True)
    mock_llm.script("Say quick", "quick", latency_s=1)

    assert runtime.run_sync(race).output == "quick"


# --- errors --------------------------------------------------------------------------------------


def test_a_step_fails_and_is_resumed(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A run that fails at a step is resumed there; what came before is not asked again."""
    mock_llm.with_response("step1", "plan created").fail_on("step2")
    run = runtime.run_sync(two_steps, "it")
    assert run.status == "failed"
    assert isinstance(run.error, ServerError)

    mock_llm.with_response("step2", "done")
    run = runtime.sync(runtime.resume(run.id))

    assert run.output == ["plan created", "done"]
    assert mock_llm.calls.of("step1") == 1
    assert mock_llm.calls == 3


def test_errors_of_the_first_attempts(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Errors that a retry cures are raised one an attempt, then the call is answered."""
    slow = RateLimitedError("acme", "slow down", retry_after_s=30)
    mock_llm.script("Which", Triage("a", True), errors=[OverloadedError, slow])

    run = runtime.run_sync(triage, "x")

    assert run.output.queue == "a"
    assert run.step("triage").attempts == 3
    assert [call.attempt for call in mock_llm.calls] == [1, 2, 3]


def test_only_errors_of_providers_are_raised(mock_llm: MockLlm) -> None:
    """A provider raises nothing but its own errors, so nothing else can be scripted."""
    with pytest.raises(UsageError, match="not ValueError"):
        mock_llm.script("x", ValueError("no"))


NONSENSE: dict[str, dict[str, Any]] = {
    "no answer": {"match": "x"},
    "two answers": {"answer": "x", "chunks": ["x"]},
    "no calls": {"answer": "x", "times": 0},
}


@pytest.mark.parametrize("nonsense", NONSENSE.values(), ids=NONSENSE)
def test_a_script_that_makes_no_sense_is_refused(nonsense: dict[str, Any], mock_llm: MockLlm) -> None:
    """A script without an answer, with two, or for no calls is an error where it is written."""
    with pytest.raises(UsageError):
        mock_llm.script(**nonsense)


# --- misses and leftovers ------------------------------------------------------------------------


def test_a_miss_shows_the_nearest_script(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A call without a script fails with the nearest one as a diff, and where that was written."""
    mock_llm.script("Which team?", Triage("a", True), path="triage")
    mock_llm.script("entirely different", "b")

    run = runtime.run_sync(triage, "late parcel")
    problem = forgive(mock_llm)

    assert isinstance(run.error, BadRequestError)
    assert "no script answers 'triage#0' (model smart)" in str(run.error)
    assert "- prompt = 'Which team?'\n  + prompt = 'Which queue?'" in str(run.error)
    assert "test_mock_llm.py:" in str(run.error)
    assert problem.startswith("no script answers 'triage#0'")


def test_a_script_that_is_used_up_says_so(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A call that comes once too often is told which script was meant for it."""
    mock_llm.script("Say", "x", times=2)

    run = runtime.run_sync(many, ["a", "b", "c"])
    problem = forgive(mock_llm)

    assert run.status == "failed"
    assert "used up after 2 of 2 calls" in problem


def test_an_unused_script_is_a_problem(mock_llm: MockLlm) -> None:
    """A script that nobody asked for is named with its line; an optional one is not."""
    mock_llm.script("one", "1", optional=True)
    mock_llm.script("two", "2", times=None)

    problem = forgive(mock_llm)

    assert problem.splitlines()[0].startswith("script 2 ('two'; test_mock_llm.py:")
    assert "was not used" in problem
    assert forgive(mock_llm) == ""


def test_hostile_text_is_spelled_out(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """What a prompt holds cannot move the cursor of who reads about it."""
    mock_llm.script("Which\x1b[2J queue", Triage("a", True))

    run = runtime.run_sync(triage, "\x1b]0;pwned\x07 parcel \u202e")
    problem = forgive(mock_llm)

    for text in (problem, run.tree(), repr(run), repr(mock_llm.calls)):
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_calls_compare_to_their_number(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Calls are a sequence that equals its length, and that shows itself where it does not."""
    mock_llm.script(answer="x", times=None)
    runtime.run_sync(two_steps, "it")

    calls = mock_llm.calls

    assert calls == 2
    assert calls != 3
    assert calls == calls[:1] + calls[1:]
    assert [call.prompt for call in calls] == ["Plan it", "Do it"]
    assert "step2#0 (model fast, attempt 1): 'Do it'" in repr(calls)


def test_a_crashed_call_is_answered_the_same(mock_llm: MockLlm) -> None:
    """A call that is made again after a crash is the same call: same answer, no other script."""
    from reenact.llm import user
    from reenact.seams import CallContext
    from reenact.trace import TraceContext

    mock_llm.script(answer="first")
    mock_llm.script(answer="second")
    request = LlmRequest(model="smart", messages=[user("hi")])

    async def ask(path: str, attempt: int) -> str:
        context = CallContext(trace=TraceContext("0" * 31 + "1", "r", path, attempt), idempotency_key=path)
        return (await mock_llm.complete("smart", request, context)).text

    async def scene() -> list[str]:
        return [await ask("a", 1), await ask("a", 2), await ask("b", 1)]

    assert asyncio.run(scene()) == ["first", "first", "second"]

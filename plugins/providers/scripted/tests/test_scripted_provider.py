"""The scripted provider: whole answers, streams, errors, and being cancelled."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from reenact.errors import (
    BadRequestError,
    ConnectionLostError,
    OverloadedError,
    RateLimitedError,
)
from reenact.llm import (
    LlmEvent,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Part,
    assistant,
    system,
    tool_result,
    user,
)
from reenact.seams import CallContext
from reenact.trace import TraceContext
from reenact_scripted import Scripted, ScriptedOptions, open_scripted, reenact_providers

Asked = Callable[[Scripted], Coroutine[Any, Any, Any]]


def asked_of(tmp_path: Path, script: str, ask: Asked, **options: Any) -> Any:
    """Open the provider on *script*, and return what *ask* returns."""
    file = tmp_path / "answers.toml"
    file.write_text(script)

    async def ask_it() -> Any:
        async with open_scripted(ScriptedOptions(answers=file, **options)) as provider:
            return await ask(provider)

    return asyncio.run(ask_it())


def request(*messages: LlmMessage | str, model: str = "smart") -> LlmRequest:
    said: Any = [user(m) if isinstance(m, str) else m for m in messages or ("Hello",)]
    return LlmRequest(model=model, messages=said)


def context(path: str = "llm#0", attempt: int = 1) -> CallContext:
    return CallContext(trace=TraceContext("a" * 32, "run-1", path, attempt), idempotency_key="k")


def completing(
    asking: LlmRequest | None = None, path: str = "llm#0", attempt: int = 1, model: str = "smart"
) -> Asked:
    return lambda provider: provider.complete(model, asking or request(), context(path, attempt))


def streaming(seen: list[LlmEvent], attempt: int = 1) -> Asked:
    async def ask(provider: Scripted) -> None:
        async for event in provider.stream("smart", request(), context(attempt=attempt)):
            seen.append(event)  # noqa: PERF401  # what came before an error is looked at too

    return ask


# --- what is answered -----------------------------------------------------------------------------


def test_a_text_is_answered_and_costs_nothing(tmp_path: Path) -> None:
    """A text comes back as the answer under the model's name; its price is the provider's: nothing."""
    answer = asked_of(tmp_path, '[[answer]]\ntext = "Hi."', completing())

    assert (answer.text, answer.finish, answer.model, answer.provider) == ("Hi.", "stop", "smart", "scripted")
    assert answer.cost_usd is None  # the kernel prices it, by [prices] or else by the provider


def test_json_is_spelled(tmp_path: Path) -> None:
    """A JSON value comes back as text that spells it."""
    script = '[[answer]]\njson = { queue = "Größe", tags = ["a"], n = 1.5 }'

    answer = asked_of(tmp_path, script, completing())

    assert json.loads(answer.text) == {"queue": "Größe", "tags": ["a"], "n": 1.5}


def test_tools_are_called(tmp_path: Path) -> None:
    """Tool calls have ids that differ from those of other turns, and end the answer."""
    script = """
        [[answer]]
        text = "Looking."
        tool_calls = [{ name = "search", arguments = { q = "x" } }, { name = "search", id = "mine" }]
    """
    asking = request("a", assistant("b"), "c")

    answer = asked_of(tmp_path, script, completing(asking))

    assert answer.finish == "tool_calls"
    assert [(c.name, c.arguments, c.id) for c in answer.tool_calls] == [
        ("search", {"q": "x"}, "call_1_0"),
        ("search", {}, "mine"),
    ]


def test_reasoning_refusal_usage_and_finish_are_as_written(tmp_path: Path) -> None:
    """What the script says of an answer stands in it."""
    script = """
        [[answer]]
        text = "No."
        reasoning = "Hm."
        refusal = "I will not."
        finish = "content_filter"
        usage = { input_tokens = 7, cached_tokens = 2 }
    """

    answer = asked_of(tmp_path, script, completing())

    assert [part.type for part in answer.message.parts] == ["reasoning", "text"]
    assert (answer.refusal, answer.finish) == ("I will not.", "content_filter")
    assert (answer.usage.input_tokens, answer.usage.cached_tokens, answer.usage.output_tokens) == (7, 2, 2)


# --- which entry answers ---------------------------------------------------------------------------

MATCHES: Sequence[tuple[str, str, bool]] = [
    ("llm#0", "llm#0", True),
    ("llm#0", "llm#1", False),
    ("llm#*", "llm#12", True),
    ("llm#*", "llm#0/round#0", False),
    ("llm#0/**", "llm#0/search#0/llm#1", True),
    ("**/code#0", "parallel#0[a.py]/code#0", True),
    ("parallel#0[a.py]/code#0", "parallel#0[a.py]/code#0", True),
    ("parallel#0[ab]/code#0", "parallel#0a/code#0", False),
    ("**", "anything/at#0", True),
    ("llm?0", "llm#0", False),
]


@pytest.mark.parametrize(("pattern", "path", "matches"), MATCHES)
def test_a_path_is_matched_by_stars(tmp_path: Path, pattern: str, path: str, matches: bool) -> None:
    """One star stays in a segment, two do not, and every other character is itself."""
    script = f'[[answer]]\npath = "{pattern}"\ntext = "yes"\n[[answer]]\ntext = "no"'

    answer = asked_of(tmp_path, script, completing(path=path))

    assert answer.text == ("yes" if matches else "no")


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ('prompt = "parcel"', True),
        ('prompt = ["late", "parcel"]', True),
        ('prompt = ["late", "letter"]', False),
        ('prompt = "be kind"', True),
        ('prompt = "tracked"', True),
        ('prompt = "my own words"', False),
        ('model = "smart"', True),
        ('model = "sm*"', True),
        ('model = "small"', False),
        ('prompt = "parcel"\nmodel = "small"', False),
    ],
)
def test_a_prompt_and_a_model_are_matched(tmp_path: Path, condition: str, matches: bool) -> None:
    """What system, user and tools said is searched; what the model said is not."""
    script = f'[[answer]]\n{condition}\ntext = "yes"\n[[answer]]\ntext = "no"'
    call = Part(type="tool_call", id="1", name="track")
    talk = request(system("be kind"), "late parcel", assistant("my own words"), tool_result(call, "tracked"))

    answer = asked_of(tmp_path, script, completing(talk))

    assert answer.text == ("yes" if matches else "no")


def test_a_conversation_is_answered_by_its_length(tmp_path: Path) -> None:
    """Turns are told apart by how often the model has spoken, so that a new process answers alike."""
    script = '[[answer]]\nturns = [{ text = "first" }, { text = "second" }]'
    later = request("a", assistant("first"), "b")

    answers = [asked_of(tmp_path, script, completing(asking)).text for asking in (later, request("a"), later)]

    assert answers == ["second", "first", "second"]


def test_a_repeated_step_is_answered_by_its_number(tmp_path: Path) -> None:
    """Repeats are told apart by the number at the end of the path."""
    script = '[[answer]]\npath = "**/review*"\nrepeats = [{ text = "no" }, { text = "yes" }]'
    paths = ("a/review#1", "a/review#0", "a/review[x]", "a/review[x]#1")

    answers = [asked_of(tmp_path, script, completing(path=path)).text for path in paths]

    assert answers == ["yes", "no", "no", "yes"]


def test_a_miss_shows_the_nearest_entry_as_a_diff(tmp_path: Path) -> None:
    """A request that nothing answers is told which entry comes nearest, and in what it differs."""
    script = """
        [[answer]]
        path = "other#0"
        prompt = "nothing of the kind"
        text = "x"

        [[answer]]
        path = "triage#0"
        prompt = "Triage: early parcel"
        text = "x"
    """

    with pytest.raises(BadRequestError) as raised:
        asked_of(tmp_path, script, completing(request("Be brief.\nTriage: late parcel"), path="triage#0"))

    assert not raised.value.retryable
    assert str(raised.value).splitlines() == [
        "scripted: no entry of answers.toml answers 'triage#0' (model 'smart', turn 0); "
        "nearest is answer[1] (- it, + the request):",
        "    path = 'triage#0'",
        "    model = '**'",
        "  - prompt = 'Triage: early parcel'",
        "  + prompt = 'Triage: late parcel'",
    ]


def test_a_turn_beyond_the_last_is_a_miss(tmp_path: Path) -> None:
    """An entry whose answers are used up does not answer, and says how many it has."""
    script = '[[answer]]\nturns = [{ text = "first" }]'

    with pytest.raises(BadRequestError, match=r"- turns = '0 to 0'\n  \+ turns = '1'"):
        asked_of(tmp_path, script, completing(request("a", assistant("first"), "b")))


# --- streams ---------------------------------------------------------------------------------------


def test_a_stream_yields_the_chunks_and_then_the_whole(tmp_path: Path) -> None:
    """A stream ends with the response that a whole call would have been answered with."""
    script = '[[answer]]\nchunks = ["Hel", "lo"]\nreasoning = "Hm."\ntool_calls = [{ name = "t" }]'
    seen: list[LlmEvent] = []

    asked_of(tmp_path, script, streaming(seen))

    whole = asked_of(tmp_path, script, completing())
    assert [event.type for event in seen] == ["reasoning", "text", "text", "tool_call", "usage", "end"]
    assert [event.text for event in seen[:4]] == ["Hm.", "Hel", "lo", "{}"]
    assert seen[-1].response == whole


@pytest.mark.parametrize("text", ["a b  c ", " x", "one", "a\nb c"])
def test_a_text_is_streamed_word_by_word(tmp_path: Path, text: str) -> None:
    """A text without chunks is streamed in words that join to it."""
    seen: list[LlmEvent] = []

    asked_of(tmp_path, f"[[answer]]\ntext = {json.dumps(text)}", streaming(seen))

    pieces = [event.text for event in seen if event.type == "text"]
    assert "".join(pieces) == text
    assert len(pieces) == text.count(" ") + 1


def test_a_stream_that_fails_yields_what_it_was_told_to(tmp_path: Path) -> None:
    """An error of a stream comes after the pieces the script gives, and there is no end."""
    script = '[[answer]]\nchunks = ["a", "b", "c"]\nerror = { kind = "ConnectionLostError", after = 2 }'
    seen: list[LlmEvent] = []

    with pytest.raises(ConnectionLostError):
        asked_of(tmp_path, script, streaming(seen))

    assert [event.text for event in seen] == ["a", "b"]


# --- errors ----------------------------------------------------------------------------------------


def test_an_error_has_the_facts_of_the_script(tmp_path: Path) -> None:
    """An error is of the kind the script names, with its message, status and pause."""
    script = """
        [[answer]]
        error = { kind = "RateLimitedError", message = "slow down", status = 429, retry_after_s = 1.5 }
    """

    with pytest.raises(RateLimitedError) as raised:
        asked_of(tmp_path, script, completing(attempt=9))

    error = raised.value
    assert (error.message, error.status) == ("slow down", 429)
    assert (error.retry_after_s, error.retryable) == (1.5, True)


def test_errors_are_for_the_first_attempts(tmp_path: Path) -> None:
    """Errors in a list are raised at one attempt each; the next attempt is answered."""
    script = """
        [[answer]]
        text = "at last"
        errors = [{ kind = "OverloadedError" }, { kind = "ConnectionLostError" }]
    """

    with pytest.raises(OverloadedError):
        asked_of(tmp_path, script, completing(attempt=1))
    with pytest.raises(ConnectionLostError):
        asked_of(tmp_path, script, streaming([], attempt=2))
    assert asked_of(tmp_path, script, completing(attempt=3)).text == "at last"


# --- being cancelled, latency, the log -------------------------------------------------------------


@pytest.mark.parametrize("whole", [True, False])
def test_a_cancelled_call_ends_at_once(tmp_path: Path, whole: bool) -> None:
    """A cancellation reaches a call that waits, and passes through it."""

    async def ask(provider: Scripted) -> None:
        if whole:
            await provider.complete("smart", request(), context())
        else:
            async for _ in provider.stream("smart", request(), context()):
                pass

    async def cancelled(provider: Scripted) -> bool:
        task = asyncio.create_task(ask(provider))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert asked_of(tmp_path, '[[answer]]\ntext = "late"', cancelled, latency_s=3600.0)


def test_a_stream_may_be_left(tmp_path: Path) -> None:
    """A stream that is closed in the middle is closed, and the provider answers on."""

    async def leave(provider: Scripted) -> LlmResponse:
        async with aclosing(provider.stream("smart", request(), context())) as events:
            await anext(events)
        return await provider.complete("smart", request(), context())

    assert asked_of(tmp_path, '[[answer]]\ntext = "a b c"', leave).text == "a b c"


def test_the_latency_of_an_answer_goes_before_the_option(tmp_path: Path) -> None:
    """An answer that says how long it takes is not slowed down by the provider's own latency."""
    script = '[[answer]]\ntext = "now"\nlatency_s = 0'

    assert asked_of(tmp_path, script, completing(), latency_s=3600.0).text == "now"


def test_the_log_has_a_line_for_each_call(tmp_path: Path) -> None:
    """Each call, failed ones too, is a line of JSON that says which step and which entry."""
    script = '[[answer]]\npath = "a#0"\ntext = "x"\n[[answer]]\nerror = { kind = "QuotaError" }'
    log = tmp_path / "calls.jsonl"

    async def ask(provider: Scripted) -> None:
        await provider.complete("smart", request(), context("a#0"))
        with pytest.raises(Exception, match="as the script says"):
            await provider.complete("smart", request(), context("b#0", 2))

    asked_of(tmp_path, script, ask, log=log)

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines == [
        {"run": "run-1", "path": "a#0", "attempt": 1, "model": "smart", "answer": 0},
        {"run": "run-1", "path": "b#0", "attempt": 2, "model": "smart", "answer": 1},
    ]


def test_it_is_offered_as_scripted() -> None:
    """The plugin offers one provider, under its name."""
    (offer,) = reenact_providers()

    assert (offer.name, offer.options) == ("scripted", ScriptedOptions)

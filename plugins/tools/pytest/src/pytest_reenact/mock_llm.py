"""A model that answers what a test has scripted: at once or piece by piece, or with an error.

Which script answers follows from the call alone: the first one that fits and is not used
up. One logical call (a step, however often it is tried) is answered by one script, so a
run that is crashed and resumed is answered as if it had not been.
"""

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import attrs
from reenact.errors import BadRequestError, ProviderError, ServerError, UsageError
from reenact.llm import Finish, LlmEvent, LlmRequest, LlmResponse, Usage
from reenact.seams import CallContext, Provider

from pytest_reenact.mock_calls import Calls, MockCall
from pytest_reenact.mock_provider import MockProvider
from pytest_reenact.scripts import (
    NAME,
    NOT_GIVEN,
    Answer,
    Asked,
    Failing,
    Match,
    Script,
    ToolCall,
    explain_miss,
)


class Sleeper(Protocol):
    """What a model that takes some time waits by."""

    async def sleep(self, seconds: float) -> None:
        """Wait *seconds*."""


class MockLlm:
    """A scripted model; see `reenact.seams.Provider`. It answers for every provider and model.

    Args:
        clock: What latency is waited by.

    Attributes:
        scripts: What it was told, in order.
        misses: Why calls had no answer.
    """

    name = NAME
    capabilities = MockProvider.capabilities

    def __init__(self, clock: Sleeper) -> None:
        self.scripts: list[Script] = []
        self.misses: list[str] = []
        self._clock = clock
        self._calls: list[MockCall] = []
        self._bound: dict[tuple[str, str], tuple[Script, LlmResponse | None]] = {}

    # --- scripting

    def script(
        self,
        match: Match | None = None,
        answer: Any = NOT_GIVEN,
        *,
        path: str = "",
        model: str = "",
        times: int | None = 1,
        optional: bool = False,
        chunks: Sequence[str] = (),
        tool_calls: Sequence[ToolCall | tuple[str, Mapping[str, Any]]] = (),
        reasoning: str = "",
        refusal: str = "",
        usage: Usage | Mapping[str, int] | None = None,
        finish: Finish | None = None,
        cost_usd: Decimal | str | int | None = None,
        latency_s: float = 0.0,
        error: Failing | None = None,
        errors: Sequence[Failing] = (),
        after: int = 0,
    ) -> Script:
        """Script an answer to the calls that fit all that is given of *match*, *path* and *model*.

        The first script that fits and is not used up answers. A test in which a script goes
        unused fails.

        Args:
            match: Text that the words of system, user or tools contain, a compiled pattern that is
                found in them, or a function that is given the request.
            answer: Text; or any value whose JSON is the text (an attrs class, dataclass, pydantic
                model, list, dict); or a whole `LlmResponse`; or a `ProviderError` to raise; or a
                function of the request that returns any of these.
            path: The step: a name, or a path with ``*`` and ``**``.
            model: The alias or ``provider:model`` asked for; ``*`` is anything.
            times: How many calls it answers; None for any number, but at least one.
            optional: Whether it may go unused.
            chunks: The text, in the pieces that a stream yields.
            tool_calls: The tools that the answer calls; see `tool_call`.
            reasoning: What the model thinks first.
            refusal: The model's words, if it refuses.
            usage: Tokens; estimated if None.
            finish: Why it ends; follows from the rest if None.
            cost_usd: Its price; as the runtime prices calls if None.
            latency_s: How long it takes, in seconds of the test's clock.
            error: Raised in place of an answer.
            errors: Raised at the first attempts of a call, one each; then it is answered.
            after: How many pieces a stream yields before the error.

        Raises:
            UsageError: If there is nothing to answer, or more than one thing.
        """
        said = _said(answer, chunks=chunks, tool_calls=tool_calls, refusal=refusal, error=error)
        if times is not None and times < 1:
            raise UsageError(f"a script answers at least one call, not {times}; leave it out, or times=None")
        calls = [call if isinstance(call, ToolCall) else ToolCall(*call) for call in tool_calls]
        made = Script(
            number=len(self.scripts) + 1,
            answer=Answer(
                content=said,
                chunks=tuple(chunks),
                tool_calls=calls,
                reasoning=reasoning,
                refusal=refusal,
                usage=Usage(**usage) if isinstance(usage, Mapping) else usage,
                finish=finish,
                cost_usd=None if cost_usd is None else Decimal(str(cost_usd)),
                latency_s=latency_s,
                error=error,
                errors=tuple(errors),
                after=after,
            ),
            match=match,
            path=path,
            model=model,
            times=times,
            optional=optional,
            site=_site(),
        )
        self.scripts.append(made)
        return made

    def with_response(self, path: str, answer: Any, **more: Any) -> "MockLlm":
        """Script what the step at *path* is answered; see `script`."""
        self.script(None, answer, path=path, **more)
        return self

    def fail_on(self, path: str, error: Failing | None = None, **more: Any) -> "MockLlm":
        """Script a failure of the step at *path*: an error that no retry cures, if none is given."""
        chosen = error or ServerError(NAME, f"{path!r} fails, as the test says", status=500, retryable=False)
        self.script(None, path=path, error=chosen, **more)
        return self

    # --- looking back

    @property
    def calls(self) -> Calls:
        """The calls it got, attempts one by one; equal to their number."""
        return Calls(self._calls)

    def problem(self) -> str:
        """Return what is wrong now that the test is over: calls without an answer, scripts without a call."""
        said = self.misses or [_left(script) for script in self.scripts if script.unused]
        if not said:
            return ""
        got = "".join(f"\n  {call}" for call in self._calls) or " none"
        return "\n".join([*said, f"calls:{got}"])

    def forget(self, lost: Callable[[MockCall], bool]) -> None:
        """Forget calls that are *lost*: their answers died with the process, and the steps ask again."""
        for call in filter(lost, self._calls):
            bound, _ = self._bound.get((call.key, call.target), (None, None))
            if call.script is not None and call.script is not bound:  # an error is not kept for the call
                call.script.used -= 1
        self._calls = [call for call in self._calls if not lost(call)]

    def fresh(self, clock: Sleeper) -> "MockLlm":
        """Return one with the same scripts, none of them used."""
        made = MockLlm(clock)
        made.scripts = [attrs.evolve(script, used=0) for script in self.scripts]
        return made

    # --- answering

    async def answering(self, name: str, live: Callable[[str], Awaitable[Provider]]) -> Provider:  # noqa: ARG002  # nobody else is asked
        """Return what answers for the provider *name*."""
        return self.provider(name)

    def provider(self, name: str) -> MockProvider:
        """Return what answers for the provider *name*."""
        return MockProvider(self, name)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return the whole answer.

        Raises:
            ProviderError: If the script says so, or no script answers.
        """
        return await self.provider(self.name).complete(model, request, context)

    def stream(self, model: str, request: LlmRequest, context: CallContext) -> AsyncGenerator[LlmEvent, None]:
        """Yield the answer piece by piece; it takes as long as the whole would.

        Raises:
            ProviderError: If the script says so, or no script answers.
        """
        return self.provider(self.name).stream(model, request, context)

    def answer_to(
        self, asked: Asked, context: CallContext, *, stream: bool
    ) -> tuple[Answer, LlmResponse | ProviderError]:
        """Choose the script that answers a call, note the call, and return what is answered."""
        key = (context.idempotency_key, asked.target)
        bound, answered = self._bound.get(key, (None, None))
        script = bound or self._choose(asked)
        self._note(asked, context, script, stream=stream)
        if script is None:
            self.misses.append(explain_miss(self.scripts, asked))
            return Answer(), BadRequestError(asked.provider, self.misses[-1])
        if answered is not None:
            return script.answer, answered
        if bound is None:
            script.used += 1
        made = self._made(script, asked, context)
        if isinstance(made, LlmResponse):
            self._bound[key] = script, made
        elif script.answer.errors and script.answer.error is None:
            self._bound[key] = script, None
        return script.answer, made

    def _choose(self, asked: Asked) -> Script | None:
        for script in self.scripts:
            if not script.used_up and all(condition.holds for condition in script.conditions(asked)):
                return script
        return None

    def _note(self, asked: Asked, context: CallContext, script: Script | None, *, stream: bool) -> None:
        self._calls.append(
            MockCall(
                path=asked.path,
                model=asked.alias,
                target=asked.target,
                request=asked.request,
                attempt=asked.attempt,
                run_id=context.trace.run_id,
                stream=stream,
                script=script,
                key=context.idempotency_key,
            )
        )

    def _tries(self, asked: Asked, context: CallContext) -> int:
        """Return how many attempts were answered before; one that died with its process was not."""
        key = context.idempotency_key
        return len({call.attempt for call in self._calls if call.key == key and call.attempt < asked.attempt})

    def _made(self, script: Script, asked: Asked, context: CallContext) -> LlmResponse | ProviderError:
        answer, provider = script.answer, asked.provider
        if answer.error is not None:
            return _error(answer.error, provider)
        if answer.errors and (tries := self._tries(asked, context)) < len(answer.errors):
            return _error(answer.errors[tries], provider)
        content = answer.content
        if callable(content) and not isinstance(content, type):
            content = content(asked.request)
        if isinstance(content, ProviderError) or (
            isinstance(content, type) and issubclass(content, ProviderError)
        ):
            return _error(content, provider)
        return answer.response(asked, content, context.idempotency_key)

    async def wait(self, seconds: float) -> None:
        """Wait by the test's clock."""
        await self._clock.sleep(seconds)


def _said(answer: Any, *, chunks: Sequence[str], **others: Any) -> Any:
    """Return the content of an answer, which has to say something, and one thing."""
    if answer is not NOT_GIVEN and chunks:
        raise UsageError("a script has an answer or chunks of one, not both")
    if answer is NOT_GIVEN and not chunks and not any(others.values()):
        raise UsageError(
            "a script needs an answer: text or a value, chunks=, tool_calls=, refusal= or error="
        )
    if answer is NOT_GIVEN:
        return "".join(chunks)
    if isinstance(answer, BaseException) and not isinstance(answer, ProviderError):
        name = type(answer).__name__
        raise UsageError(
            f"a provider raises ProviderError and its kinds only, not {name}; see reenact.errors"
        )
    return answer


def _left(script: Script) -> str:
    if not script.used:
        return f"{script} was not used"
    return f"{script} was used for {script.used} of {script.times} calls"


def _error(error: Failing, provider: str) -> ProviderError:
    """Return a new error like the one in a script, from *provider*."""
    if isinstance(error, type):
        return error(provider, "as the test says")
    made: ProviderError = attrs.evolve(error)
    return made


def _site() -> str:
    """Return file and line of the test that scripts."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"

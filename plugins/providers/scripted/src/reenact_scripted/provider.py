"""Answering: at once or piece by piece, after the latency that the script gives."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Sequence
from datetime import date
from decimal import Decimal

import attrs
from reenact.llm import Finish, LlmEvent, LlmRequest, LlmResponse, Part, Usage, assistant
from reenact.prices import Price, Rate
from reenact.seams import CallContext, Capabilities

from reenact_scripted.matching import Question, choose, question_of
from reenact_scripted.script import Answer, Entry

FREE = Price(rate=Rate(input=Decimal(0), output=Decimal(0)))

CHARS_PER_TOKEN = 4
"""For the estimate, where the script does not say."""


class Scripted:
    """Answers from a script; see `reenact.seams.Provider`.

    Args:
        entries: The script.
        file: What to call it in an error.
        latency_s: How long an answer takes that does not say so itself, in seconds.
        log: A file descriptor that gets one line of JSON for each call.
    """

    name = "scripted"
    capabilities = Capabilities(images=True, seed=True)

    def __init__(
        self,
        entries: Sequence[Entry],
        file: str = "the script",
        *,
        latency_s: float = 0.0,
        log: int | None = None,
    ) -> None:
        self._entries = entries
        self._file = file
        self._latency_s = latency_s
        self._log = log

    def price_of(self, model: str, on: date) -> Price:  # noqa: ARG002  # nothing is asked
        """Return what an answer from a file costs: nothing."""
        return FREE

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return the whole answer.

        Raises:
            ProviderError: If the script says so, or has no answer.
        """
        question, answer = self._choose(model, request, context)
        await asyncio.sleep(self._latency_of(answer))
        error = answer.error_at(question.attempt)
        if error is not None:
            raise error.made(self.name)
        return _response(answer, question, context)

    async def stream(self, model: str, request: LlmRequest, context: CallContext) -> AsyncGenerator[LlmEvent]:
        """Yield the answer piece by piece; it takes as long as the whole would.

        Raises:
            ProviderError: If the script says so, or has no answer.
        """
        question, answer = self._choose(model, request, context)
        response = _response(answer, question, context)
        error = answer.error_at(question.attempt)
        events = _events(answer, response) if error is None else _events(answer, response)[: error.after]
        for event in events:
            await asyncio.sleep(self._latency_of(answer) / len(events))
            yield event
        if error is not None:
            await asyncio.sleep(0)
            raise error.made(self.name)
        yield LlmEvent(type="end", response=response)

    def _choose(self, model: str, request: LlmRequest, context: CallContext) -> tuple[Question, Answer]:
        question = question_of(model, request, context)
        position, answer = choose(self._entries, question, self._file)
        self._note(question, position, context)
        return question, answer

    def _note(self, question: Question, position: int, context: CallContext) -> None:
        """Append a line to the log: whole, also when other processes write to it."""
        if self._log is None:
            return
        line = {
            "run": context.trace.run_id,
            "path": question.path,
            "attempt": question.attempt,
            "model": question.model,
            "answer": position,
        }
        os.write(self._log, json.dumps(line).encode() + b"\n")

    def _latency_of(self, answer: Answer) -> float:
        return self._latency_s if answer.latency_s is None else answer.latency_s


def _response(answer: Answer, question: Question, context: CallContext) -> LlmResponse:
    parts = [Part(type="reasoning", text=answer.reasoning)] if answer.reasoning else []
    text = "".join(answer.pieces)
    if text:
        parts.append(Part(type="text", text=text))
    for i, call in enumerate(answer.tool_calls):
        name = call.id or f"call_{question.turn}_{i}"
        parts.append(Part(type="tool_call", id=name, name=call.name, arguments=call.arguments))
    return LlmResponse(
        message=assistant(*parts),
        finish=_finish(answer),
        usage=_usage(answer, question, text),
        model=question.model,
        provider=Scripted.name,
        request_id=context.idempotency_key,
        refusal=answer.refusal,
    )


def _finish(answer: Answer) -> Finish:
    if answer.finish is not None:
        return answer.finish
    if answer.refusal:
        return "refusal"
    return "tool_calls" if answer.tool_calls else "stop"


def _usage(answer: Answer, question: Question, text: str) -> Usage:
    estimate = Usage(input_tokens=_tokens(question.said), output_tokens=_tokens(text + answer.reasoning))
    return attrs.evolve(estimate, **answer.usage)


def _tokens(text: str) -> int:
    return -(-len(text) // CHARS_PER_TOKEN)


def _events(answer: Answer, response: LlmResponse) -> list[LlmEvent]:
    """Return everything a stream of *answer* yields before its end."""
    events = [LlmEvent(type="reasoning", text=answer.reasoning)] if answer.reasoning else []
    events += [LlmEvent(type="text", text=piece) for piece in answer.pieces]
    for i, call in enumerate(response.tool_calls):
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        events.append(LlmEvent(type="tool_call", index=i, id=call.id, name=call.name, text=arguments))
    return [*events, LlmEvent(type="usage", usage=response.usage)]

"""A scripted model under the name of one provider: it answers at once, or piece by piece."""

import json
from collections.abc import AsyncGenerator, Iterable
from typing import TYPE_CHECKING

from reenact.errors import ProviderError
from reenact.llm import LlmEvent, LlmRequest, LlmResponse
from reenact.seams import CallContext, Capabilities

from pytest_reenact.scripts import Answer, Asked

if TYPE_CHECKING:
    from pytest_reenact.mock_llm import MockLlm


class MockProvider:
    """A scripted model under the name of one provider; see `reenact.seams.Provider`."""

    capabilities = Capabilities(images=True, seed=True)

    def __init__(self, llm: "MockLlm", name: str) -> None:
        self._llm = llm
        self.name = name

    def _asked(self, model: str, request: LlmRequest, context: CallContext) -> Asked:
        return Asked(
            path=context.trace.path,
            alias=request.model,
            target=f"{self.name}:{model}",
            request=request,
            attempt=context.trace.attempt,
        )

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return the whole answer.

        Raises:
            ProviderError: If the script says so, or no script answers.
        """
        answer, made = self._llm.answer_to(self._asked(model, request, context), context, stream=False)
        await self._llm.wait(answer.latency_s)
        if isinstance(made, ProviderError):
            raise made
        return made

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Yield the answer piece by piece; it takes as long as the whole would.

        Raises:
            ProviderError: If the script says so, or no script answers.
        """
        answer, made = self._llm.answer_to(self._asked(model, request, context), context, stream=True)
        if isinstance(made, ProviderError):
            events = _pieces(answer)[: answer.after]
        else:
            events = events_of(made, answer.chunks)
        for event in events:
            await self._llm.wait(answer.latency_s / len(events))
            yield event
        if isinstance(made, ProviderError):
            await self._llm.wait(0.0 if events else answer.latency_s)
            raise made
        yield LlmEvent(type="end", response=made)


def events_of(response: LlmResponse, chunks: Iterable[str] = ()) -> list[LlmEvent]:
    """Return everything a stream of *response* yields before its end.

    Args:
        response: The whole.
        chunks: The pieces of its text; words if there are none.
    """
    events = [
        LlmEvent(type="reasoning", text=p.text) for p in response.message.parts if p.type == "reasoning"
    ]
    events += [LlmEvent(type="text", text=piece) for piece in tuple(chunks) or _words(response.text)]
    for number, call in enumerate(response.tool_calls):
        text = json.dumps(call.arguments, ensure_ascii=False)
        events.append(LlmEvent(type="tool_call", index=number, id=call.id, name=call.name, text=text))
    return [*events, LlmEvent(type="usage", usage=response.usage)]


def _pieces(answer: Answer) -> list[LlmEvent]:
    """Return the pieces of a text that is cut by an error."""
    text = answer.content if isinstance(answer.content, str) else ""
    return [LlmEvent(type="text", text=piece) for piece in answer.chunks or _words(text)]


def _words(text: str) -> list[str]:
    words = [f"{word} " for word in text.split(" ")]
    return [*words[:-1], words[-1][:-1]] if text else []

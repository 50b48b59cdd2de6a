"""Recording what real models answer, once, and answering from the record ever after.

Who answers is decided before the test begins: while a cassette is being recorded every
call goes to a real provider, otherwise none does. A call that the cassette does not have
is an error with a diff, never a live call.
"""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Literal, TypeAlias

import attrs
from reenact.config import Config
from reenact.errors import BadRequestError, ProviderError, UsageError
from reenact.llm import LlmEvent, LlmRequest, LlmResponse
from reenact.seams import CallContext, Capabilities, Provider

from pytest_reenact.cassette import (
    Cassette,
    Take,
    explain_miss,
    hash_call,
    spell_error,
    spell_request,
    spell_response,
)
from pytest_reenact.leaks import secrets_of, variables_of
from pytest_reenact.mock_llm import MockLlm, Sleeper
from pytest_reenact.mock_provider import events_of

Mode: TypeAlias = Literal["none", "once", "all"]
Live: TypeAlias = Callable[[str], Awaitable[Provider]]


class Recording:
    """Answers the calls of one test from its cassette, or records them.

    Args:
        file: The cassette.
        mode: ``none`` never records, ``once`` if there is no cassette yet, ``all`` always.
        scripted: The test's scripted model, which must not have scripts.

    Attributes:
        live: Whether real providers are asked, and what they answer is recorded.
        misses: Why calls had no answer.
    """

    def __init__(self, file: Path, mode: Mode, scripted: MockLlm) -> None:
        self.file = file
        self.mode: Mode = mode
        self.live = mode == "all" or (mode == "once" and not file.exists())
        self.misses: list[str] = []
        self._scripted = scripted
        self._cassette: Cassette | None = Cassette(file) if self.live else None
        self._runs: dict[str, int] = {}
        self._bound: dict[tuple[str, str], LlmResponse] = {}

    @property
    def cassette(self) -> Cassette:
        """The cassette; read when it is first needed."""
        if self._cassette is None:
            self._cassette = Cassette.read(self.file)
        return self._cassette

    async def answering(self, name: str, live: Live) -> Provider:
        """Return what answers for the provider *name*.

        Raises:
            UsageError: If the test has scripts, too.
        """
        if self._scripted.scripts:
            raise UsageError("a test is either scripted with mock_llm or recorded; take one of them out")
        return Recorder(self, await live(name)) if self.live else Player(self, name)

    def fresh(self, clock: Sleeper) -> "Recording":  # noqa: ARG002  # a recording takes no time
        """Return one that answers from what there is by now, with nothing used."""
        made = Recording(self.file, "none", self._scripted)
        made._cassette = Cassette(self.file, [attrs.evolve(take, used=False) for take in self.cassette.takes])
        return made

    def problem(self) -> str:
        """Return what is wrong now that the test is over: the calls that had no answer."""
        return "\n".join(self.misses)

    def save(self, test: str, config: Config) -> None:
        """Write the cassette, if one was recorded.

        Raises:
            CassetteError: If there is a secret in it, or it cannot be written.
        """
        if self.live:
            self.cassette.write(test, secrets_of(os.environ, variables_of(config.providers)))

    def note(self, provider: str, model: str, request: LlmRequest, context: CallContext) -> Take:
        """Put a call on the cassette, before it is answered."""
        spelled, target = spell_request(request), f"{provider}:{model}"
        return Take(
            run=self._runs.setdefault(context.trace.run_id, len(self._runs)),
            path=context.trace.path,
            attempt=context.trace.attempt,
            target=target,
            input_hash=hash_call(target, spelled),
            request=spelled,
        )

    def recall(
        self, provider: str, model: str, request: LlmRequest, context: CallContext
    ) -> tuple[LlmResponse | ProviderError, list[str]]:
        """Return what a call was answered, and in which pieces."""
        asked = self.note(provider, model, request, context)
        key = (context.idempotency_key, asked.target)
        if key in self._bound:  # asked again after a crash: one call, one answer
            return self._bound[key], []
        take = self.cassette.find(asked.path, asked.input_hash)
        if take is None:
            self.misses.append(
                explain_miss(self.cassette, asked.path, asked.target, asked.request, self._remedy())
            )
            return BadRequestError(provider, self.misses[-1]), []
        take.used = True
        answer = take.answer(context.idempotency_key)
        if isinstance(answer, LlmResponse):
            self._bound[key] = answer
        return answer, take.chunks

    def _remedy(self) -> str:
        if self.file.exists():
            return "if the change is meant, record it again with --reenact-record=all"
        return "record one with --reenact-record=once"


class Recorder:
    """A real provider whose answers are put on a cassette; see `reenact.seams.Provider`."""

    def __init__(self, recording: Recording, real: Provider) -> None:
        self._recording = recording
        self._real = real
        self.name = real.name
        self.capabilities = real.capabilities

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return what the real provider answers.

        Raises:
            ProviderError: What it raises.
        """
        take = self._recording.note(self.name, model, request, context)
        try:
            response = await self._real.complete(model, request, context)
        except ProviderError as error:
            self._failed(take, error)
            raise
        self._answered(take, response)
        return response

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Yield what the real provider yields.

        Raises:
            ProviderError: What it raises.
        """
        take = self._recording.note(self.name, model, request, context)
        try:
            async with aclosing(self._real.stream(model, request, context)) as events:
                async for event in events:
                    if event.type == "text":
                        take.chunks.append(event.text)
                    if event.response is not None:
                        self._answered(take, event.response)
                    yield event
        except ProviderError as error:
            self._failed(take, error)
            raise

    def _answered(self, take: Take, response: LlmResponse) -> None:
        take.response = spell_response(response)
        self._recording.cassette.takes.append(take)

    def _failed(self, take: Take, error: ProviderError) -> None:
        take.error = spell_error(error)
        self._recording.cassette.takes.append(take)


class Player:
    """Answers from a cassette; see `reenact.seams.Provider`."""

    capabilities = Capabilities(images=True, seed=True)

    def __init__(self, recording: Recording, name: str) -> None:
        self._recording = recording
        self.name = name

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Return what was recorded.

        Raises:
            ProviderError: What was recorded, or that nothing was.
        """
        answer, _ = self._recording.recall(self.name, model, request, context)
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Yield what was recorded, in the pieces in which it came.

        Raises:
            ProviderError: What was recorded, or that nothing was.
        """
        answer, chunks = self._recording.recall(self.name, model, request, context)
        if isinstance(answer, ProviderError):
            for piece in chunks:
                yield LlmEvent(type="text", text=piece)
            raise answer
        for event in events_of(answer, chunks):
            yield event
        yield LlmEvent(type="end", response=answer)

"""Fixtures for the kernel's own tests: a runtime over a store in memory, a provider that is a function."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
import pytest
from hypothesis import settings
from pytest_reenact.memory import MemoryStore
from reenact import LlmEvent, LlmRequest, LlmResponse, Plugins, Runtime, Usage, assistant, retrieval
from reenact.config import Config
from reenact.scheduler import SkippingClock
from reenact.seams import CallContext, Capabilities

settings.register_profile("few", max_examples=20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option that has every record read in the smallest of pieces."""
    parser.addoption(
        "--in-sips", action="store_true", help="read journals two rows at a time, and hold next to nothing"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make what is held and handed out as small as it can be."""
    if config.getoption("--in-sips", default=False):
        MemoryStore.rows_at_a_time = 2
        retrieval.WINDOW = 1


Answer = Callable[[LlmRequest], Any]


@attrs.define
class Fake:
    """A provider that answers what a function says, and counts.

    Attributes:
        answer: Returns the answer to a request: text, a response, or an exception to raise.
        asked: The requests it got, with the step's path.
    """

    answer: Answer = lambda request: f"answer to {request.messages[-1].text}"
    name: str = "fake"
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    asked: list[tuple[str, LlmRequest]] = attrs.field(factory=list)
    contexts: list[CallContext] = attrs.field(factory=list)

    @property
    def calls(self) -> int:
        """How often it was asked."""
        return len(self.asked)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Answer."""
        await asyncio.sleep(0)
        self.asked.append((context.trace.path, request))
        self.contexts.append(context)
        answer = self.answer(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            usage = Usage(input_tokens=10, output_tokens=5)
            return LlmResponse(message=assistant(answer), model=model, usage=usage)
        response: LlmResponse = answer
        return response

    async def stream(
        self, model: str, request: LlmRequest, context: CallContext
    ) -> AsyncGenerator[LlmEvent, None]:
        """Answer word by word."""
        response = await self.complete(model, request, context)
        for word in response.text.split():
            yield LlmEvent(type="text", text=f"{word} ")
        yield LlmEvent(type="end", response=response)


@pytest.fixture
def fake() -> Fake:
    """A provider called ``fake``."""
    return Fake()


@pytest.fixture
def store() -> MemoryStore:
    """A store in memory."""
    return MemoryStore()


Opened = Callable[..., AbstractAsyncContextManager[Runtime]]


@pytest.fixture
def opened(store: MemoryStore, fake: Fake) -> Opened:
    """Opens a runtime over the store, with the fake provider and a clock that skips."""

    def open_it(config: Config | None = None, **options: Any) -> AbstractAsyncContextManager[Runtime]:
        options.setdefault("store", store)
        options.setdefault("providers", {"fake": fake})
        options.setdefault("plugins", Plugins(installed=False))
        options.setdefault("clock", SkippingClock())
        return Runtime.open(config or Config(), **options)

    return open_it


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run tests that are coroutines; the tests need no plugin for that."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    coroutine: Coroutine[Any, Any, None] = pyfuncitem.obj(
        **{name: pyfuncitem.funcargs[name] for name in names}
    )
    asyncio.run(asyncio.wait_for(coroutine, 60))
    return True

"""Workflows that the command line brings along: one question to a model, and the smallest there is.

They are ordinary workflows: their runs are on record, and are replayed and resumed like any other.
What a model says while it still speaks goes to whoever `listening` names; a replay says nothing.
"""

import contextlib
import contextvars
from collections.abc import Iterator

from reenact import LlmRequest, complete, user, workflow
from reenact.calling import Listener
from reenact.llm import LlmMessage
from reenact.llm import system as system_message

PING_TEXT = "Say ok."
PING_TOKENS = 16
"""The fewest that every vendor takes."""

_listener: contextvars.ContextVar[Listener | None] = contextvars.ContextVar(
    "reenact_cli_listener", default=None
)


@contextlib.contextmanager
def listening(listener: Listener | None) -> Iterator[None]:
    """Have *listener* told of what models say in runs that are started in the block."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


@workflow(version="1")
async def chat(
    model: str, text: str, system: str = "", max_tokens: int | None = None, temperature: float | None = None
) -> str:
    """Ask a model one question."""
    said: list[LlmMessage] = [system_message(system)] if system else []
    request = LlmRequest(
        model=model, messages=[*said, user(text)], max_tokens=max_tokens, temperature=temperature
    )
    return (await complete(request, on_event=_listener.get())).text


@workflow(version="1")
async def ping(model: str) -> str:
    """Ask a model for as little as it can say, and return what it calls itself."""
    request = LlmRequest(model=model, messages=[user(PING_TEXT)], max_tokens=PING_TOKENS)
    return (await complete(request)).model


OWN = {f"{__name__}:{one.spec.name}": one for one in (chat, ping)}
"""The workflows by their targets, as runs note them."""


def target_of(name: str) -> str:
    """Return the target that runs of a workflow of this module note."""
    return f"{__name__}:{name}"

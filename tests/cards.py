"""A card number that is not to get out: workflows that say it, and a policy that denies it."""

from typing import Any

from reenact import (
    Deny,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Part,
    PolicyContext,
    llm,
    policy,
    tool,
    workflow,
)
from reenact.judging import Settlement, ToolRequest
from reenact.policy import OwnPolicy

CANARY = "4929-1234"
searched: list[str] = []


@tool
async def search(query: str, limit: int = 3) -> str:
    """Search."""
    searched.append(query)
    return f"found {CANARY} for {query}"


@workflow(name="policed-plain")
async def plain_call() -> str:
    return await llm("fake:m", f"card {CANARY}")


@workflow(name="policed-tools")
async def with_tools() -> str:
    return await llm("fake:m", "look it up", tools=[search])


def judge_of(stage: Any = "request") -> tuple[OwnPolicy, list[str]]:
    """Return a policy that denies what holds the canary, and what it was asked about."""
    asked: list[str] = []

    @policy("no-cards", stage=stage, version="3")
    def no_cards(value: Any, context: PolicyContext) -> Deny | None:
        asked.append(context.trace.path)
        text = str(value.arguments) if isinstance(value, ToolRequest) else all_text(value)
        return Deny("a card number") if CANARY in text else None

    return no_cards, asked


def all_text(value: LlmRequest | LlmResponse | Settlement) -> str:
    """Return all that is said in a value."""
    if isinstance(value, Settlement):
        assert value.response is not None
        value = value.response
    messages = value.messages if isinstance(value, LlmRequest) else (value.message,)
    return " ".join(f"{part.text} {part.arguments}" for message in messages for part in message.parts)


def wants_search(query: str) -> LlmResponse:
    """Return an answer that calls `search`."""
    call = Part(type="tool_call", id="c1", name="search", arguments={"query": query})
    return LlmResponse(message=LlmMessage(role="assistant", parts=[call]), finish="tool_calls")

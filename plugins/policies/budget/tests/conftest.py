"""A runtime with a budget, over a provider that says what it used."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any

import attrs
import pytest
import reenact_budget
from pytest_reenact.memory import MemoryStore
from reenact import LlmResponse, Plugins, Runtime, Usage, assistant, llm, workflow
from reenact.config import Config, PoliciesOptions
from reenact.errors import PolicyDeniedError
from reenact.llm import LlmRequest, user
from reenact.scheduler import SkippingClock
from reenact.tokens import estimate_tokens

from conftest import Fake

CENT = Decimal("0.01")
ONE = estimate_tokens(LlmRequest(model="big", messages=[user("q000")]))
"""What a question of these tests is estimated at."""


def price(provider: str, model: str, usage: Usage) -> Decimal | None:
    """A cent a token for a model that is dear, a hundredth of it for one that is not; one has no price."""
    if model == "free" or usage.input_tokens is None or usage.output_tokens is None:
        return None
    tokens = usage.input_tokens + usage.output_tokens
    return tokens * (CENT if model == "dear" else CENT / 100)


def used(tokens: int) -> LlmResponse:
    """An answer that has taken so many tokens."""
    return LlmResponse(message=assistant("yes"), usage=Usage(input_tokens=tokens, output_tokens=0))


def config(*limits: dict[str, Any], chain: list[str] | None = None, **options: Any) -> Config:
    """Return a configuration with these limits; an answer is taken to have 10 tokens at most."""
    return Config(
        policies=PoliciesOptions(chain=chain or ["budget"], time_limit_s=60),
        policy_options={"budget": {"limits": list(limits), "output_tokens": 10, **options}},
        models={"big": ["fake:dear"], "small": ["fake:cheap"], "gift": ["fake:free"]},
    )


@attrs.define
class World:
    """A runtime over a store, and what its provider was asked."""

    store: Any = attrs.field(factory=MemoryStore)
    clock: SkippingClock = attrs.field(factory=SkippingClock)
    answer: Callable[[LlmRequest], Any] = lambda request: used(5)
    fake: Fake = attrs.field(init=False)

    def opened(self, config: Config) -> AbstractAsyncContextManager[Runtime]:
        self.fake = Fake(lambda request: self.answer(request))  # noqa: PLW0108  # which may be replaced
        return Runtime.open(
            config,
            store=self.store,
            clock=self.clock,
            providers={"fake": self.fake},
            plugins=Plugins(installed=False, extra=[reenact_budget]),
            price=price,
        )

    async def spent(self, part: str = "") -> int:
        """What the accounts that hold *part* hold, in all."""
        lines = self.store.ledger.lines
        accounts = [account for account in lines if part in account and "beyond" not in account]
        return sum([await self.store.held(account) for account in accounts])


@pytest.fixture
def world() -> World:
    return World()


@workflow(name="budgeted-many")
async def many(count: int, model: str = "big") -> list[str]:
    ended = await asyncio.gather(*(llm(model, f"q{i:03}") for i in range(count)), return_exceptions=True)
    return [one if isinstance(one, str) else getattr(one, "reason", repr(one)) for one in ended]


@workflow(name="budgeted-in-turn")
async def in_turn(count: int, model: str = "big") -> list[str]:
    return [await ask(model, number) for number in range(count)]


async def ask(model: str, number: int) -> str:
    """Ask once; return the answer, or why there is none."""
    try:
        return await llm(model, f"q{number:03}")
    except PolicyDeniedError as error:
        return error.reason

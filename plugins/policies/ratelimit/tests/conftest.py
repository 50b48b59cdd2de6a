"""A runtime with limits, whose clock tells when its providers were asked."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import attrs
import pytest
import reenact_ratelimit
from pytest_reenact.memory import MemoryStore
from reenact import Plugins, Runtime, llm, workflow
from reenact.config import Config, PoliciesOptions, RuntimeOptions
from reenact.llm import LlmRequest
from reenact.scheduler import SkippingClock

from conftest import Fake

S = 1_000_000_000


def config(*limits: dict[str, Any], **options: Any) -> Config:
    """Return a configuration with these limits."""
    return Config(
        policies=PoliciesOptions(chain=["ratelimit"], time_limit_s=60),
        policy_options={"ratelimit": {"limits": list(limits), **options}},
        models={"one": ["fake:a"], "two": ["fake:b"], "other": ["spare:a"]},
        runtime=RuntimeOptions(llm_attempts=3),
    )


class PatientClock(SkippingClock):
    """Skips only when nothing has been ready for many rounds, so that no work takes time."""

    IDLE_ROUNDS = 60


@attrs.define
class World:
    """A runtime over a store, and when its provider was asked."""

    store: Any = attrs.field(factory=MemoryStore)
    clock: PatientClock = attrs.field(factory=PatientClock)
    began: list[tuple[int, str]] = attrs.field(factory=list)
    answer: Callable[[LlmRequest], Any] = lambda request: "yes"

    def opened(self, config: Config) -> AbstractAsyncContextManager[Runtime]:
        def answer(request: LlmRequest) -> Any:
            self.began.append((self.clock.now_ns(), request.messages[-1].text))
            return self.answer(request)

        return Runtime.open(
            config,
            store=self.store,
            clock=self.clock,
            providers={"fake": Fake(answer), "spare": Fake(answer, name="spare")},
            plugins=Plugins(installed=False, extra=[reenact_ratelimit]),
        )

    @property
    def times_s(self) -> list[float]:
        """When it was asked, in seconds since the first time."""
        return [(at - self.began[0][0]) / S for at, _ in self.began]

    def most_in(self, window_s: float) -> int:
        """How often it was asked in the window with the most."""
        times = [at for at, _ in self.began]
        return max(sum(1 for other in times if at <= other < at + window_s * S) for at in times)


@pytest.fixture
def world() -> World:
    return World()


@workflow(name="limited-many")
async def many(count: int, model: str = "one") -> list[str]:
    calls = [llm(model, f"q{i:03}") for i in range(count)]
    return await asyncio.gather(*calls)


@workflow(name="limited-tried")
async def tried(models: list[str]) -> list[str]:
    ended = await asyncio.gather(*(llm(model, "q") for model in models), return_exceptions=True)
    return [one if isinstance(one, str) else getattr(one, "reason", type(one).__name__) for one in ended]

"""A policy may send a call elsewhere, or admit it for a while only; then it is asked again."""

from typing import Any

import attrs
import pytest
from gates import admitting, after, one_call
from reenact import Allow, Config, LlmRequest, LlmResponse, Modify, PolicyContext, llm, policy, workflow
from reenact.errors import DivergenceError, PolicyDeniedError

from conftest import Fake, Opened


async def test_a_policy_may_name_another_model(opened: Opened) -> None:
    """The chain is asked again for it, from the start; the record says who answered and why."""
    dear, cheap = Fake(name="dear"), Fake(name="cheap")
    requests: list[tuple[str, str]] = []

    @policy("watch", stage="request")
    def watch(value: LlmRequest, context: PolicyContext) -> None:
        requests.append((context.provider, context.model))

    @policy("thrift", stage="admit")
    def thrift(value: LlmRequest, context: PolicyContext) -> Any:
        return Modify(attrs.evolve(value, model="small"), "too dear") if value.model == "big" else None

    @workflow(name="waits-thrifty")
    async def thrifty() -> str:
        return await llm("big", "hello")

    config = Config(models={"big": ["dear:l"], "small": ["cheap:s"]})

    async with opened(config, providers={"dear": dear, "cheap": cheap}, policies=[watch, thrift]) as runtime:
        run = await runtime.run(thrifty)
        view = await runtime.show(run.id)
        replayed = await runtime.replay(run.id)

    assert replayed.output == run.output == "answer to hello"
    assert (dear.calls, cheap.calls, view.steps[0].model) == (0, 1, "s")
    assert requests == [("dear", "l"), ("cheap", "s")]
    assert [(d.policy, d.stage, d.verdict) for d in view.steps[0].decisions] == [
        ("watch", "request", "allow"),
        ("thrift", "admit", "modify"),
        ("watch", "request", "allow"),
        ("thrift", "admit", "allow"),
    ]


async def test_policies_that_send_a_call_round_in_circles_deny(opened: Opened, fake: Fake) -> None:
    """There is a bound to it."""

    @policy("fickle", stage="admit")
    def fickle(value: LlmRequest, context: PolicyContext) -> Any:
        return Modify(attrs.evolve(value, model="fake:b" if value.model != "fake:b" else "fake:a"), "no")

    async with opened(policies=[fickle]) as runtime:
        run = await runtime.run(one_call)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.reason == "policy_error: not admitted in 8 tries"
    assert fake.calls == 0


async def test_an_admission_that_is_over_is_asked_for_again(opened: Opened, fake: Fake) -> None:
    """A call begins while it is admitted, or is admitted anew."""
    until: list[Allow] = [Allow(until_ns=5), Allow(until_ns=5), Allow()]
    gate, seen = admitting(lambda value, context: until.pop(0))

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)

    assert run.output == "answer to hello"
    assert len([one for _, _, one in seen if isinstance(one, str)]) == 3
    assert fake.calls == 1


async def test_a_replay_of_other_code_diverges_as_ever(opened: Opened) -> None:
    """A wait on record is no excuse."""
    gate, _ = admitting(after(60))

    @workflow(name="waits-other")
    async def other() -> LlmResponse | str:
        return await llm("fake:m", "something else")

    async with opened(policies=[gate]) as runtime:
        run = await runtime.run(one_call)
        with pytest.raises(DivergenceError):
            await runtime.replay(run.id, other)

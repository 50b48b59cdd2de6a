"""No way leads to a provider but past the policies: each is walked with one that denies."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from reenact import (
    Config,
    Deny,
    LlmMessage,
    LlmRequest,
    LlmResponse,
    Modify,
    Part,
    PolicyContext,
    Run,
    Status,
    llm,
    parallel,
    policy,
    step,
    tool,
    workflow,
)
from reenact.config import RuntimeOptions
from reenact.errors import PolicyDeniedError, RateLimitedError
from reenact.policy import OwnPolicy
from reenact_cli.chatting import chat, ping

from conftest import Fake, Opened

MODELS = {"both": ["a:m", "b:m"]}
code = SimpleNamespace(prompt="hello", model="both")
told: list[Any] = []
found: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    code.prompt, code.model = "hello", "both"
    told.clear()
    found.clear()


@tool
async def search(query: str) -> str:
    """Search."""
    found.append(query)
    return "something"


@attrs.frozen
class Reply:
    yes: bool


@workflow(name="canary-plain")
async def plain() -> str:
    return await llm(code.model, code.prompt)


@workflow(name="canary-stream")
async def stream() -> str:
    return await llm("both", "hello", on_event=told.append)


@workflow(name="canary-tools")
async def tools() -> str:
    return await llm("both", "look it up", tools=[search])


@workflow(name="canary-typed")
async def typed() -> bool:
    return (await llm("both", "yes?", output=Reply)).yes


@workflow(name="canary-child")
async def child() -> str:
    return await plain()


@workflow(name="canary-many")
async def many() -> list[str]:
    async def one(number: int) -> str:
        return await llm("both", f"question {number}")

    return await parallel(one, [1, 2, 3])


@workflow(name="canary-cached")
async def cached() -> str:
    return await llm("both", "hello", cache="workflow")


@workflow(name="canary-cached-tool")
async def cached_tool() -> str:
    return await remember("it")


@tool(cache="workflow")
async def remember(query: str) -> str:
    """Search once for all runs."""
    found.append(query)
    return "something"


@step
async def prepare() -> str:
    return "prepared"


@workflow(name="canary-later")
async def later() -> str:
    return await llm("both", f"{await prepare()}: {code.prompt}")


def denies(stage: Any, after: int = 0) -> OwnPolicy:
    """Return a policy that denies all requests of a stage but the first *after*."""
    asked: list[str] = []

    @policy("canary", stage=stage)
    def canary(value: Any, context: PolicyContext) -> Deny | None:
        asked.append(context.trace.path)
        return Deny("not from here") if len(asked) > after else None

    return canary


@attrs.define
class Providers:
    """The two providers that could be asked.

    Attributes:
        first: The one that is asked first.
        second: The stand-in.
    """

    first: Fake = attrs.field(factory=lambda: Fake(name="a"))
    second: Fake = attrs.field(factory=lambda: Fake(name="b"))

    @property
    def calls(self) -> tuple[int, int]:
        """How often each was asked."""
        return self.first.calls, self.second.calls

    @property
    def options(self) -> dict[str, Any]:
        """What a runtime is opened with."""
        return {"providers": {"a": self.first, "b": self.second}}


def config(attempts: int = 1) -> Config:
    return Config(models=MODELS, runtime=RuntimeOptions(llm_attempts=attempts))


def check_denied(run: Run) -> None:
    assert run.status is Status.FAILED
    error = run.error
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PolicyDeniedError)
    assert (error.policy, error.reason) == ("canary", "not from here")


WAYS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "plain": (plain, ()),
    "stream": (stream, ()),
    "tool loop": (tools, ()),
    "typed answer": (typed, ()),
    "child run": (child, ()),
    "at once": (many, ()),
    "cache": (cached, ()),
    "chat": (chat, ("both", "hello")),
    "ping": (ping, ("both",)),
}


@pytest.mark.parametrize("stage", ["request", "admit"])
@pytest.mark.parametrize("way", WAYS)
async def test_the_first_call_is_denied(opened: Opened, way: str, stage: Any) -> None:
    """Whatever a workflow asks by, nobody is asked: no provider, no stand-in, no tool, no listener."""
    providers = Providers()
    flow, arguments = WAYS[way]

    async with opened(config(4), policies=[denies(stage)], **providers.options) as runtime:
        check_denied(await runtime.run(flow, *arguments))

    assert (providers.calls, told, found) == ((0, 0), [], [])


def wants_search(request: LlmRequest) -> LlmResponse:
    call = Part(type="tool_call", id="c1", name="search", arguments={"query": "it"})
    return LlmResponse(message=LlmMessage(role="assistant", parts=[call]), finish="tool_calls")


def slow(request: LlmRequest) -> Exception:
    return RateLimitedError("a", "slow", retry_after_s=0)


SECONDS: dict[str, tuple[Any, Callable[[LlmRequest], Any], int, Any]] = {
    "retry": (plain, slow, 2, "admit"),
    "retry of a stream": (stream, slow, 2, "admit"),
    "stand-in, by request": (plain, slow, 1, "request"),
    "stand-in, by admission": (plain, slow, 1, "admit"),
    "round of a tool loop, by request": (tools, wants_search, 1, "request"),
    "round of a tool loop, by admission": (tools, wants_search, 1, "admit"),
    "repair, by request": (typed, lambda _: "not json", 1, "request"),
    "repair, by admission": (typed, lambda _: "not json", 1, "admit"),
}


@pytest.mark.parametrize("way", SECONDS)
async def test_what_follows_the_first_call_is_denied(opened: Opened, way: str) -> None:
    """One that was let pass opens no way for the next: retries, stand-ins, rounds and repairs are judged."""
    providers = Providers()
    flow, providers.first.answer, attempts, stage = SECONDS[way]

    async with opened(config(attempts), policies=[denies(stage, after=1)], **providers.options) as runtime:
        check_denied(await runtime.run(flow))

    assert providers.calls == (1, 0)


@pytest.mark.parametrize("stage", ["request", "admit"])
async def test_a_fork_is_denied(opened: Opened, stage: Any) -> None:
    """What the old run was allowed to ask, the fork is not."""
    providers = Providers()
    async with opened(config(), **providers.options) as runtime:
        first = await runtime.run(later)
    async with opened(config(), policies=[denies(stage)], **providers.options) as runtime:
        check_denied(await runtime.fork(first.id, "llm#0", later))

    assert providers.calls == (1, 0)


@pytest.mark.parametrize("stage", ["request", "admit"])
async def test_a_rerun_is_denied(opened: Opened, stage: Any) -> None:
    """Where its prompt has changed, it is a call like any other."""
    providers = Providers()
    async with opened(config(), **providers.options) as runtime:
        first = await runtime.run(later)
    code.prompt = "hello again"
    async with opened(config(), policies=[denies(stage)], **providers.options) as runtime:
        check_denied(await runtime.rerun(first.id, later))

    assert providers.calls == (1, 0)


@pytest.mark.parametrize("stage", ["request", "admit"])
async def test_a_resumed_run_is_denied(opened: Opened, stage: Any, store: Any) -> None:
    """What it had not asked before its process died."""
    providers = Providers()
    async with opened(config(), **providers.options) as runtime:
        first = await runtime.run(later)
    rows = store.journals[first.id]
    cut = store.crashed(first.id, next(n for n, row in enumerate(rows) if b'"kind":"llm"' in row.body))
    async with opened(config(), store=cut, policies=[denies(stage)], **providers.options) as runtime:
        check_denied(await runtime.resume(first.id, later))

    assert providers.calls == (1, 0)


@pytest.mark.parametrize(("flow", "stage"), [(cached, "request"), (cached_tool, "tool")])
async def test_what_another_run_was_answered_is_denied(opened: Opened, flow: Any, stage: Any) -> None:
    """An outcome is not taken from another run by a call that may not be made."""
    providers = Providers()
    async with opened(config(), **providers.options) as runtime:
        await runtime.run(flow)
        await runtime.run(flow)
    asked = (*providers.calls, len(found))
    async with opened(config(), policies=[denies(stage)], **providers.options) as runtime:
        check_denied(await runtime.run(flow))

    assert sum(asked) == 1
    assert (*providers.calls, len(found)) == asked


async def test_an_answer_is_taken_from_another_run_if_it_was_judged_there(opened: Opened) -> None:
    """By the policies of now, as they are now; else the model is asked, and they judge what it says."""
    providers, seen = Providers(), list[str]()

    def censor(version: str) -> OwnPolicy:
        @policy("censor", stage="response", version=version)
        def judge(value: LlmResponse, context: PolicyContext) -> None:
            seen.append(version)

        return judge

    async with opened(config(), **providers.options) as runtime:
        await runtime.run(cached)
    for version in ("1", "1", "2"):
        async with opened(config(), policies=[censor(version)], **providers.options) as runtime:
            run = await runtime.run(cached)
            assert run.output == "answer to hello"

    assert seen == ["1", "2"]
    assert providers.calls == (3, 0)


async def test_what_lets_an_outcome_be_taken_is_on_record(opened: Opened) -> None:
    """The decision about a call is there, whoever has answered it."""
    providers = Providers()
    for _ in range(2):
        async with opened(config(), policies=[denies("request", after=1)], **providers.options) as runtime:
            run = await runtime.run(cached)

        shown = await runtime.show(run.id)

    (step,) = shown.steps
    assert step.taken
    assert [(one.policy, one.verdict) for one in step.decisions] == [("canary", "allow")]


def only(provider: str) -> OwnPolicy:
    @policy("canary")
    def judge(value: LlmRequest, context: PolicyContext) -> Deny | None:
        return None if context.provider == provider else Deny("not from here")

    return judge


def moves(model: str) -> OwnPolicy:
    """Return a policy that sends calls to another model."""

    @policy("router")
    def route(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest] | None:
        return None if value.model == model else Modify(attrs.evolve(value, model=model), "moved")

    return route


@pytest.mark.parametrize("turned", [False, True])
async def test_a_policy_that_names_another_provider_opens_no_way_to_it(opened: Opened, turned: bool) -> None:
    """Whether it stands before or after the one that forbids that provider."""
    providers, chain = Providers(), [only("a"), moves("b:m")]
    code.model = "a:m"

    async with opened(config(), policies=chain[::-1] if turned else chain, **providers.options) as runtime:
        check_denied(await runtime.run(plain))

    assert providers.calls == (0, 0)


async def test_who_is_asked_after_a_router_sees_where_the_call_goes(opened: Opened) -> None:
    """It is not denied for the provider that it was taken away from."""
    providers = Providers()
    code.model = "a:m"

    async with opened(config(), policies=[moves("b:m"), only("b")], **providers.options) as runtime:
        run = await runtime.run(plain)

    assert run.status is Status.SUCCEEDED
    assert providers.calls == (0, 1)


async def test_a_stand_in_that_a_policy_exchanges_is_judged(opened: Opened) -> None:
    """The call goes where the policies have seen it go, also if it is the second that is asked."""
    providers, third = Providers(), Fake(name="c")
    providers.first.answer = slow
    options = {"providers": {**providers.options["providers"], "c": third}}

    @policy("router")
    def route(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest] | None:
        return Modify(attrs.evolve(value, model="c:m"), "moved") if context.provider == "b" else None

    async with opened(config(1), policies=[route], **options) as runtime:
        run = await runtime.run(plain)

    assert run.status is Status.SUCCEEDED
    assert (providers.calls, third.calls) == ((1, 0), 1)


async def test_policies_that_send_a_call_back_and_forth_deny_it(opened: Opened) -> None:
    """There is an end to it, and it is no call."""
    providers = Providers()

    @policy("restless")
    def restless(value: LlmRequest, context: PolicyContext) -> Modify[LlmRequest]:
        other = "b:m" if context.provider == "a" else "a:m"
        return Modify(attrs.evolve(value, model=other), "moved")

    async with opened(config(), policies=[restless], **providers.options) as runtime:
        run = await runtime.run(plain)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.policy == "restless"
    assert providers.calls == (0, 0)

"""Nobody spends more than a budget has: what a call may cost is reserved, what it did cost is settled."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
import reenact_budget
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import LlmEvent, LlmResponse, Plugins, Runtime, Status, Usage, assistant, llm, workflow
from reenact.config import Config, PoliciesOptions, load
from reenact.errors import ConfigError, ConnectionLostError, PolicyDeniedError, RateLimitedError
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
    return [await _one(model, number) for number in range(count)]


async def _one(model: str, number: int) -> str:
    try:
        return await llm(model, f"q{number:03}")
    except PolicyDeniedError as error:
        return error.reason


# --- reserving and settling


async def test_a_call_reserves_what_it_may_take_and_settles_for_what_it_did(world: World) -> None:
    """While it is under way the whole estimate is gone; afterwards what the vendor said."""
    held: list[int] = []

    async def answer() -> LlmResponse:
        held.append(await world.spent())
        return used(7)

    world.answer = lambda request: answer()

    async with world.opened(config({"tokens": 1000})) as runtime:
        await runtime.run(in_turn, 2)

    assert held == [ONE + 10, 7 + ONE + 10]
    assert await world.spent() == 14
    assert [len(one) for one in world.store.ledger.lines.values()] == [
        1
    ]  # what is settled is one line, however many calls there were


async def test_money_is_counted_to_the_last_digit(world: World) -> None:
    """In billionths of a dollar, rounded up."""
    async with world.opened(config({"usd": 10})) as runtime:
        await runtime.run(in_turn, 3)
        await runtime.run(in_turn, 1, "small")

    assert await world.spent("usd") == 3 * 5 * 10_000_000 + 5 * 100_000


async def test_a_hundred_calls_at_once_do_not_overspend(world: World) -> None:
    """Those that do not fit by their estimates are refused, whoever is faster."""
    most = 10 * (ONE + 10) + 3
    reached: list[int] = []

    async def answer() -> LlmResponse:
        reached.append(await world.spent())
        await asyncio.sleep(0)
        return used(ONE + 10)

    world.answer = lambda request: answer()

    async with world.opened(config({"tokens": most})) as runtime:
        run = await runtime.run(many, 100)

    assert run.output.count("yes") == world.fake.calls == 10
    assert max(reached) <= most
    assert await world.spent() == 10 * (ONE + 10)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, ONE + 30), min_size=1, max_size=30),
    st.integers(ONE, 12 * ONE),
    st.integers(1, 10),
)
def test_a_budget_is_overspent_by_no_more_than_estimates_were_wrong(
    takes: list[int], most: int, at_once: int
) -> None:
    """Whatever calls take, in whatever order, so many at once."""
    world = World()
    left = list(takes)
    world.answer = lambda request: used(left.pop())

    @workflow(name="budgeted-crowd")
    async def crowd() -> None:
        places = asyncio.Semaphore(at_once)

        async def one(number: int) -> str:
            async with places:
                return await _one("big", number)

        await asyncio.gather(*(one(i) for i in range(len(takes))))

    async def check() -> int:
        async with world.opened(config({"tokens": most})) as runtime:
            assert (await runtime.run(crowd)).status is Status.SUCCEEDED
        return await world.spent()

    spent = asyncio.run(check())

    made = takes[len(left) :]
    assert spent == sum(made)
    assert spent <= most + sum(max(0, take - (ONE + 10)) for take in made)


async def test_every_attempt_costs_what_it_used(world: World) -> None:
    """Refused ones nothing, broken ones their estimate, answered ones what the vendor says."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no", retry_after_s=0),
        used(7),
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"tokens": 1000}, {"usd": 10})) as runtime:
        run = await runtime.run(in_turn, 1)

    assert run.output == ["yes"]
    assert await world.spent("tokens") == ONE + 10 + 7
    assert await world.spent("usd") == (ONE + 10 + 7) * 10_000_000


async def test_what_a_vendor_does_not_say_is_as_estimated(world: World) -> None:
    """Each part for itself."""
    world.answer = lambda request: LlmResponse(message=assistant("y"), usage=Usage(output_tokens=3))

    async with world.opened(config({"tokens": 1000}, {"usd": 10})) as runtime:
        await runtime.run(in_turn, 1)

    assert await world.spent("tokens") == ONE + 3
    assert await world.spent("usd") == (ONE + 3) * 10_000_000


async def test_a_stream_that_is_cancelled_costs_what_was_heard(world: World) -> None:
    """What was read, as estimated, and the text that came."""
    heard = asyncio.Event()

    class Endless(Fake):
        async def stream(self, model: str, request: LlmRequest, context: Any) -> Any:
            yield LlmEvent(type="text", text="0123456789")
            await asyncio.Event().wait()

    @workflow(name="budgeted-streamed")
    async def streamed() -> str:
        return await llm("big", "q000", on_event=lambda event: heard.set())

    async with world.opened(config({"tokens": 1000})) as runtime:
        endless = Endless()

        async def provider(name: str) -> Any:
            return endless

        runtime.models = attrs.evolve(runtime.models, provider=provider)
        handle = await runtime.start(streamed)
        await heard.wait()
        await runtime.cancel(handle.id)
        run = await handle.wait()

    assert run.status is Status.CANCELLED
    assert await world.spent() == ONE + 10


async def test_a_call_that_another_policy_refuses_costs_nothing(world: World) -> None:
    """Its reservation is gone with it."""
    from reenact import Deny, policy

    @policy("never", stage="admit")
    def never(value: Any, context: Any) -> Deny:
        return Deny("no")

    world.fake = Fake()
    async with Runtime.open(
        config({"tokens": 1000}),
        store=world.store,
        clock=world.clock,
        providers={"fake": world.fake},
        plugins=Plugins(installed=False, extra=[reenact_budget]),
        policies=[never],
        price=price,
    ) as runtime:
        await runtime.run(in_turn, 1)

    assert world.store.ledger.lines == {}


async def test_a_replay_is_free(world: World) -> None:
    """It reserves nothing, and asks nobody."""
    async with world.opened(config({"tokens": 1000})) as runtime:
        run = await runtime.run(in_turn, 3)
        before = world.store.ledger.copy()
        commits = runtime._runs._writer.commits
        await runtime.replay(run.id)
        after = runtime._runs._writer.commits

    assert world.store.ledger == before
    assert (after, world.fake.calls) == (commits, 3)


# --- crashes


async def test_a_crash_between_call_and_settlement_neither_loses_nor_doubles(world: World) -> None:
    """What the attempt may have taken stays reserved; the next attempt reserves for itself."""
    at_call: list[MemoryStore] = []

    async def crash() -> LlmResponse:
        ((run_id, rows),) = world.store.journals.items()
        at_call.append(world.store.crashed(run_id, len(rows)))
        return used(7)

    world.answer = lambda request: crash()
    async with world.opened(config({"tokens": 1000})) as runtime:
        run = await runtime.run(in_turn, 1)
    second = World(at_call[0], answer=lambda request: used(7))

    async with second.opened(config({"tokens": 1000})) as runtime:
        before = await second.spent()
        resumed = await runtime.resume(run.id)

    assert resumed.output == ["yes"]
    assert before == ONE + 10
    assert await second.spent() == ONE + 10 + 7


async def test_a_run_that_is_resumed_has_not_forgotten(world: World) -> None:
    """Nor what it spent before, nor what its failed attempts did."""
    failing = [True]

    @workflow(name="budgeted-failing")
    async def failing_flow() -> list[str]:
        first = await llm("big", "q000")
        if failing:
            raise ValueError("not yet")
        return [first, await _one("big", 1)]

    limits = config({"tokens": ONE + 10 + 4})
    async with world.opened(limits) as runtime:
        run = await runtime.run(failing_flow)
        failing.clear()
    async with world.opened(limits) as runtime:
        resumed = await runtime.resume(run.id)

    first, second = resumed.output
    assert first == "yes"
    assert second.startswith(f"5 tokens of {ONE + 14} tokens of the budget per run are used or reserved")


# --- whose budget


@pytest.mark.parametrize(
    ("per", "made"),
    [
        ("run", [1, 1, 1, 1]),
        ("workflow", [1, 0, 1, 0]),
        ("day", [1, 0, 0, 1]),
        (["workflow", "day"], [1, 0, 1, 1]),
        ([], [1, 0, 0, 0]),
    ],
)
async def test_runs_workflows_and_days_have_budgets_of_their_own(
    world: World, per: Any, made: list[int]
) -> None:
    """Two runs of a workflow, one of another, and one of the first the day after."""

    @workflow(name="budgeted-other")
    async def other(count: int) -> list[str]:
        return [await _one("big", number) for number in range(count)]

    async with world.opened(config({"tokens": ONE + 10, "per": per})) as runtime:
        runs = [await runtime.run(flow, 2) for flow in (in_turn, in_turn, other)]
        world.clock._now_ns += 86_400 * 1_000_000_000
        runs.append(await runtime.run(in_turn, 2))

    assert [run.output.count("yes") for run in runs] == made


@pytest.mark.parametrize(("zone", "same_day"), [("UTC", True), ("Asia/Tokyo", False)])
async def test_a_day_begins_where_one_says(world: World, zone: str, same_day: bool) -> None:
    """At midnight of a time zone."""
    world.clock = SkippingClock(1_700_000_000_000_000_000)  # 22:13 in London, 07:13 in Tokyo
    limits = config({"tokens": ONE + 10, "per": "day"}, timezone=zone)

    async with world.opened(limits) as runtime:
        world.clock._now_ns -= 8 * 3_600_000_000_000  # 14:13 in London, 23:13 in Tokyo
        await runtime.run(in_turn, 1)
        world.clock._now_ns += 3_600_000_000_000
        later = await runtime.run(in_turn, 1)

    assert (later.output == ["yes"]) is not same_day


@pytest.mark.parametrize(("children", "made"), [(True, 1), (False, 3)])
async def test_child_runs_spend_their_parent_s_budget(
    world: World,
    children: bool,
    made: int,
) -> None:
    """Unless each is to have its own."""

    @workflow(name="budgeted-parent")
    async def parent() -> list[Any]:
        return [await _one("big", 0), await in_turn(1), await in_turn(1)]

    async with world.opened(config({"tokens": ONE + 10, "children": children})) as runtime:
        await runtime.run(parent)

    assert world.fake.calls == made


CASES: list[tuple[dict[str, Any], str, int]] = [
    ({"model": "dear"}, "big", 1),
    ({"model": "dear"}, "small", 3),
    ({"provider": "f*"}, "small", 1),
    ({"provider": "other"}, "small", 3),
    ({"workflow": "budgeted-*"}, "small", 1),
    ({"workflow": "else"}, "small", 3),
    ({"per": []}, "small", 1),
    ({"per": ["workflow", "day"]}, "small", 1),
]


@pytest.mark.parametrize(("limit", "model", "made"), CASES)
async def test_a_limit_says_whose_calls_count(
    world: World, limit: dict[str, Any], model: str, made: int
) -> None:
    """By provider, model and workflow."""
    async with world.opened(config({"tokens": ONE + 10, **limit})) as runtime:
        await runtime.run(in_turn, 3, model)

    assert world.fake.calls == made


# --- prices


async def test_a_call_without_a_price_is_refused(world: World) -> None:
    """Where a budget in dollars holds for it; it says what to do."""
    async with world.opened(config({"usd": 1})) as runtime:
        run = await runtime.run(in_turn, 1, "gift")

    assert run.output == [
        "the price of fake:free is not known, and a budget in USD holds for it. "
        'Say what it costs, or set unknown_price = "allow" in [policies.budget]'
    ]
    assert world.fake.calls == 0


async def test_a_call_without_a_price_may_be_allowed(world: World) -> None:
    """Its tokens count, its price does not."""
    limits = [{"usd": 1}, {"tokens": 1000}]

    async with world.opened(config(*limits, unknown_price="allow")) as runtime:
        run = await runtime.run(in_turn, 2, "gift")

    assert run.output == ["yes", "yes"]
    assert (await world.spent("tokens"), await world.spent("usd")) == (10, 0)


# --- at the limit


async def test_a_refusal_says_what_is_left_and_what_is_asked(world: World) -> None:
    """In the unit of the limit."""
    async with world.opened(config({"usd": "0.25"})) as runtime:
        run = await runtime.run(many, 1)

    reserved = (ONE + 10) * CENT
    assert run.output == [
        "0.00 USD of 0.25 USD of the budget per run are used or reserved, "
        f"and this call may take {reserved} USD"
    ]


async def test_a_person_may_allow_as_much_again(world: World) -> None:
    """Once for all calls that are at the limit; the run waits for it, and goes on in another process."""
    limits = config({"tokens": 2 * (ONE + 10), "at_limit": "ask"})
    world.answer = lambda request: used(ONE + 10)
    async with world.opened(limits) as runtime:
        run = await runtime.run(many, 4)
        made = world.fake.calls
        ((_, wait),) = await runtime.waits(run.record)
        await runtime.approve(run.id)

    async with world.opened(limits) as runtime:
        resumed = await runtime.resume(run.id)
        replayed = await runtime.replay(run.id)

    most = f"{2 * (ONE + 10)} tokens"
    assert made == 2
    assert wait.input["question"] == (
        f"{most} of {most} of the budget per run are used or reserved, and this call may take "
        f"{ONE + 10} tokens. Allow another {most}?"
    )
    assert wait.input["show"]["used"] == most
    assert replayed.output == resumed.output == ["yes"] * 4
    assert (made, world.fake.calls) == (2, 2)
    assert await world.spent() == 4 * (ONE + 10)


async def test_what_was_allowed_is_remembered(world: World) -> None:
    """By the run, until that is spent too; then it is asked again."""
    limits = config({"tokens": ONE + 10, "at_limit": "ask"})
    world.answer = lambda request: used(ONE + 10)

    async with world.opened(limits) as runtime:
        run = await runtime.run(in_turn, 3)
        questions = 0
        while run.status is Status.WAITING:
            questions += 1
            await runtime.approve(run.id)
            run = await runtime.resume(run.id)

    assert run.output == ["yes"] * 3
    assert questions == 2


async def test_what_is_allowed_is_enough_for_the_call(world: World) -> None:
    """Also if it may take more than the whole budget, and as much again."""
    async with world.opened(config({"tokens": 5, "at_limit": "ask"})) as runtime:
        run = await runtime.run(in_turn, 1)
        ((_, wait),) = await runtime.waits(run.record)
        await runtime.approve(run.id)
        run = await runtime.resume(run.id)

    assert wait.input["question"].endswith(f"Allow another {ONE + 10} tokens?")
    assert run.output == ["yes"]


async def test_a_person_may_say_no(world: World) -> None:
    """Then the call is refused, and says so."""
    async with world.opened(config({"tokens": 5, "at_limit": "ask"})) as runtime:
        run = await runtime.run(in_turn, 1)
        await runtime.approve(run.id, False)
        run = await runtime.resume(run.id)

    assert run.output[0].endswith("; a person was asked and said no")
    assert world.fake.calls == 0


async def test_a_limit_that_denies_goes_before_one_that_asks(world: World) -> None:
    """Nobody is asked for what may not be had anyway."""
    limits = [{"tokens": 5, "at_limit": "ask"}, {"tokens": 8}]

    async with world.opened(config(*limits)) as runtime:
        run = await runtime.run(in_turn, 1)

    assert run.status is Status.SUCCEEDED
    assert "of 8 tokens" in run.output[0]


async def test_calls_go_on_with_a_cheaper_model(world: World) -> None:
    """Beyond a limit, which does not hold that model back; another limit may."""
    soft = {"usd": (ONE + 10) * CENT, "at_limit": "model", "use": "small"}
    hard = {"usd": 2 * (ONE + 10) * CENT}
    limits = [{**limit, "usd": str(limit["usd"])} for limit in (soft, hard)]
    world.answer = lambda request: used(ONE + 10)

    async with world.opened(config(*limits)) as runtime:
        run = await runtime.run(in_turn, 4)
        view = await runtime.show(run.id)

    assert run.output == ["yes"] * 4
    assert [request.model for _, request in world.fake.asked] == ["big", "small", "small", "small"]
    changed = next(d for d in view.steps[1].decisions if d.verdict == "modify")
    assert changed.detail == {"model": "small"}
    assert changed.reason.endswith("; small instead")


# --- configuration


WRONG: list[tuple[str, str]] = [
    ("", "missing key 'limits' in [policies.budget]"),
    ("limits = []", "Length of 'limits' must be >= 1: 0 in [policies.budget]"),
    (
        "[[policies.budget.limits]]\nusd = 1\natlimit = 'ask'",
        "unknown key 'atlimit'; did you mean 'at_limit'? in [policies.budget.limits[0]] (reenact.toml)",
    ),
    ("[[policies.budget.limits]]\nper = 'day'", "it limits nothing; give 'usd', 'tokens' or both"),
    (
        "[[policies.budget.limits]]\nusd = -1",
        "must be more than 0 and no more than 1,000,000,000 USD, not -1 in [policies.budget.limits[0].usd]",
    ),
    ("[[policies.budget.limits]]\nusd = 'x'", "must be an amount in USD such as 2.50, not 'x'"),
    ("[[policies.budget.limits]]\nusd = nan", "not nan in [policies.budget.limits[0].usd]"),
    (
        "[[policies.budget.limits]]\nusd = 1\nat_limit = 'model'",
        "at_limit = \"model\" and 'use', the model to go on with, need each other",
    ),
    ("[[policies.budget.limits]]\nusd = 1\nuse = 'small'", "need each other"),
    ("timezone = 'Mars/Base'\n[[policies.budget.limits]]\nusd = 1", "there is no time zone 'Mars/Base'"),
    ("unknown_price = 'guess'\n[[policies.budget.limits]]\nusd = 1", "in [policies.budget.unknown_price]"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
async def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """The table, the key, and what is wrong."""
    file = tmp_path / "reenact.toml"
    file.write_text(f"[policies]\nchain = ['budget']\n[policies.budget]\n{text}\n")

    with pytest.raises(ConfigError) as caught:
        async with World().opened(load(file, environ={})):
            pytest.fail("it was opened")

    assert problem in str(caught.value)


async def test_the_readme_s_configuration_holds(tmp_path: Path) -> None:
    """What it shows can be used as it stands."""
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "reenact.toml"
    file.write_text(readme.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    shown = load(file, environ={})

    async with World().opened(shown) as runtime:
        (member,) = runtime.models.chain.members

    assert (member.name, member.policy.stages) == ("budget", {"admit", "settle"})
    assert [limit["per"] for limit in shown.policy_options["budget"]["limits"]] == ["run", "run", "day"]

"""No more attempts, and no more tokens, than a limit allows in any window."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import reenact_ratelimit
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_reenact.memory import MemoryStore
from reenact import LlmResponse, Plugins, Runtime, Status, Usage, assistant, llm, workflow
from reenact.config import Config, PoliciesOptions, RuntimeOptions, load
from reenact.errors import ConfigError, ConnectionLostError, PolicyDeniedError, RateLimitedError
from reenact.llm import LlmRequest, user
from reenact.scheduler import SkippingClock
from reenact_sqlite import SqliteOptions, open_sqlite

from conftest import Fake

S = 1_000_000_000
LEAD = 1.05
"""Slots are held a fiftieth longer than the window, so that a call which begins late fits too."""


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


@workflow(name="limited-spaced")
async def spaced(pauses: list[float]) -> list[str]:
    async def later(number: int, pause_s: float) -> str:
        await asyncio.sleep(pause_s)
        return await llm("one", f"q{number:03}")

    at, calls = 0.0, []
    for number, pause_s in enumerate(pauses):
        at += pause_s
        calls.append(later(number, at))
    return await asyncio.gather(*calls)


# --- requests


async def test_attempts_are_spread_over_windows(world: World) -> None:
    """As many at once as may be, the next when their window is over, in the order of asking."""
    async with world.opened(config({"requests": 3, "window_s": 10})) as runtime:
        run = await runtime.run(many, 8)
        view = await runtime.show(run.id)
        asked = len(world.began)
        replayed = await runtime.replay(run.id)

    assert run.status is Status.SUCCEEDED
    assert replayed.output == run.output
    assert len(world.began) == asked == 8
    assert [int(t // 10) for t in world.times_s] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert world.times_s[-1] < 20 * LEAD
    assert [text for _, text in world.began] == [f"q{i:03}" for i in range(8)]
    verdicts = [[(d.stage, d.verdict) for d in step.decisions] for step in view.steps]
    assert verdicts[0] == [("admit", "allow"), ("settle", "allow")]
    assert verdicts[7] == [("admit", "wait"), ("admit", "allow"), ("settle", "allow")]
    assert len(view.entries) == 2 + 3 * 2 + 5 * 4
    assert view.steps[7].decisions[0].reason == "a slot within 3 requests in 10 s"


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(0, 12), min_size=1, max_size=20),
    st.integers(1, 4),
    st.sampled_from([1.0, 5.0, 30.0]),
)
def test_no_window_ever_holds_more(pauses: list[float], requests: int, window_s: float) -> None:
    """Whenever calls come, and they begin in the order in which they came."""
    world = World()

    async def check() -> None:
        limit = {"requests": requests, "window_s": window_s, "wait_s": 10_000}
        async with world.opened(config(limit)) as runtime:
            assert (await runtime.run(spaced, pauses)).status is Status.SUCCEEDED

    asyncio.run(check())

    assert world.most_in(window_s) <= requests
    assert len(world.began) == len(pauses)
    assert [text for _, text in world.began] == sorted(text for _, text in world.began)


async def test_a_wait_has_a_bound(world: World) -> None:
    """Who would have to wait longer is refused at once, and told how long; nobody else is held up by it."""
    async with world.opened(config({"requests": 1, "window_s": 10}, wait_s=15)) as runtime:
        run = await runtime.run(tried, ["one"] * 3)

    assert sorted(run.output)[1:] == ["yes", "yes"]
    refused = min(run.output)
    assert refused.startswith("1 requests in 10 s are used up for 20.")
    assert refused.endswith(" s, and it may wait 15.0 s (wait_s)")
    assert len(world.began) == 2


async def test_a_limit_may_refuse_at_once(world: World) -> None:
    """With no wait at all; a limit's own bound goes before the policy's."""
    limits = {"requests": 1, "window_s": 10, "wait_s": 0}

    async with world.opened(config(limits, wait_s=60)) as runtime:
        run = await runtime.run(many, 2)

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.policy == "ratelimit"
    assert run.error.reason.endswith("and it may wait 0.0 s (wait_s)")


async def test_several_limits_hold_at_once(world: World) -> None:
    """Two in a second, five in a minute."""
    limits = [{"requests": 2, "window_s": 1}, {"requests": 5, "window_s": 60}]

    async with world.opened(config(*limits, wait_s=600)) as runtime:
        await runtime.run(many, 12)

    assert world.most_in(1) == 2
    assert world.most_in(60) == 5
    assert 120 < world.times_s[-1] < 120 * LEAD + 3


async def test_every_attempt_counts(world: World) -> None:
    """A vendor counts those it refused too."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no"),
        "yes",
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"requests": 1, "window_s": 10})) as runtime:
        run = await runtime.run(many, 1)

    assert run.output == ["yes"]
    assert [int(t // 10) for t in world.times_s] == [0, 1, 2]


async def test_who_is_called_off_gives_his_place_to_the_next(world: World) -> None:
    """The one behind him moves up, and is not kept waiting for nothing."""

    @workflow(name="limited-given-up")
    async def given_up() -> list[str]:
        first = await llm("one", "first")
        second = asyncio.create_task(llm("one", "second"))
        third = asyncio.create_task(llm("one", "third"))
        await asyncio.sleep(3)
        second.cancel()
        return [first, await third]

    async with world.opened(config({"requests": 1, "window_s": 10})) as runtime:
        run = await runtime.run(given_up)

    assert run.output == ["yes", "yes"]
    assert [text for _, text in world.began] == ["first", "third"]
    assert 10 <= world.times_s[1] < 10 * LEAD


async def test_waiting_is_not_busy(world: World) -> None:
    """A wait of an hour is a few entries, and a few looks."""
    limit = {"requests": 1, "window_s": 3600, "wait_s": 4000}

    async with world.opened(config(limit)) as runtime:
        run = await runtime.run(many, 2)
        view = await runtime.show(run.id)
        commits = runtime._runs._writer.commits

    assert world.times_s[1] >= 3600
    assert len(view.entries) == 8
    assert commits < 40


# --- tokens


def said(tokens: int) -> LlmResponse:
    return LlmResponse(message=assistant("yes"), usage=Usage(input_tokens=tokens, output_tokens=0))


async def test_tokens_are_reserved_and_settled(world: World) -> None:
    """A call counts for what it may take until it is known what it took."""
    from reenact.tokens import estimate_tokens

    world.answer = lambda request: said(10)
    one = estimate_tokens(LlmRequest(model="one", messages=[user("q000")])) + 100

    @workflow(name="limited-in-turn")
    async def in_turn(count: int) -> None:
        for number in range(count):
            await llm("one", f"q{number:03}")

    async with world.opened(config({"tokens": one + 20, "window_s": 10}, output_tokens=100)) as runtime:
        await runtime.run(in_turn, 4)
        (account,) = world.store.ledger.lines
        held = await world.store.held(account, world.clock.now_ns())

    assert [int(t // 10) for t in world.times_s] == [
        0,
        0,
        0,
        1,
    ]  # 10 + 10 + one fit, 10 + 10 + 10 + one do not
    assert held in (10, 20, 30)


async def test_what_a_vendor_does_not_say_is_as_estimated(world: World) -> None:
    """A call that broke off counts for what it may have taken; one that was refused for nothing."""
    answers: list[Any] = [
        RateLimitedError("fake", "no", retry_after_s=0),
        ConnectionLostError("fake", "no", retry_after_s=0),
        LlmResponse(message=assistant("yes")),
    ]
    world.answer = lambda request: answers.pop(0)

    async with world.opened(config({"tokens": 10_000, "window_s": 10}, output_tokens=100)) as runtime:
        await runtime.run(many, 1)
    (lines,) = world.store.ledger.lines.values()
    amounts = [line.amount for line in lines.values()]

    assert len(amounts) == 2
    assert amounts[0] == amounts[1] > 100


async def test_what_can_never_fit_is_refused_at_once(world: World) -> None:
    """With how much it may take, and how much there is."""
    async with world.opened(config({"tokens": 50, "window_s": 10})) as runtime:
        run = await runtime.run(many, 1)

    assert isinstance(run.error, PolicyDeniedError)
    assert "no more than 50 tokens in 10 s are allowed" in run.error.reason
    assert world.began == []


async def test_a_request_that_says_its_most_is_taken_at_its_word(world: World) -> None:
    """What it may write counts, not what others may."""

    @workflow(name="limited-short")
    async def short() -> str:
        return await llm("one", "q", max_tokens=5)

    async with world.opened(config({"tokens": 50, "window_s": 10})) as runtime:
        run = await runtime.run(short)

    assert run.output == "yes"


# --- whose calls count


CASES: list[tuple[dict[str, Any], list[str], int]] = [
    ({}, ["one", "two", "other"], 1),
    ({"model": "a"}, ["one", "one", "two", "two"], 3),
    ({"provider": "spare"}, ["one", "one", "other", "other"], 3),
    ({"model": "[ab]", "provider": "f*"}, ["one", "two", "other", "other"], 3),
    ({"workflow": "something-else"}, ["one", "one"], 2),
    ({"per": "model"}, ["one", "two", "two", "other"], 2),
    ({"per": "provider"}, ["one", "two", "other"], 2),
    ({"per": ["provider", "model"]}, ["one", "two", "other", "other"], 3),
    ({"per": "run"}, ["one", "one"], 1),
    ({"per": "workflow"}, ["one", "one"], 1),
]


@pytest.mark.parametrize(("limit", "models", "pass_at_once"), CASES)
async def test_a_limit_says_whose_calls_count(
    world: World, limit: dict[str, Any], models: list[str], pass_at_once: int
) -> None:
    """By provider, model and workflow; together, or each for itself."""
    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, **limit})) as runtime:
        run = await runtime.run(tried, models)

    assert run.output.count("yes") == len(world.began) == pass_at_once


@pytest.mark.parametrize(
    ("per", "ids", "passed"),
    [
        ("key", ["acme:1", "acme:2", "other:1", "bare", "bare2"], 3),
        ("run", ["acme:1", "acme:2", "bare"], 3),
        ([], ["acme:1", "acme:2"], 1),
    ],
)
async def test_a_key_is_part_of_the_run_s_id(world: World, per: Any, ids: list[str], passed: int) -> None:
    """What stands before its first colon; runs without have one count together."""
    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, "per": per})) as runtime:
        for run_id in ids:
            await (await runtime.start(tried, (["one"],), run_id=run_id)).wait()

    assert len(world.began) == passed


async def test_a_child_run_counts_as_its_outermost_run(world: World) -> None:
    """Its key is that of the run which somebody started."""

    @workflow(name="limited-parent")
    async def parent() -> list[str]:
        return [*(await tried(["one"])), *(await tried(["one"]))]

    async with world.opened(config({"requests": 1, "window_s": 10, "wait_s": 0, "per": "key"})) as runtime:
        await (await runtime.start(parent, run_id="acme:1")).wait()
        await (await runtime.start(tried, (["one"],), run_id="other:1")).wait()

    assert len(world.began) == 2


async def test_limits_of_one_name_have_one_count(world: World) -> None:
    """Two providers that share a vendor's account, for example."""
    shared = {"requests": 1, "window_s": 10, "wait_s": 0, "name": "org"}

    async with world.opened(
        config({**shared, "provider": "fake"}, {**shared, "provider": "spare"})
    ) as runtime:
        run = await runtime.run(tried, ["one", "other"])

    assert run.output.count("yes") == 1


# --- restarts


@asynccontextmanager
async def on_disk(path: Path) -> AsyncIterator[World]:
    async with open_sqlite(SqliteOptions(path=path)) as store:
        world = World(store)
        commit = store.commit

        async def commit_in_no_time(writes: Any) -> Any:
            with world.clock.busy():
                return await commit(writes)

        store.commit = commit_in_no_time  # type: ignore[method-assign]
        yield world


async def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    """The next process counts what the one before has let through."""
    limits = config({"requests": 2, "window_s": 10})
    async with on_disk(tmp_path / "j.db") as first, first.opened(limits) as runtime:
        await runtime.run(many, 2)
        clock = first.clock

    async with on_disk(tmp_path / "j.db") as second:
        second.clock = clock
        async with second.opened(limits) as runtime:
            await runtime.run(many, 1)

    assert second.began[0][0] - first.began[0][0] >= 10 * S


@pytest.mark.parametrize("step_s", [3600, -3600])
async def test_setting_the_clock_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, step_s: int
) -> None:
    """An hour forward lets nobody through, an hour back keeps nobody waiting."""
    real_ns, at = time.time_ns, list[int]()
    steps = [0]
    monkeypatch.setattr(time, "time_ns", lambda: real_ns() + steps[0])

    def answer(request: LlmRequest) -> str:
        at.append(time.monotonic_ns())
        steps[0] += step_s * S
        return "yes"

    async with Runtime.open(
        config({"requests": 2, "window_s": 0.4}),
        store=world.store,
        providers={"fake": Fake(answer)},
        plugins=Plugins(installed=False, extra=[reenact_ratelimit]),
    ) as runtime:
        run = await runtime.run(many, 6)

    assert run.output == ["yes"] * 6
    assert all(later - earlier > 0.4 * S for earlier, later in zip(at, at[2:], strict=False))
    assert at[-1] - at[0] < 20 * S


async def test_the_ledger_does_not_grow_without_end(tmp_path: Path) -> None:
    """What has ended is removed."""
    limits = config({"requests": 5, "window_s": 20})

    async with on_disk(tmp_path / "j.db") as world, world.opened(limits) as runtime:
        for _ in range(15):
            await runtime.run(many, 10)
        rows = await world.store._reader.execute_fetchall("SELECT count(*) FROM ledger")

    assert len(world.began) == 150
    assert world.most_in(20) <= 5
    assert next(iter(rows))[0] < 150


# --- configuration


WRONG: list[tuple[str, str]] = [
    ("", "missing key 'limits' in [policies.ratelimit]"),
    ("limits = []", "Length of 'limits' must be >= 1: 0 in [policies.ratelimit]"),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\nwindw_s = 3",
        "unknown key 'windw_s'; did you mean 'window_s'? in [policies.ratelimit.limits[0]] (reenact.toml)",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\n[[policies.ratelimit.limits]]\ntokens = 'x'",
        "must be int | None, not 'x' in [policies.ratelimit.limits[1].tokens] (reenact.toml)",
    ),
    (
        "[[policies.ratelimit.limits]]\nwindow_s = 3",
        "it limits nothing; give 'requests', 'tokens' or both in [policies.ratelimit.limits[0]]",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 0",
        "'requests' must be >= 1: 0 in [policies.ratelimit.limits[0]]",
    ),
    (
        "[[policies.ratelimit.limits]]\nrequests = 1\nper = 'galaxy'",
        "in [policies.ratelimit.limits[0].per] (reenact.toml)",
    ),
    ("limits = 3", "must be a list of tables, not 3 in [policies.ratelimit.limits] (reenact.toml)"),
    ("limits = [3]", "must be a table, not 3 in [policies.ratelimit.limits[0]] (reenact.toml)"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
async def test_a_wrong_configuration_is_named(tmp_path: Path, text: str, problem: str) -> None:
    """The table, the key, the file, and what is wrong."""
    file = tmp_path / "reenact.toml"
    file.write_text(f"[policies]\nchain = ['ratelimit']\n[policies.ratelimit]\n{text}\n")

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

    assert (member.name, member.policy.stages) == ("ratelimit", {"admit", "settle"})
    assert len(shown.policy_options["ratelimit"]["limits"]) == 2


def test_a_user_s_test_waits_for_no_slot(reenact_runtime: Any, mock_llm: Any) -> None:
    """The clock of pytest-reenact goes to the time at which a slot is free."""
    for number in range(4):
        mock_llm.script(f"q{number:03}", "yes")
    runtime = reenact_runtime()
    began = runtime.clock.now_ns()

    run = runtime.run_sync(many, 4)

    assert run.output == ["yes"] * 4
    assert 30 * S <= runtime.clock.now_ns() - began < 40 * S


@pytest.fixture
def reenact_config() -> Config:
    return config({"requests": 1, "window_s": 10})

"""A re-run takes what has the same content from an old run, and runs the rest."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Resolution, Status, approve, current, llm, parallel, step, workflow
from reenact.config import Config, RuntimeOptions
from reenact.prices import configured_prices

from conftest import Fake, Opened

done: list[str] = []
code = SimpleNamespace(prompt="summarise")


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()
    code.prompt = "summarise"


@step
async def fetch(name: str) -> str:
    done.append(name)
    return f"text of {name}"


@step(effect="once")
async def send(text: str) -> str:
    done.append(f"sent {text}")
    return "sent"


@workflow
async def report(name: str) -> str:
    text = await fetch(name)
    summary = await llm("fake:one", f"{code.prompt}: {text}", name="summary")
    title = await llm("fake:one", f"title of {text}", name="title")
    check = await llm("fake:one", f"check {summary}", name="check")
    return f"{title}: {check}"


async def test_an_unchanged_run_takes_everything(opened: Opened, fake: Fake) -> None:
    """Nothing is called, nothing is spent, and the new run replays by itself."""
    async with opened() as runtime:
        first = await runtime.run(report, "a")
        calls = fake.calls
        second = await runtime.rerun(first.id)
        again = await runtime.replay(second.id)
        view = await runtime.show(second.id)

    assert second.output == first.output == again.output
    assert (fake.calls, done) == (calls, ["a"])
    assert second.record.tokens_in == 0
    assert second.record.origin == f"rerun:{first.id}"
    assert all(s.status is Status.SUCCEEDED for s in view.steps)


async def test_a_changed_prompt_runs_again_with_what_depends_on_it(opened: Opened, fake: Fake) -> None:
    """The title, whose input is the same, is taken; the check, whose input changed, is not."""
    async with opened() as runtime:
        first = await runtime.run(report, "a")
        fake.asked.clear()
        code.prompt = "shorten"
        second = await runtime.rerun(first.id)

    assert [path for path, _ in fake.asked] == ["summary#0", "check#0"]
    assert second.output != first.output
    assert done == ["a"]


async def test_a_changed_prompt_with_the_same_answer_changes_nothing_after_it(
    opened: Opened, fake: Fake
) -> None:
    """Early cutoff: what depends on the answer has the input it had."""
    fake.answer = lambda request: request.messages[-1].text.rpartition(": ")[2]
    async with opened() as runtime:
        first = await runtime.run(report, "a")
        fake.asked.clear()
        code.prompt = "shorten"
        second = await runtime.rerun(first.id)

    assert [path for path, _ in fake.asked] == ["summary#0"]
    assert second.output == first.output


@workflow
async def listed(names: list[str]) -> list[str]:
    return [await fetch(name) for name in names]


async def test_inserted_and_moved_steps_are_found_by_content(opened: Opened) -> None:
    """Only the new one runs, wherever it stands; each outcome is taken once."""
    async with opened() as runtime:
        first = await runtime.run(listed, ["a", "b", "b", "c"])
        done.clear()
        second = await runtime.rerun(first.id, inputs={"names": ["c", "new", "b", "a", "b", "b"]})

    assert second.output == [f"text of {name}" for name in ["c", "new", "b", "a", "b", "b"]]
    assert done == ["new", "b"]


@workflow
async def mailing(text: str) -> str:
    return await send(text)


async def test_what_must_not_happen_twice_is_asked_about(opened: Opened) -> None:
    """Neither taken nor done again unless somebody says so."""
    async with opened() as runtime:
        first = await runtime.run(mailing, "hello")
        second = await runtime.rerun(first.id)
        assert second.status is Status.IN_DOUBT
        assert f"run {first.id} has done it" in second.record.waits_for
        await runtime.resolve(second.id, "send", Resolution(done=True, value="as before"))
        resolved = await runtime.resume(second.id)
        third = await runtime.rerun(first.id, allow_once=True)

    assert resolved.output == "as before"
    assert third.output == "sent"
    assert done == ["sent hello"]


async def test_what_must_not_happen_twice_can_be_done_again(opened: Opened) -> None:
    """If a person decides so."""
    async with opened() as runtime:
        first = await runtime.run(mailing, "hello")
        second = await runtime.rerun(first.id)
        await runtime.resolve(second.id, "send", Resolution(retry=True))
        resolved = await runtime.resume(second.id)

    assert resolved.output == "sent"
    assert done == ["sent hello", "sent hello"]


@workflow
async def slow() -> float:
    await asyncio.sleep(86_400)
    await fetch("x")
    await asyncio.sleep(86_400)
    return current().now()


async def test_time_that_was_waited_for_is_not_waited_for_again(opened: Opened) -> None:
    """Timers are over at once, and the workflow's clock shows what it showed."""
    async with opened() as runtime:
        first = await runtime.run(slow)
    async with opened(clock=None) as runtime:
        async with asyncio.timeout(5):
            second = await runtime.rerun(first.id)
        again = await runtime.replay(second.id)

    assert second.output == first.output == again.output


@workflow
async def named() -> list[Any]:
    name = str(current().uuid4())
    return [await fetch(name), current().random()]


async def test_chance_is_the_same(opened: Opened) -> None:
    """Names that the workflow drew are drawn again, so that what is called with them is found."""
    async with opened() as runtime:
        first = await runtime.run(named)
        second = await runtime.rerun(first.id)
    assert second.output == first.output
    assert len(done) == 1


@workflow
async def parent(names: list[str]) -> list[str]:
    return [await report(name) for name in names]


async def test_child_runs_are_re_run_likewise(opened: Opened, fake: Fake) -> None:
    """A child's code may have changed though its input has not; what is the same in it is taken."""
    async with opened() as runtime:
        first = await runtime.run(parent, ["a", "b"])
        fake.asked.clear()
        code.prompt = "shorten"
        second = await runtime.rerun(first.id)

    assert [path for path, _ in fake.asked] == ["summary#0", "check#0"] * 2
    assert second.output != first.output
    assert done == ["a", "b"]


@workflow
async def asking(show: str) -> str:
    return await approve("send?", show=show, schema=str)


async def test_an_answer_is_taken_for_the_same_question_only(opened: Opened) -> None:
    """Who approved one draft did not approve another."""
    async with opened() as runtime:
        first = await runtime.run(asking, "draft 1")
        await runtime.approve(first.id, "yes")
        await runtime.resume(first.id)
        same = await runtime.rerun(first.id)
        other = await runtime.rerun(first.id, inputs={"show": "draft 2"})

    assert same.output == "yes"
    assert other.status is Status.WAITING


async def test_what_failed_is_tried_again(opened: Opened, fake: Fake) -> None:
    """A failure on record is no outcome to take."""
    fake.answer = lambda request: ValueError("no")
    async with opened() as runtime:
        first = await runtime.run(report, "a")
        assert first.status is Status.FAILED
        fake.answer = lambda request: "yes"
        second = await runtime.rerun(first.id)
    assert second.output == "yes: yes"
    assert done == ["a"]


async def test_an_alias_that_means_another_model_is_asked(opened: Opened, fake: Fake) -> None:
    """Today's configuration counts: an answer of a model that is no longer meant is not taken."""
    async with opened(Config(models={"smart": ["fake:one"]})) as runtime:
        first = await runtime.run(alias, "a")
    async with opened(Config(models={"smart": ["fake:two", "fake:one"]})) as runtime:
        await runtime.rerun(first.id)
        assert fake.calls == 1
    async with opened(Config(models={"smart": ["fake:two"]})) as runtime:
        await runtime.rerun(first.id)
    assert fake.calls == 2


@workflow
async def alias(text: str) -> str:
    return await llm("smart", text)


async def test_a_crashed_rerun_goes_on_taking(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """At whatever row it crashes, the resumed re-run takes the rest and calls nothing."""
    async with opened() as runtime:
        first = await runtime.run(report, "a")
        second = await runtime.rerun(first.id)
    calls = fake.calls
    for rows in range(1, len(store.journals[second.id])):
        cut = store.crashed(second.id, rows)
        async with opened(store=cut) as runtime:
            resumed = await runtime.resume(second.id)
        assert resumed.output == first.output
    assert (fake.calls, done) == (calls, ["a"])


class TestCache:
    """Outcomes taken from whatever run of the workflow had them."""

    async def test_another_run_takes_the_outcome(self, opened: Opened, fake: Fake) -> None:
        """Configured for all: the same input is asked once for all runs of the workflow."""
        config = Config(runtime=RuntimeOptions(cache="workflow"))
        async with opened(config) as runtime:
            first = await runtime.run(report, "a")
            second = await runtime.run(report, "a")
            third = await runtime.run(report, "b")
            again = await runtime.replay(second.id)

        assert second.output == first.output == again.output
        assert third.output != first.output
        assert fake.calls == 6
        assert done == ["a", "b"]

    async def test_only_steps_that_ask_for_it(self, opened: Opened, fake: Fake) -> None:
        """A step's own choice comes before the configured one, and another workflow takes nothing."""
        async with opened() as runtime:
            await runtime.run(cached, "a")
            await runtime.run(cached, "a")
            await runtime.run(cached_too, "a")
        assert fake.calls == 2
        assert done == ["a", "a", "a"]


@workflow
async def cached(text: str) -> str:
    await fetch(text)
    return await llm("fake:one", text, cache="workflow")


@workflow
async def cached_too(text: str) -> str:
    await fetch(text)
    return await llm("fake:one", text, cache="workflow")


@workflow
async def limited(text: str) -> list[str]:
    first = await llm("fake:one", f"{code.prompt} {text}", max_tokens=100)
    return [first, await llm("fake:one", f"{code.prompt} all of {text}")]


@step
async def touchy(name: str) -> str:
    if name == "broken":
        raise ValueError(name)
    return name


async def at_length(name: str) -> str:
    try:
        return await fetch(await touchy(name))
    except ValueError:
        return "no"


@workflow
async def in_turns(names: list[str]) -> list[str]:
    return await parallel(at_length, names, limit=2)


class TestPlan:
    """What a re-run would do, without doing it."""

    async def test_an_unchanged_run_changes_nothing(
        self, opened: Opened, fake: Fake, store: MemoryStore
    ) -> None:
        """Everything is taken, also in child runs, and nothing is written."""
        async with opened() as runtime:
            first = await runtime.run(parent, ["a", "b"])
            written = {key: len(rows) for key, rows in store.journals.items()}
            calls = fake.calls
            plan = await runtime.plan(first.id)

        assert plan.changes_nothing
        assert len(plan.of("taken")) == 8
        assert fake.calls == calls
        assert {key: len(rows) for key, rows in store.journals.items()} == written

    async def test_a_changed_prompt_and_what_may_depend_on_it(self, opened: Opened) -> None:
        """The summary runs; what comes after it is taken if the answer is the same."""
        async with opened() as runtime:
            first = await runtime.run(report, "a")
            code.prompt = "shorten"
            plan = await runtime.plan(first.id)

        assert [(s.path, s.fate) for s in plan.steps] == [
            ("fetch#0", "taken"),
            ("summary#0", "runs"),
            ("title#0", "perhaps"),
            ("check#0", "perhaps"),
        ]
        assert plan.steps[1].why == "its input has changed"
        assert plan.steps[1].tokens == 15
        assert plan.complete

    async def test_the_most_that_it_can_cost_is_said(self, opened: Opened, fake: Fake) -> None:
        """From what is asked, its max_tokens and the price; unknown if one of them is."""
        prices = configured_prices({"fake:one": {"input": "1", "output": "10"}})
        async with opened(Config(prices=prices)) as runtime:
            first = await runtime.run(limited, "a")
            code.prompt = "shorten"
            plan = await runtime.plan(first.id)

        known, unknown = plan.steps
        assert known.tokens_most is not None
        assert known.cost_most_usd == (Decimal(known.tokens_most - 100) + 1000) / 1_000_000
        assert (unknown.tokens_most, unknown.cost_most_usd) == (None, None)

    async def test_a_new_step_ends_what_can_be_said(self, opened: Opened) -> None:
        """Its outcome is not known, nor what the code does with it."""
        async with opened() as runtime:
            first = await runtime.run(listed, ["a", "b"])
            plan = await runtime.plan(first.id, inputs={"names": ["a", "new", "b"]})
            longer = await runtime.plan(first.id, inputs={"names": ["a", "b", "new"]})

        assert [(s.path, s.fate) for s in plan.steps] == [
            ("fetch#0", "taken"),
            ("fetch#1", "runs"),
            ("fetch#2", "perhaps"),
        ]
        assert [s.fate for s in longer.steps] == ["taken", "taken", "runs"]
        assert longer.steps[2].why == "it is new"
        assert not longer.complete

    async def test_what_failed_beside_others_ends_what_can_be_said(self, opened: Opened) -> None:
        """A plan ends where nothing can be assumed, though what goes on beside it ends much later."""
        async with opened() as runtime:
            first = await runtime.run(in_turns, ["broken", "a", "b", "c"])
            plan = await runtime.plan(first.id)

        fates = {s.path: (s.fate, s.why) for s in plan.steps}
        assert fates.pop("parallel#0[0]/touchy#0") == ("runs", "it failed in the old run")
        assert len(fates) == 6
        assert not plan.complete

    async def test_a_changed_child_is_named_step_by_step(self, opened: Opened) -> None:
        """The parent's step says what runs in the child."""
        async with opened() as runtime:
            first = await runtime.run(parent, ["a"])
            code.prompt = "shorten"
            plan = await runtime.plan(first.id)

        (step,) = plan.steps
        assert step.fate == "runs"
        assert [s.path for s in plan.of("runs")] == ["summary#0"]

    async def test_what_must_not_happen_twice_is_named(self, opened: Opened) -> None:
        """With the reason why somebody would be asked."""
        async with opened() as runtime:
            first = await runtime.run(mailing, "hello")
            plan = await runtime.plan(first.id)
            allowed = await runtime.plan(first.id, allow_once=True)

        assert [s.fate for s in plan.steps] == ["runs"]
        assert "must not happen twice" in plan.steps[0].why
        assert allowed.changes_nothing

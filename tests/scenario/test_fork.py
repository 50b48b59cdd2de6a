"""A fork shares what lies before a step with the run it comes from, and is live from that step on."""

import asyncio

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Status, approve, llm, step, workflow
from reenact.errors import ForkedBehindError, UsageError
from reenact.records import origin_of

from conftest import Fake, Opened

done: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


@step(effect="once")
async def book(what: str) -> str:
    done.append(what)
    return f"booked {what}"


@step
async def note(what: str) -> str:
    done.append(what)
    return what


@workflow
async def trip(city: str) -> list[str]:
    hotel = await book(f"hotel in {city}")
    plan = await llm("fake:one", f"plan {city} from {hotel}", name="plan")
    return [hotel, plan, await note(f"done: {plan}")]


async def test_what_lies_before_is_not_repeated(opened: Opened, fake: Fake, store: MemoryStore) -> None:
    """The step that must not happen twice keeps its outcome; what follows the fork runs again."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        fake.answer = lambda request: "another plan"
        forked = await runtime.fork(first.id, "plan")
        view = await runtime.show(forked.id)

    assert forked.output == ["booked hotel in Rome", "another plan", "done: another plan"]
    assert done == [
        "hotel in Rome",
        "done: answer to plan Rome from booked hotel in Rome",
        "done: another plan",
    ]
    assert [s.path for s in view.steps] == ["book#0", "plan#0", "note#0"]
    assert str(origin_of(forked.record)) == f"fork:{first.id}:4"


async def test_rows_are_shared_and_not_copied(opened: Opened, store: MemoryStore) -> None:
    """The fork's own rows begin where its own life begins, and the whole verifies and replays."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        before = list(store.journals[first.id])
        forked = await runtime.fork(first.id, "note")
        rows = await runtime.verify(forked.id)
        again = await runtime.replay(forked.id)

    assert store.journals[first.id] == before
    assert store.journals[forked.id][0].seq == 6
    assert rows == store.journals[forked.id][-1].seq + 1
    assert again.output == forked.output


async def test_a_fork_of_a_fork_begins_with_both(opened: Opened, fake: Fake) -> None:
    """Each keeps what lies before its own step."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        fake.answer = lambda request: "second"
        second = await runtime.fork(first.id, "plan")
        third = await runtime.fork(second.id, "note", outputs={"note#0": "given"})
        await runtime.verify(third.id)
        again = await runtime.replay(third.id)

    assert third.output == ["booked hotel in Rome", "second", "given"] == again.output
    assert fake.calls == 2


async def test_another_model_is_asked_from_there_on(opened: Opened, fake: Fake) -> None:
    """The model that was set is on record with the step, and the replay needs no provider."""
    other = Fake(answer=lambda request: f"{request.model} says so")
    async with opened(providers={"fake": fake, "other": other}) as runtime:
        first = await runtime.run(trip, "Rome")
        forked = await runtime.fork(first.id, "plan", model="other:big")
        view = await runtime.show(forked.id)
        again = await runtime.replay(forked.id)

    found = view.step("plan")
    assert found is not None
    assert forked.output[1] == "other:big says so" == again.output[1]
    assert found.input["model"] == "other:big"
    assert [d.reason for d in found.decisions] == ["model set to other:big in place of fake:one"]


async def test_a_step_can_be_given_its_outcome(opened: Opened, fake: Fake) -> None:
    """It is not run, for a model's answer text is enough, and the record says that it was given."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        forked = await runtime.fork(first.id, "plan", outputs={"plan#0": "walk", "note#0": "nothing"})
        view = await runtime.show(forked.id)

    assert forked.output == ["booked hotel in Rome", "walk", "nothing"]
    assert fake.calls == 1
    assert [s.note for s in view.steps] == ["", "its outcome was given", "its outcome was given"]


async def test_an_outcome_that_does_not_fit_is_an_error(opened: Opened) -> None:
    """A step that returns text is not given a number."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        forked = await runtime.fork(first.id, "note", outputs={"note#0": 7})

    assert forked.status is Status.FAILED
    assert "what was given as the outcome of note#0 does not fit" in str(forked.error)


async def test_an_argument_may_change_nothing_before(opened: Opened) -> None:
    """A changed argument is taken if only later steps depend on it, and refused if an earlier one does."""

    async with opened() as runtime:
        first = await runtime.run(greet, "Ann", "hello")
        forked = await runtime.fork(first.id, "note", inputs={"greeting": "bye"})
        with pytest.raises(ForkedBehindError, match="fork at 'book#0', or re-run the run"):
            await runtime.fork(first.id, "note", inputs={"name": "Bob"}, as_id="refused")
        refused = await runtime.find("refused")
        await runtime.verify("refused")

    assert refused.status is Status.CANCELLED
    assert forked.output == "bye booked Ann"
    assert done == ["Ann", "hello booked Ann", "bye booked Ann"]


@workflow
async def greet(name: str, greeting: str) -> str:
    booked = await book(name)
    return await note(f"{greeting} {booked}")


async def test_unknown_names_are_refused(opened: Opened, store: MemoryStore) -> None:
    """A path and an argument that do not exist are named, with what may have been meant; no run is made."""
    async with opened() as runtime:
        first = await runtime.run(trip, "Rome")
        with pytest.raises(UsageError, match="has no step 'plam'"):
            await runtime.fork(first.id, "plam")
        with pytest.raises(UsageError, match="has no argument 'citty'; did you mean 'city'"):
            await runtime.fork(first.id, "plan", inputs={"citty": "Oslo"})
    assert list(store.runs) == [first.id]


@workflow
async def branches() -> list[str]:
    async def branch(name: str) -> str:
        return await note(await book(name))

    return await asyncio.gather(*(branch(name) for name in "abc"))


async def test_branches_beside_it_keep_their_outcomes(opened: Opened) -> None:
    """A step that was asked for before the fork's outcome did not depend on it, and is not run again."""
    async with opened() as runtime:
        first = await runtime.run(branches)
        paths = [s.path for s in (await runtime.show(first.id)).steps if s.name == "book"]
        forked = await runtime.fork(first.id, paths[0], outputs={paths[0]: "given"})
        again = await runtime.replay(forked.id)

    assert forked.output == ["given", "booked b", "booked c"] == again.output
    assert done.count("b") == done.count("c") == 1
    assert "given" in done


@workflow
async def patient(name: str) -> str:
    async with asyncio.timeout(3600):
        said = await approve(f"{name}?", schema=str)
    await asyncio.sleep(7200)
    return await note(said)


async def test_a_timer_that_ran_goes_on_running(opened: Opened) -> None:
    """Forked long after, a timeout that had not run out has as much time left as it had."""
    async with opened() as runtime:
        first = await runtime.run(patient, "ann")
        await runtime.approve(first.id, "yes")
        first = await runtime.resume(first.id)
        assert first.output == "yes"
        forked = await runtime.fork(first.id, "approve")
        assert forked.status is Status.WAITING
        await runtime.approve(forked.id, "no")
        forked = await runtime.resume(forked.id)

    assert forked.output == "no"

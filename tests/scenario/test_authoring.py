"""Steps as they are written: keys, names, time and chance; and those refused or called off early."""

import asyncio
from typing import Any

import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Config, Retry, Status, current, llm, parallel, policy, step, workflow
from reenact.config import RuntimeOptions
from reenact.errors import ConfigError, StoreError, UsageError

from conftest import Fake, Opened

done: list[str] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    done.clear()


@step(key=lambda name: name)
async def by_name(name: str) -> str:
    done.append(name)
    return name


@step
async def numbered(name: str) -> str:
    done.append(name)
    return name


items = ["a", "b"]


@workflow(name="authoring-keys")
async def keyed() -> list[str]:
    found = await parallel(by_name, items, key=lambda item: item)
    return [*found, await numbered.keyed("last")(items[-1])]


async def test_what_is_keyed_keeps_its_record(opened: Opened, store: MemoryStore) -> None:
    """When another is inserted before it, only that one is performed."""
    items[:] = ["a", "b"]
    async with opened() as runtime:
        run = await runtime.run(keyed)
        view = await runtime.show(run.id)
    paths = ["parallel#0[a]/by_name[a]", "parallel#0[b]/by_name[b]", "numbered[last]"]
    assert [s.path for s in view.steps] == paths

    cut = store.crashed(run.id, 5)
    items[:] = ["c", "a", "b"]
    done.clear()
    async with opened(store=cut) as runtime:
        resumed = await runtime.resume(run.id)

    assert resumed.output == ["c", "a", "b", "b"]
    assert done == ["c", "b"]


@step
async def chance() -> list[Any]:
    here = current()
    return [here.random() < 1, here.uuid4().version, here.now() > 0, here.path]


@workflow(name="authoring-chance")
async def chances() -> list[Any]:
    here = current()
    return [await chance(), here.path, len({here.random(), here.random()}), str(here.uuid4())]


async def test_time_and_chance_can_be_had_anywhere_in_a_run(opened: Opened) -> None:
    """In a step they are fresh, and on record with its result; in a workflow they repeat."""
    async with opened() as runtime:
        run = await runtime.run(chances)
        other = await runtime.run(chances)
        replayed = await runtime.replay(run.id)

    assert run.output[:3] == [[True, 4, True, "chance#0"], "", 2]
    assert replayed.output == run.output
    assert other.output[3] != run.output[3]
    with pytest.raises(UsageError, match="there is no current run here"):
        current()


@pytest.mark.parametrize("name", ["a/b", "a#b", "a[b", "%", ":a", "a\nb", "a\u202eb"])
def test_a_name_that_means_something_in_a_path_is_refused(name: str) -> None:
    """For steps as for workflows, where they are declared."""

    async def fn() -> None: ...

    with pytest.raises(UsageError, match="is no name for a step"):
        step(name=name)(fn)
    with pytest.raises(UsageError, match="is no name for a step"):
        workflow(name=name)(fn)


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_lets_somebody_in(limit: int) -> None:
    """None at a time would never end."""
    with pytest.raises(UsageError, match="it must be at least 1"):
        await parallel(by_name, ["a"], limit=limit)


async def test_outside_a_run_a_workflow_and_its_steps_just_run() -> None:
    """They are functions."""
    items[:] = ["a"]

    assert await keyed() == ["a", "a"]
    assert await numbered("x") == "x"
    assert await parallel(numbered, ["x", "y"], key=lambda item: item) == ["x", "y"]


@workflow(name="authoring-unknown-model")
async def unknown_model() -> str:
    return await llm("nobody", "hi")


@workflow(name="authoring-unknown-provider")
async def unknown_provider() -> str:
    return await llm("nobody:m", "hi")


async def test_a_call_that_cannot_be_made_fails_its_step(opened: Opened, fake: Fake) -> None:
    """Whatever the chain: the record is whole, and replays to the same end."""

    @policy("any")
    def anything(value: object, context: object) -> None: ...

    for policies in ([], [anything]):
        async with opened(policies=policies) as runtime:
            unknown = await runtime.run(unknown_model)
            missing = await runtime.run(unknown_provider)
            replayed = await runtime.replay(missing.id)
            await runtime.verify(missing.id)

        assert isinstance(unknown.error, ConfigError)
        assert "provider named 'nobody'" in str(missing.error)
        assert str(replayed.error) == str(missing.error)


# --- between two attempts


class Flaky(Exception):
    """What is worth another try."""


@step(retry=Retry(attempts=5, delay_s=3600, max_delay_s=3600, on=(Flaky,)))
async def flaky() -> str:
    done.append("tried")
    raise Flaky


@workflow(name="authoring-flaky")
async def impatient() -> str:
    try:
        async with asyncio.timeout(60):
            return await flaky()
    except TimeoutError:
        return "gave up"


async def test_a_step_can_be_called_off_between_two_attempts(opened: Opened, store: MemoryStore) -> None:
    """Live, and by a process that has taken the run up; it is cancelled on record."""
    async with opened() as runtime:
        run = await runtime.run(impatient)
    rows = store.journals[run.id]
    waiting = next(n for n, row in enumerate(rows) if b'"failure"' in row.body)
    cut = store.crashed(run.id, waiting + 1)

    async with opened(store=cut) as runtime:
        resumed = await runtime.resume(run.id)
        view = await runtime.show(run.id)

    assert run.output == resumed.output == "gave up"
    assert done == ["tried"]
    assert {s.kind: s.status for s in view.steps}["step"] is Status.CANCELLED


class FullAtRetry(MemoryStore):
    """Refuses to note that an attempt failed."""

    async def commit(self, writes: Any) -> Any:
        if any(b'"failure"' in row.body for write in writes for row in write.rows):
            raise StoreError("memory", "disk full")
        return await super().commit(writes)


async def test_no_attempt_begins_that_is_not_on_record(opened: Opened) -> None:
    """A store that cannot note it stops the run, which can be resumed."""
    store = FullAtRetry()
    async with opened(store=store) as runtime:
        handle = await runtime.start(impatient)
        with pytest.raises(StoreError, match="disk full"):
            await handle.wait()
        await runtime.verify(handle.id)

    assert done == ["tried"]
    assert store.runs[handle.id].status is Status.RUNNING
    assert store.runs[handle.id].owner == ""


async def test_a_pool_must_let_somebody_in(opened: Opened) -> None:
    """A step that counts against a pool of no places would wait for ever."""
    config = Config(runtime=RuntimeOptions(pools={"provider:fake": 1}))

    @workflow(name="authoring-pool")
    async def asks() -> list[str]:
        return list(await asyncio.gather(llm("fake:m", "a"), llm("fake:m", "b")))

    async with opened(config) as runtime:
        run = await runtime.run(asks)

    assert run.output == ["answer to a", "answer to b"]
    with pytest.raises(ValueError, match="must be >= 1"):
        RuntimeOptions(pools={"provider:fake": 0})

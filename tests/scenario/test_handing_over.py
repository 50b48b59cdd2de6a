"""A run that goes on as another one leaves it what it was told and has not taken: in order, and once."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import Status, approve, continue_as_new, wait_signal, workflow
from reenact.closing import continued_id
from reenact.codec import canonical
from reenact.config import Config, RuntimeOptions
from reenact.errors import LeaseLostError, RunEndedError, StoreError, UsageError
from reenact.records import Message
from reenact.stores import CommitResult, RunWrite, Store

from conftest import Opened

HASTY = Config(runtime=RuntimeOptions(poll_s=0.001, lease_s=60.0))
FIRST = "first"
END = "end"


async def drained(name: str) -> list[Any]:
    """Return what was sent under a name before."""
    found = []
    try:
        while True:
            found.append(await wait_signal(name, timeout_s=0))
    except TimeoutError:
        return found


@workflow
async def two_lives(second: bool = False) -> Any:
    if second:
        return {"say": await drained("say"), "other": await drained("other")}
    await wait_signal("go")
    return continue_as_new(True)


@workflow
async def two_lives_parent() -> Any:
    return await two_lives()


@workflow
async def takes_one_a_life(seen: list[int] | None = None) -> list[int]:
    said = await wait_signal("say")
    if said == END:
        return seen or []
    return continue_as_new([*(seen or []), said])


@workflow
async def asks_in_each_life(second: bool = False) -> bool:
    agreed = await approve("in this life?")
    return agreed if second else continue_as_new(True)


@workflow
async def waits_in_the_second_life(second: bool = False) -> Any:
    if second:
        return await wait_signal("never")
    await wait_signal("go")
    return continue_as_new(True)


async def tell(store: Store, value: Any, run_id: str = FIRST, name: str = "say") -> int:
    """Send a signal as a process does that has just seen the run open."""
    return await store.post(Message(run_id=run_id, kind="signal", name=name, body=canonical(value), at_ns=1))


class TestWhatGoesOver:
    """Signals and requests to cancel; no answers."""

    async def test_what_no_wait_has_taken_is_there_when_the_new_run_begins(
        self, opened: Opened, store: MemoryStore
    ) -> None:
        """In its order, under each name; nothing is left with the run before, whose replay is what it was."""
        async with opened(HASTY) as runtime:
            handle = await runtime.start(two_lives, run_id=FIRST)
            for name, value in (("say", 1), ("other", "a"), ("say", 2), ("say", 3), ("go", None)):
                await runtime.signal(FIRST, name, value)
            run = await handle.wait()
            replayed = [await runtime.replay(one) for one in (FIRST, run.id)]
            rows = [await runtime.verify(one) for one in (FIRST, run.id)]

        assert run.output == {"say": [1, 2, 3], "other": ["a"]}
        assert run.id == continued_id(FIRST)
        assert store.inbox == []
        assert [one.status for one in replayed] == [Status.SUCCEEDED] * 2
        assert replayed[1].output == run.output
        assert all(rows)

    async def test_what_is_never_taken_is_the_last_runs(self, opened: Opened, store: MemoryStore) -> None:
        """It is kept under the id it was given, for the run that is alive."""
        async with opened(HASTY) as runtime:
            handle = await runtime.start(takes_one_a_life, run_id=FIRST)
            await runtime.signal(FIRST, "unheard", 0)
            for value in (1, 2, END):
                await runtime.signal(FIRST, "say", value)
            run = await handle.wait()
            assert run.output == [1, 2]

        assert [(message.id, message.run_id, message.name) for message in store.inbox] == [
            (1, run.id, "unheard")
        ]

    async def test_a_child_run_hands_over_too(self, opened: Opened, store: MemoryStore) -> None:
        """What was sent to the child by its own id."""
        async with opened(HASTY) as runtime:
            handle = await runtime.start(two_lives_parent)
            while not (children := [run.id for run in store.runs.values() if run.parent]):
                await runtime.list()
            child = children[0]
            await runtime.signal(child, "say", 1)
            await runtime.signal(child, "go")
            run = await handle.wait()
        assert run.output == {"say": [1], "other": []}

    async def test_an_answer_is_to_the_question_it_was_given_to(
        self, opened: Opened, store: MemoryStore
    ) -> None:
        """Given twice in the first life, it answers nothing in the second, under the same path."""
        async with opened(HASTY) as runtime:
            run = await (await runtime.start(asks_in_each_life, run_id=FIRST, suspend=True)).wait()
            await runtime.approve(FIRST)
            await runtime.approve(FIRST)
            await runtime.signal(FIRST, "approve#0", True)
            run = await runtime.resume(FIRST)
            assert (run.id, run.status) == (continued_id(FIRST), Status.WAITING)
            await runtime.approve(run.id, False)
            run = await runtime.resume(run.id)
        assert run.output is False
        assert [message.run_id for message in store.inbox] == [FIRST] * 2

    async def test_who_cancels_a_run_that_is_about_to_go_on_cancels_what_it_goes_on_as(
        self, opened: Opened, store: MemoryStore
    ) -> None:
        """A request that was taken in is not forgotten."""
        watched = Watched()
        asked = []

        async def cancel(number: int, *, made: bool) -> None:
            if watched.hands_over and not made:
                asked.append(number)
                await watched.post(Message(run_id=FIRST, kind="cancel", body=b'"enough"', at_ns=1))

        watched.hook = cancel
        async with opened(HASTY, store=watched) as runtime:
            handle = await runtime.start(waits_in_the_second_life, run_id=FIRST)
            await runtime.signal(FIRST, "go")
            run = await handle.wait()
        assert asked
        assert (run.id, run.status) == (continued_id(FIRST), Status.CANCELLED)
        assert watched.inbox == []

    async def test_who_tells_a_run_that_has_ended_hears_so(self, opened: Opened) -> None:
        """Nothing is taken in that nobody will take."""
        async with opened(HASTY) as runtime:
            handle = await runtime.start(two_lives, run_id=FIRST)
            await runtime.signal(FIRST, "go")
            run = await handle.wait()
            with pytest.raises(RunEndedError, match=f"goes on as run '{run.id}'"):
                await runtime.signal(FIRST, "say")


@attrs.define(slots=False)
class Watched(MemoryStore):
    """A store that calls a hook before and after each commit, and dies when told to.

    Attributes:
        commits: How many there were.
        hands_over: Whether the commit under way ends a run that goes on.
        dead: Whether the process that had it is dead: nothing more is written by it.
    """

    def __attrs_pre_init__(self) -> None:
        super().__init__()

    hook: Callable[..., Any] | None = None
    commits: int = 0
    hands_over: bool = False
    dead: bool = False

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        if self.dead:
            raise StoreError(self.where, "the process was killed")
        number, self.commits = self.commits, self.commits + 1
        self.hands_over = any(write.goes_on_as for write in writes)
        if self.hook is not None:
            await self.hook(number, made=False)
        if self.dead:
            raise StoreError(self.where, "the process was killed")
        results = await super().commit(writes)
        if self.hook is not None:
            await self.hook(number, made=True)
        if self.dead:
            raise StoreError(self.where, "the process was killed")
        return results


SENT = 5
"""How many numbers are sent before it is said that it is enough."""

TRIES = 3 * SENT


@attrs.define
class Sender:
    """Another process: it sends numbers, in order, and at last that it is enough."""

    store: Store
    sent: int = 0

    async def send(self) -> None:
        if self.sent <= SENT:
            await tell(self.store, self.sent if self.sent < SENT else END)
            self.sent += 1


@attrs.define
class Life:
    """A chain of runs whose process is killed, or stopped, at a commit, and what comes after that.

    Attributes:
        store: Where it is.
        opened: Opens a runtime.
        sends: Whether a number is sent before and after each commit, beside those that it waits for.
        stops: Whether the process is stopped in an orderly way, and not killed.
    """

    store: Watched
    opened: Opened
    sends: bool
    stops: bool = False
    sender: Sender = attrs.field(init=False)
    stopping: list[asyncio.Task[None]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.sender = Sender(self.store)

    async def live(self, ends_at: tuple[int, bool] | None = None) -> Any:
        """Run until the workflow has ended, or this process; return what the workflow has seen."""
        async with self.opened(HASTY, store=self.store) as runtime:

            async def hook(number: int, *, made: bool) -> None:
                if self.sends and FIRST in self.store.runs:
                    await self.sender.send()
                if (number, made) != ends_at:
                    return
                if self.stops:
                    self.stopping.append(asyncio.create_task(runtime.stop()))
                else:
                    self.store.dead = True
                    runtime.kill()

            self.store.hook = hook
            try:
                run = await (await runtime.start(takes_one_a_life, run_id=FIRST, suspend=True)).wait()
                tries = 0
                while run.status is Status.WAITING and not self.stopping:
                    tries += 1
                    assert tries <= TRIES, "it waits for what was sent"
                    await self.sender.send()
                    run = await runtime.resume(FIRST)
            except StoreError:
                assert self.store.dead
            except UsageError:
                assert self.stopping
            else:
                if run.status is Status.SUCCEEDED:
                    return run.output
            await asyncio.gather(*self.stopping)
        self.store.hook = None
        return None

    async def go_on(self) -> Any:
        """Go on in another process, which begins with what nobody has."""
        self.store.dead = False
        self.stopping.clear()
        if not self.stops:
            self.store.leases.clear()
        async with self.opened(HASTY, store=self.store) as runtime:
            await runtime.recover([takes_one_a_life])
        return await self.live()


def check_clean(store: MemoryStore) -> None:
    """Nothing that was sent is left, and each run of the chain has ended."""
    assert store.inbox == []
    assert {run.status for run in store.runs.values()} == {Status.SUCCEEDED}
    assert len(store.runs) == SENT + 1


@pytest.mark.parametrize("sends", [False, True], ids=["at rest", "all the time"])
@pytest.mark.parametrize("stops", [False, True], ids=["killed", "stopped"])
async def test_what_was_sent_is_taken_in_order_and_once_wherever_the_process_ends(
    opened: Opened, sends: bool, stops: bool
) -> None:
    """Before and after every commit of a chain of runs, while another process sends to the first of them."""
    whole = Watched()
    assert await Life(whole, opened, sends).live() == list(range(SENT))
    check_clean(whole)
    assert whole.commits > SENT

    for number, made in itertools.product(range(whole.commits), (False, True)):
        store = Watched()
        life = Life(store, opened, sends, stops)
        seen = await life.live((number, made))
        if seen is None:
            seen = await life.go_on()
        assert seen == list(range(SENT)), (number, made)
        check_clean(store)


async def test_a_run_that_was_lost_makes_none_to_go_on_as(opened: Opened, store: MemoryStore) -> None:
    """Whoever has taken it over hands over in its place; what was made for it is free to be taken up."""
    watched = Watched()
    taken: list[int] = []

    async def take_over(number: int, *, made: bool) -> None:
        if watched.hands_over and not made and not taken:
            taken.append(number)
            watched.leases.clear()
            await watched.acquire(FIRST, "another process", 60.0)

    watched.hook = take_over
    async with opened(HASTY, store=watched) as runtime:
        handle = await runtime.start(two_lives, run_id=FIRST)
        await runtime.signal(FIRST, "say", 1)
        await runtime.signal(FIRST, "go")
        with pytest.raises(LeaseLostError):
            await handle.wait()
        await runtime.list()
        assert watched.runs[continued_id(FIRST)].owner == ""
    assert [message.run_id for message in watched.inbox] == [FIRST]

    watched.hook = None
    watched.leases.clear()
    async with opened(HASTY, store=watched) as runtime:
        run = await runtime.resume(FIRST)
    assert run.output == {"say": [1], "other": []}
    assert len(watched.runs) == 2


async def test_a_run_to_go_on_as_that_was_there_before_gets_what_is_left(
    opened: Opened, store: MemoryStore
) -> None:
    """As processes left it that made it first, and ended the run in a commit after that."""
    async with opened(HASTY) as runtime:
        handle = await runtime.start(two_lives, run_id=FIRST)
        await runtime.signal(FIRST, "go")
        following = (await handle.wait()).id
    left = store.crashed(FIRST, len(store.journals[FIRST]) - 1)
    left = left.crashed(following, 1)
    await tell(left, 1)
    assert [message.run_id for message in left.inbox] == [FIRST]

    async with opened(HASTY, store=left) as runtime:
        run = await runtime.resume(FIRST)

    assert (run.id, run.output) == (following, {"say": [1], "other": []})
    assert len(left.runs) == 2


async def test_who_removes_the_runs_before_removes_nothing_that_waits(
    opened: Opened, store: MemoryStore
) -> None:
    """What was sent to a run that is pruned has gone over, and is still there."""
    async with opened(HASTY) as runtime:
        handle = await runtime.start(waits_in_the_second_life, run_id=FIRST)
        await runtime.signal(FIRST, "unheard", 1)
        await runtime.signal(FIRST, "go")
        while continued_id(FIRST) not in store.runs:
            await runtime.list()
        await tell(store, "late", name="unheard")
        await runtime.prune(0, run_ids=[FIRST])
        await runtime.cancel(continued_id(FIRST))
        await handle.wait()
    assert FIRST not in store.runs
    assert [message.run_id for message in store.inbox] == [continued_id(FIRST)] * 2


async def test_what_goes_on_is_waited_for_by_who_starts_it_again(opened: Opened) -> None:
    """Started again by its id, a run is waited for in its latest life, though that waits for somebody."""
    async with opened(HASTY) as runtime:
        await (await runtime.start(takes_one_a_life, run_id=FIRST, suspend=True)).wait()
        await runtime.signal(FIRST, "say", 1)
        given_back = await runtime.resume(FIRST)

        again = await runtime.start(takes_one_a_life, run_id=FIRST)
        await runtime.signal(again.id, "say", END)
        run = await again.wait()

    assert (given_back.id, given_back.status) == (continued_id(FIRST), Status.WAITING)
    assert again.id == given_back.id
    assert (run.status, run.output) == (Status.SUCCEEDED, [1])

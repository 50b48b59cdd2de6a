"""What a policy would have done: it is asked about the calls of past runs, and nobody else is.

Each policy is on trial by itself. Time is that of the record, over all runs at once, and what a
policy holds is held in memory: so a budget runs out when it would have run out, and a rate limit has
calls wait as long as they would have waited. What is on record has passed the policies of then:
what they scrubbed is not there to be found again.
"""

import heapq
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import attrs
from reenact.config import Config
from reenact.desk import Desk
from reenact.errors import DamagedError, RunNotFoundError, UsageError
from reenact.opening import own_member
from reenact.policy import Member, OwnPolicy
from reenact.records import RunRecord
from reenact.stores import RunFilter

from reenact_inspect.past import PastCall, past_calls
from reenact_inspect.playing import Play, Price, Trial
from reenact_inspect.tally import PolicyReport

ALL = 10_000_000
EXAMPLES = 3


@attrs.frozen(kw_only=True)
class BacktestReport:
    """What policies would have done.

    Attributes:
        policies: For each what it did.
        runs: How many runs were looked at.
        calls: How many calls of models and tools were made in them.
        unread: Runs whose journal cannot be read, by id, and why.
        took_ns: How long it took.
    """

    policies: Sequence[PolicyReport]
    runs: int
    calls: int
    unread: Mapping[str, str] = attrs.field(factory=dict)
    took_ns: int = 0


def no_price(*_: object) -> None:
    """Say of whatever it is that its price is not known."""


async def backtest(
    desk: Desk,
    policies: Sequence[OwnPolicy | Member],
    *runs: str,
    since_ns: int = 0,
    workflow: str = "",
    models: Mapping[str, Sequence[str]] | None = None,
    price: Price = no_price,
    examples: int = EXAMPLES,
) -> BacktestReport:
    """Ask policies about the calls of past runs; call nobody, write nothing.

    Args:
        desk: Where the runs are.
        policies: Functions made policies by `reenact.policy`, or members of a chain; each is on trial
            by itself.
        runs: Ids, prefixes or ``last``; all runs if there is none. With each come its child runs.
        since_ns: Only calls that were made at that time or later.
        workflow: Only runs of that workflow and their child runs; of all if empty.
        models: Models by alias, for policies that name other ones.
        price: What calls cost, from provider, model, usage and time; what is on record counts before.
        examples: How many examples are kept of each outcome in each stage.

    Raises:
        RunNotFoundError: If one of *runs* is not there.
        UsageError: If there is no policy.
    """
    if not policies:
        raise UsageError("there is no policy to test")
    began_ns = time.monotonic_ns()
    members = [own_member(one, Config()) if isinstance(one, OwnPolicy) else one for one in policies]
    test = _Test(desk, since_ns)
    trials = [
        Trial(
            member=member,
            report=PolicyReport(name=member.name, version=member.version),
            models=models or {},
            price=price,
            at=lambda at_ns, work, place=place: test.at(place, at_ns, work),  # type: ignore[misc]  # bound now
            examples=examples,
        )
        for place, member in enumerate(members)
    ]
    records = await _records(desk, runs, workflow, since_ns)
    await test.play(records, trials)
    return BacktestReport(
        policies=[trial.report for trial in trials],
        runs=len(records),
        calls=test.calls,
        unread=test.unread,
        took_ns=time.monotonic_ns() - began_ns,
    )


async def _records(desk: Desk, runs: Sequence[str], workflow: str, since_ns: int) -> list[RunRecord]:
    """Return the runs that are meant and their child runs, oldest first."""
    named = [await desk.find(one) for one in runs]
    chosen = named if runs else await desk.list(RunFilter(workflow=workflow, limit=ALL))
    if runs and workflow:
        chosen = [one for one in chosen if one.workflow == workflow]
    found = {one.id: one for one in chosen if not one.status.ended or one.updated_ns >= since_ns}
    if runs or workflow:
        todo = list(found.values())
        while todo:
            children = await desk.list(RunFilter(parent=todo.pop().id, limit=ALL))
            todo += [one for one in children if one.id not in found]
            found |= {one.id: one for one in children}
    return sorted(found.values(), key=lambda one: (one.created_ns, one.id))


class _Test:
    """What is to happen, in the order of the record.

    A run is read when it is time for its first call, so that no more is in memory than ran at once.
    """

    def __init__(self, desk: Desk, since_ns: int) -> None:
        self._desk = desk
        self._since_ns = since_ns
        self._due: list[tuple[int, int, int, Callable[[], Awaitable[None]]]] = []
        self._number = itertools.count()
        self.calls = 0
        self.unread: dict[str, str] = {}

    def at(self, place: int, at_ns: int, work: Callable[[], Awaitable[None]]) -> None:
        """Have *work* done at a time, for the policy at a place."""
        heapq.heappush(self._due, (at_ns, next(self._number), place, work))

    async def play(self, records: Sequence[RunRecord], trials: Sequence[Trial]) -> None:
        """Have all calls judged by all policies."""
        waiting = list(reversed(records))
        while waiting or self._due:
            if waiting and (not self._due or waiting[-1].created_ns <= self._due[0][0]):
                await self._take_up(waiting.pop(), trials)
                continue
            at_ns, _, place, work = heapq.heappop(self._due)
            clock = trials[place].clock
            clock.at_ns = max(clock.at_ns, at_ns)
            await work()

    async def _take_up(self, record: RunRecord, trials: Sequence[Trial]) -> None:
        calls: list[PastCall] = []
        try:
            calls += [call async for call in past_calls(self._desk, record, self._since_ns)]
        except (DamagedError, RunNotFoundError) as error:
            self.unread[record.id] = str(error)
            return
        self.calls += len(calls)
        for call in calls:
            for place, trial in enumerate(trials):
                self.at(place, call.at_ns, Play(trial, call).begin)

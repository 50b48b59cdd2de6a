"""Performing steps: from being allowed to begin to the moment the outcome is there.

Bodies run on the real loop, where they may do as they like. Nothing starts
before its intent is durable, each further attempt is on record before it begins,
and a cancelled step is really cancelled. One kind of body begins ahead of that and
waits for it itself: a model's call that policies admit, so that what they hold for
it is written with its intent.
"""

import asyncio
import inspect
import logging
from collections.abc import Sequence
from typing import Any

from reenact.attempts import (
    attempt,
    cancel_requested,
    context_of,
    failed,
    failure_of,
    next_try,
    succeeded,
)
from reenact.book import Book
from reenact.errors import PolicyDeniedError, StepError
from reenact.judging import Wait
from reenact.pauses import Pauses
from reenact.recorded import Recorded
from reenact.records import Entry, Failure, Status
from reenact.reuse import fits
from reenact.scheduler import give_back, take, take_now
from reenact.services import Services
from reenact.steps import (
    ADMITTED,
    CANCELLED,
    NO_TICKET,
    PARKED,
    RUNNING,
    STARTING,
    Body,
    Call,
    NotDone,
    Outcome,
    PutOff,
)
from reenact.stores import CommitResult
from reenact.waiting import NOBODY, Host, Waiting

log = logging.getLogger("reenact.step")


class Parked(Exception):  # noqa: N818  # an answer, not an error
    """Raised by a body that waits for somebody and has let go: a child run that was suspended."""

    def __init__(self, waits_for: str) -> None:
        self.waits_for = waits_for


class Effects:
    """Performs the steps of one run.

    Args:
        book: Where intents and attempts go on record.
        services: What the runs of the process share.
        host: The run, which is told what becomes of its steps.

    Attributes:
        in_doubt: Why steps are parked that only a person can decide about.
    """

    def __init__(
        self,
        book: Book,
        services: Services,
        host: Host,
    ) -> None:
        self._book = book
        self._services = services
        self._host: Host = host
        self._loop = asyncio.get_running_loop()
        self._starting: list[Call] = []
        self._open: set[Call] = set()
        self.waiting = Waiting(book, services, host)
        self.pauses = Pauses(self.waiting)
        self._parked: dict[Call, str] = {}
        self._waiting_children: dict[Call, str] = {}
        self._stopping = False
        self._asleep = 0
        self.in_doubt: list[str] = []

    # --- what is going on

    @property
    def busy(self) -> bool:
        """Whether a body runs or is about to."""
        return bool(self._open)

    @property
    def performing(self) -> int:
        """How many steps are being performed, without those that wait for another attempt's time."""
        return len(self._open) - len(self._waiting_children) - self._asleep - len(self.pauses)

    @property
    def idle(self) -> bool:
        """Whether nothing runs, or all that runs waits for somebody."""
        return not self._starting and all(
            call in self._waiting_children or self.pauses.need_somebody(call) for call in self._open
        )

    @property
    def waits_for(self) -> list[str]:
        """What has to come from outside for the run to go on."""
        return [
            *self.waiting.waits_for,
            *self.pauses.waits_for,
            *self._parked.values(),
            *self._waiting_children.values(),
        ]

    def open_calls(self) -> list[Call]:
        """Return the calls that are being performed or wait."""
        return [*self._open, *self.waiting.calls, *self._parked]

    # --- beginning

    def begin(self, call: Call) -> None:
        """Let a step that is not on record, or has no outcome there, take its course."""
        recorded = call.recorded
        if recorded is not None and recorded.status is Status.CANCELLED:
            call.generation = recorded.intent.generation + 1
            call.recorded = recorded = None
        if call.spec.kind in ("timer", "signal"):
            self.waiting.begin(call)
        elif recorded is not None:
            self._take_up(call)
        elif self._is_reusable(call):
            self._run_task(call, self._recall(call), ADMITTED)
        elif call.gate is None and self._place_now(call):
            self.start(call)
        else:
            self._run_task(call, self._admit(call), ADMITTED)

    def _is_reusable(self, call: Call) -> bool:
        spec = call.spec
        wanted = (spec.cache or self._services.cache) == "workflow"
        call.reusable = wanted and spec.effect == "repeatable" and spec.kind != "workflow"
        return call.reusable

    async def _recall(self, call: Call) -> None:
        """Take the outcome that another run of the workflow had, if there is one."""
        try:
            found = await self._services.recall(self._book.reusable_hash(call))
        except asyncio.CancelledError:
            self._called_off(call)
            return
        except Exception as error:
            self._refuse(call, error)
            return
        if found is None or not fits(found[0].outcome, call):
            await self._admit(call)
            return
        taken, blobs = found
        self._open.discard(call)
        self._book.bring(blobs)
        self._host.completed(call, Outcome(Status.SUCCEEDED, taken=taken))

    def ask_first(self, call: Call, reason: str) -> None:
        """Have a person decide about a step before it is begun."""
        self._book.intent(call, Status.RUNNING)
        self._book.step(call, Status.IN_DOUBT, note=reason)
        self._park(call, reason)

    def start(self, call: Call) -> None:
        """Put the intent of an admitted step into this turn's write; it starts when that is durable."""
        if call.state is CANCELLED:
            _leave_place(call)
            return
        call.state = STARTING
        self._open.add(call)
        self._starting.append(call)
        if call.recorded is None:
            self._book.intent(call, Status.RUNNING)
        else:
            self._book.step(call, Status.RUNNING)
        if call.ahead:
            call.written = asyncio.get_running_loop().create_future()
            self._run_task(call, self._perform(call), RUNNING)

    def _place_now(self, call: Call) -> bool:
        """Take a place within the limits that the step counts against, if there is one."""
        places = self._services.limits.of(call.pool)
        if not take_now(places):
            return False
        call.places = places
        return True

    async def _take_place(self, call: Call) -> None:
        places = self._services.limits.of(call.pool)
        await take(places)
        call.places = places

    def _run_task(self, call: Call, work: Any, state: int) -> None:
        call.state = state
        self._open.add(call)
        if (call.ahead or state is ADMITTED) and self._services.writer is not None:
            self._services.writer.expect()
        call.task = self._loop.create_task(work, context=call.context)

    async def _admit(self, call: Call) -> None:
        """Ask the policies, then wait for a place."""
        try:
            if call.gate is not None:
                passed = await call.gate(call)
                if call.recorded is None:
                    call.decisions = [*call.decisions, *passed.decisions]
                else:  # judged again, since it is sent again
                    call.late_decisions = passed.decisions
                if passed.spell is not None:
                    call.spell, call.hash_keyed = passed.spell, True
                if passed.denied is not None:
                    self._refuse(call, passed.denied)
                    return
                call.body = passed.body
            await self._take_place(call)
        except asyncio.CancelledError:
            self._called_off(call)
            return
        except Exception as error:
            self._refuse(call, error)
            return
        self._open.discard(call)
        self._host.admitted(call)

    def _called_off(self, call: Call) -> None:
        """Take the end of a step that was cancelled before this attempt of it was on record."""
        self._open.discard(call)
        if call.recorded is None or self._stopping:
            self._host.wake()  # nothing of it is on record, or it stays there to be taken up again
        else:
            self._host.completed(call, Outcome(Status.CANCELLED))

    def _refuse(self, call: Call, error: Exception) -> None:
        self._open.discard(call)
        status = Status.DENIED if isinstance(error, PolicyDeniedError) else Status.FAILED
        self._host.completed(call, self._book.refused(call, error, status))

    def _take_up(self, call: Call) -> None:
        """Go on with a step that was begun and whose end nobody saw."""
        recorded = call.recorded
        assert recorded is not None  # noqa: S101  # the caller has looked
        call.attempt, call.tries, call.candidate = recorded.starts + 1, recorded.tries + 1, recorded.candidate
        call.answer, call.on_admitted = recorded.answer, self.pauses.gone_on
        call.ticket = recorded.ticket if recorded.put_off else NO_TICKET
        if recorded.status is Status.WAITING:  # between two attempts, or before one
            self.pauses.recall(call, recorded.asks)
            self._run_task(call, self._after_pause(call, recorded), ADMITTED)
        elif recorded.retry_decided or call.spec.kind == "workflow":
            self._run_task(call, self._admit(call), ADMITTED)
        elif call.spec.effect == "once":
            self._doubt(call, "it was started, may not be repeated, and its end is not on record")
        elif recorded.interruptions > self._services.interruptions_max:
            self._park(call, f"it was interrupted {recorded.interruptions} times")
        else:
            self._run_task(call, self._admit(call), ADMITTED)

    async def _after_pause(self, call: Call, recorded: Recorded) -> None:
        due_ns = recorded.retry_due_ns
        try:
            if recorded.asks:
                await self.pauses.wait_out(call, self._services.clock, due_ns, recorded.asks)
            elif due_ns:
                await self._sleep_until(due_ns)
        except asyncio.CancelledError:
            await self._give_up(call)
            self._called_off(call)
            return
        await self._admit(call)

    def _doubt(self, call: Call, reason: str) -> None:
        if call.spec.reconcile is None:
            self._park(call, reason)
        else:
            self._run_task(call, self._reconcile(call, call.spec.reconcile, reason), RUNNING)

    def _park(self, call: Call, reason: str) -> None:
        call.state = PARKED
        self.in_doubt.append(f"{call.path}: {reason}")
        if call.recorded is not None and call.recorded.status is not Status.IN_DOUBT:
            self._book.step(call, Status.IN_DOUBT, note=reason)

    async def _reconcile(self, call: Call, reconcile: Body, reason: str) -> None:
        """Find out how the attempt ended that nobody saw the end of."""
        try:
            value = await reconcile(context_of(call, self._book.run))
            outcome = succeeded(call, value)
        except NotDone:
            await self._admit(call)
            return
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and self._is_called_off(call):
                self._called_off(call)
                return
            self._open.discard(call)
            self._park(call, f"{reason}; finding out failed: {error or type(error).__name__}")
            self._host.wake()
            return
        self._open.discard(call)
        self._host.completed(call, outcome)

    # --- performing

    def take_starting(self) -> Sequence[Call]:
        """Return the steps whose intents go into this write."""
        starting, self._starting = self._starting, []
        return starting

    def perform(self, calls: Sequence[Call]) -> None:
        """Start steps whose intents are durable."""
        for call in calls:
            if call.written is not None:
                if not call.written.done():
                    call.written.set_result(None)
            elif call.state is STARTING:
                self._run_task(call, self._perform(call), RUNNING)
            else:  # called off while its intent was being written
                self._end(call, None)

    def drop(self, calls: Sequence[Call]) -> None:
        """Give back the places of steps that do not start, because the run is over."""
        for call in calls:
            if call.written is None:  # else it has begun, and ends as what runs does
                self._end(call, None)

    async def _perform(self, call: Call) -> None:
        try:
            outcome = await self._outcome(call)
        except Parked as parked:
            self._open.discard(call)
            _leave_place(call)
            if call.state is not CANCELLED:
                call.state = PARKED
                self._parked[call] = parked.waits_for
            self._host.wake()
            return
        self._end(call, outcome)

    def _end(self, call: Call, outcome: Outcome | None) -> None:
        self._open.discard(call)
        self._waiting_children.pop(call, None)
        self.pauses.gone_on(call)
        _leave_place(call)
        if outcome is not None:
            self._host.completed(call, outcome)
        else:
            self._host.wake()

    async def _outcome(self, call: Call) -> Outcome:
        """Try until it succeeds, fails for good, or is cancelled."""
        while True:
            try:
                return succeeded(call, await attempt(call, self._book.run))
            except PutOff as put_off:
                if await self._put_off(call, put_off.wait):
                    continue
                return Outcome(Status.CANCELLED)
            except asyncio.CancelledError:
                if self._is_called_off(call):
                    return Outcome(Status.CANCELLED)
                error: Exception = StepError("asyncio.CancelledError", "the step cancelled itself")
            except Parked:
                raise
            except Exception as caught:
                error = caught
            following = next_try(call, error)
            if following is None:
                return failed(call, error)
            try:
                await self._try_again(call, error, *following)
            except asyncio.CancelledError:
                return Outcome(Status.CANCELLED)

    def _is_called_off(self, call: Call) -> bool:
        """Say whether a cancellation is meant for the step, as opposed to one that it raised itself."""
        return call.state is CANCELLED or self._stopping or cancel_requested()

    async def _try_again(
        self, call: Call, error: Exception, tries: int, candidate: int, pause_s: float
    ) -> None:
        """Put the failure on record, wait, and put the next attempt on record."""
        await call.on_record()
        failure: Failure | None = failure_of(call, error)
        log.info("attempt %d of %s failed (%s)", call.attempt, call.path, type(error).__name__)
        if pause_s > 0:
            due_ns = self._services.clock.now_ns() + int(pause_s * 1e9)
            self._book.step(call, Status.WAITING, failure=failure, due_ns=due_ns)
            await self._written()
            await self._sleep_until(due_ns)
            failure = None
        if candidate != call.candidate and not self._move(call, candidate):
            if failure is not None:
                self._book.step(call, Status.WAITING, failure=failure, due_ns=self._services.clock.now_ns())
                await self._written()
                failure = None
            await self._take_place(call)
        call.attempt, call.tries, call.ticket = call.attempt + 1, tries, NO_TICKET
        self._book.step(call, Status.RUNNING, failure=failure)
        await self._begun(call)

    def _move(self, call: Call, candidate: int) -> bool:
        """Leave the place at one model for one at another; say whether there was one at once."""
        _leave_place(call)
        call.candidate = candidate
        return self._place_now(call)

    async def _put_off(self, call: Call, wait: Wait) -> bool:
        """Have a step wait as a policy has decided, on record; say whether it goes on.

        Raises:
            Parked: If the run was let go while it waited; the wait stays on record.
        """
        try:
            await self._pause(call, wait)
        except asyncio.CancelledError:
            if self._stopping:
                raise Parked(wait.reason) from None
            await self._give_up(call)
            return False
        return True

    async def _pause(self, call: Call, wait: Wait) -> None:
        clock = self._services.clock
        steady = self._services.steady or clock
        asks = self.pauses.asks(call, wait)
        if "question" not in asks:
            self.pauses.gone_on(call)
        left_ns = (wait.until_ns or 0) - steady.now_ns()
        due_ns = clock.now_ns() + left_ns if wait.until_ns else 0
        self._book.step(call, Status.WAITING, due_ns=due_ns, note=wait.reason, asks=asks)
        await self._written()
        _leave_place(call)
        call.answer, call.on_admitted = None, self.pauses.gone_on
        await self.pauses.wait_out(call, steady, wait.until_ns or 0, asks, wait.sooner)
        await self._take_place(call)
        self._book.resumed()
        self._book.step(call, Status.RUNNING)
        await self._begun(call)

    async def _give_up(self, call: Call) -> None:
        """Have policies give back what they hold for a step that was called off while it waited."""
        self.pauses.gone_on(call)
        if call.give_up is not None and not self._stopping:
            await call.give_up(context_of(call, self._book.run))

    async def _begun(self, call: Call) -> None:
        """Write that an attempt begins, and wait until that is durable, if it does not do so itself."""
        written = self._write()
        if call.ahead:
            call.written = written
        else:
            await written

    async def _written(self) -> None:
        """Write what the book holds and wait until it is durable."""
        await self._write()

    def _write(self) -> "asyncio.Future[None]":
        """Write what the book holds; what is returned is done when it is durable, or cancelled."""
        made: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done(result: CommitResult, entries: Sequence[Entry]) -> None:
            if isinstance(result, Exception):
                made.cancel()
                self._host.abort(result)
                return
            self._services.tell(self._book.run, entries)
            if not made.done():
                made.set_result(None)

        self._book.write(done)
        return made

    async def _sleep_until(self, due_ns: int) -> None:
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring() -> None:
            if not rung.done():
                rung.set_result(None)
                self._asleep -= 1  # here, and not when the task gets to it: it is under way again

        alarm = self._services.clock.alarm(due_ns, ring)
        self._asleep += 1
        try:
            await rung
        except asyncio.CancelledError:
            self._asleep -= rung.cancelled()
            raise
        finally:
            alarm.cancel()

    # --- children

    def waits(self, path: str) -> bool:
        """Say whether the child run of the step at *path* waits for something outside."""
        return any(call.path == path for call in self._waiting_children)

    def child_waits(self, call_path: str, waits_for: str | None) -> None:
        """Note that a child run waits for something outside, or no longer does."""
        for call in self._open:
            if call.path == call_path:
                if waits_for is None:
                    self._waiting_children.pop(call, None)
                else:
                    self._waiting_children[call] = waits_for
                self._host.wake()
                return

    # --- calling off

    def call_off(self, call: Call, state: int) -> bool:
        """Cancel a step that the workflow has called off; say whether that ends it at once."""
        if state in (ADMITTED, RUNNING):
            self._cancel(call)
            return False
        if state is STARTING:
            if call in self._starting:
                self._starting.remove(call)
                self._open.discard(call)
                _leave_place(call)
            return True
        self.waiting.call_off(call)
        self._parked.pop(call, None)
        return True

    def _cancel(self, call: Call) -> None:
        task = call.task
        if task is None:
            return
        work: Any = task.get_coro()
        if inspect.getcoroutinestate(work) == inspect.CORO_CREATED:  # not a line of it will run
            performing = work.cr_code is Effects._perform.__code__
            task.add_done_callback(lambda _: self._never_began(call, performing))
        task.cancel()

    def _never_began(self, call: Call, performing: bool) -> None:
        if call not in self._open:
            return
        if performing:
            self._end(call, Outcome(Status.CANCELLED))
        else:
            self._called_off(call)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        for call in list(self._open):
            if call.state is ADMITTED or call in self.pauses:
                self._cancel(call)

    def cancel_all(self) -> None:
        """Cancel whatever runs or waits, and forget it."""
        self._stopping = True
        self.waiting.cancel_all()
        for call in list(self._open):
            self._cancel(call)

    def let_go(self) -> None:
        """Tell the run nothing more: it is over, and need not wait for the collector."""
        self._host = self.waiting.host = NOBODY


def _leave_place(call: Call) -> None:
    give_back(call.places)
    call.places = ()

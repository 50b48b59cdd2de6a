"""Performing steps: from being allowed to begin to the moment the outcome is there.

Bodies run on the real loop, where they may do as they like. Nothing starts
before its intent is durable, and a cancelled step is really cancelled; what follows
an attempt is the business of `retries`. One kind of body begins ahead of its intent and
waits for it itself: a model's call that policies admit, so that what they hold for
it is written with the intent.
"""

import asyncio
import inspect
import logging
from collections.abc import Sequence
from typing import Any

from reenact.attempts import context_of, succeeded
from reenact.book import Book
from reenact.errors import PolicyDeniedError
from reenact.pauses import Pauses
from reenact.places import leave_place, take_place, take_place_now
from reenact.recorded import Recorded
from reenact.records import Status
from reenact.retries import Retries
from reenact.reuse import fits, judged
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
    Parked,
)
from reenact.waiting import NOBODY, Host, Waiting

log = logging.getLogger("reenact.step")


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
        self._pauses = Pauses(self.waiting)
        self._retries = Retries(book, services, host, self._pauses)
        self._parked: dict[Call, str] = {}
        self._waiting_children: dict[Call, str] = {}
        self.in_doubt: list[str] = []

    # --- what is going on

    @property
    def busy(self) -> bool:
        """Whether a body runs or is about to."""
        return bool(self._open)

    @property
    def performing(self) -> int:
        """How many steps are being performed, without those that wait for another attempt's time."""
        return len(self._open) - len(self._waiting_children) - self._retries.asleep - len(self._pauses)

    @property
    def idle(self) -> bool:
        """Whether nothing runs, or all that runs waits for somebody."""
        return not self._starting and all(
            call in self._waiting_children or self._pauses.need_somebody(call) for call in self._open
        )

    @property
    def waits_for(self) -> list[str]:
        """What has to come from outside for the run to go on."""
        return [
            *self.waiting.waits_for,
            *self._pauses.waits_for,
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
        elif self._is_reusable(call) or call.gate is not None:
            self._run_task(call, self._admit(call), ADMITTED)
        elif take_place_now(call, self._services.limits):
            self.start(call)
        else:
            self._run_task(call, self._admit(call), ADMITTED)

    def _is_reusable(self, call: Call) -> bool:
        spec = call.spec
        wanted = (spec.cache or self._services.cache) == "workflow"
        call.reusable = wanted and spec.effect == "repeatable" and spec.kind != "workflow"
        return call.reusable

    async def _recalled(self, call: Call) -> bool:
        """Take the outcome that another run of the workflow had, if there is one and policies let it."""
        if not call.reusable or call.hash_keyed:
            return False
        found = await self._services.recall(self._book.reusable_hash(call))
        if found is None or not fits(found[0].outcome, call) or not judged(found[0].outcome, call):
            return False
        taken, blobs = found
        self._open.discard(call)
        self._book.bring(blobs)
        self._host.completed(call, Outcome(Status.SUCCEEDED, taken=taken))
        return True

    def ask_first(self, call: Call, reason: str) -> None:
        """Have a person decide about a step before it is begun."""
        self._book.intent(call, Status.RUNNING)
        self._book.step(call, Status.IN_DOUBT, note=reason)
        self._park(call, reason)

    def start(self, call: Call) -> None:
        """Put the intent of an admitted step into this turn's write; it starts when that is durable."""
        if call.state is CANCELLED:
            leave_place(call)
            self._called_off(call)
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

    def _run_task(self, call: Call, work: Any, state: int) -> None:
        call.state = state
        self._open.add(call)
        if (call.ahead or state is ADMITTED) and self._services.writer is not None:
            self._services.writer.expect()
        call.task = self._loop.create_task(work, context=call.context)

    async def _admit(self, call: Call) -> None:
        """Ask the policies, then look for an outcome to take, then wait for a place."""
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
            if await self._recalled(call):
                return
            await take_place(call, self._services.limits)
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
        if call.recorded is None or self._retries.stopping:
            self._host.wake()  # nothing of it is on record, or it stays there to be taken up again
        elif call.spec.kind == "workflow":
            self.end_child(call)
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
        call.answer, call.on_admitted = recorded.answer, self._pauses.gone_on
        call.ticket = recorded.ticket if recorded.put_off else NO_TICKET
        if recorded.status is Status.WAITING:  # between two attempts, or before one
            self._pauses.recall(call, recorded.asks)
            self._run_task(call, self._go_on(call, recorded), ADMITTED)
        elif recorded.retry_decided or call.spec.kind == "workflow":
            self._run_task(call, self._admit(call), ADMITTED)
        elif call.spec.effect == "once":
            self._doubt(call, "it was started, may not be repeated, and its end is not on record")
        elif recorded.interruptions > self._services.interruptions_max:
            self._park(call, f"it was interrupted {recorded.interruptions} times")
        else:
            self._run_task(call, self._admit(call), ADMITTED)

    async def _go_on(self, call: Call, recorded: Recorded) -> None:
        """Take up a step that waits on record."""
        if await self._retries.wait_out(call, recorded):
            await self._admit(call)
        else:
            self._called_off(call)

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
            if isinstance(error, asyncio.CancelledError) and self._retries.called_off(call):
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
            else:  # called off while its intent was being written; its child run may be being ended
                self._host.wake()

    def drop(self, calls: Sequence[Call]) -> None:
        """Give back the places of steps that do not start, because the run is over."""
        for call in calls:
            if (
                call.written is None and call.state is STARTING
            ):  # else it has begun, and ends as what runs does
                self._end(call, None)

    async def _perform(self, call: Call) -> None:
        try:
            outcome = await self._retries.outcome(call)
        except Parked as parked:
            self._open.discard(call)
            self._waiting_children.pop(call, None)  # what is parked says itself what it waits for
            leave_place(call)
            if call.state is not CANCELLED:
                call.state = PARKED
                self._parked[call] = parked.waits_for
            self._host.wake()
            return
        self._end(call, outcome)

    def _end(self, call: Call, outcome: Outcome | None) -> None:
        self._open.discard(call)
        self._waiting_children.pop(call, None)
        self._pauses.gone_on(call)
        leave_place(call)
        if outcome is not None:
            self._host.completed(call, outcome)
        else:
            self._host.wake()

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
            self._end(call, None)
            return True
        self.waiting.call_off(call)
        self._parked.pop(call, None)
        return True

    def end_child(self, call: Call) -> None:
        """End the child run of a step that was called off before this process came to follow it."""
        self._run_task(call, self._end_child(call), CANCELLED)

    async def _end_child(self, call: Call) -> None:
        outcome = Outcome(Status.CANCELLED)
        try:
            if call.give_up is not None:
                await call.give_up(context_of(call, self._book.run))
        except asyncio.CancelledError:
            self._end(call, None)  # the run is being let go of; whoever resumes it does this again
        except Exception as error:
            self._end(call, None if self._retries.stopping else outcome)
            log.warning("the child run of %s could not be ended: %s", call.path, error)
        else:
            self._end(call, outcome)

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
        if performing and call.spec.kind == "workflow" and call.recorded is not None:
            self.end_child(call)
        elif performing:
            self._end(call, Outcome(Status.CANCELLED))
        else:
            self._called_off(call)

    def stop(self) -> None:
        """Begin nothing more."""
        self._retries.stopping = True
        for call in list(self._open):
            if call.state is ADMITTED or call in self._pauses:
                self._cancel(call)

    def cancel_all(self) -> None:
        """Cancel whatever runs or waits, and forget it."""
        self._retries.stopping = True
        self.waiting.cancel_all()
        for call in list(self._open):
            self._cancel(call)

    def let_go(self) -> None:
        """Tell the run nothing more: it is over, and need not wait for the collector."""
        self._host = self.waiting.host = self._retries.host = NOBODY

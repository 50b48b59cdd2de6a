"""What follows an attempt: the outcome, another attempt, or a wait that a policy asks for.

Each further attempt is on record before it begins, and so is the wait before it, with the
time at which it is over: a process that takes the step up knows how often it was tried,
and waits only for what is left.
"""

import asyncio
import logging
from collections.abc import Sequence

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
from reenact.errors import StepError
from reenact.failures import foreign
from reenact.judging import Wait
from reenact.pauses import Pauses
from reenact.places import leave_place, take_place, take_place_now
from reenact.recorded import Recorded
from reenact.records import Entry, Failure, Status
from reenact.services import Services
from reenact.steps import CANCELLED, NO_TICKET, Call, Outcome, Parked, PutOff
from reenact.stores import CommitResult
from reenact.waiting import Host

log = logging.getLogger("reenact.step")


class Retries:
    """The attempts of the steps of one run.

    Args:
        book: Where they go on record.
        services: What the runs of the process share.
        host: The run, which ends if its record cannot be added to.
        pauses: The steps that policies have wait.

    Attributes:
        asleep: How many steps wait for another attempt's time.
        stopping: Whether the run is being let go: then a cancellation leaves a step as it is on record.
    """

    def __init__(self, book: Book, services: Services, host: Host, pauses: Pauses) -> None:
        self._book = book
        self._services = services
        self.host: Host = host
        self._pauses = pauses
        self.asleep = 0
        self.stopping = False

    async def outcome(self, call: Call) -> Outcome:
        """Try until *call* succeeds, fails for good, or is cancelled.

        Raises:
            Parked: If it has let go of what it waits for.
        """
        while True:
            try:
                return succeeded(call, await attempt(call, self._book.run))
            except PutOff as put_off:
                if await self._put_off(call, put_off.wait):
                    continue
                return Outcome(Status.CANCELLED)
            except asyncio.CancelledError:
                if self.called_off(call):
                    return Outcome(Status.CANCELLED)
                error: Exception = StepError("asyncio.CancelledError", "the step cancelled itself")
            except Parked:
                raise
            except Exception as caught:
                error = caught
            except (KeyboardInterrupt, SystemExit, GeneratorExit):
                raise
            except BaseException as caught:  # as some test tools raise; nobody above would take it
                error = foreign(caught)
            following = next_try(call, error)
            if following is None:
                return failed(call, error)
            try:
                await self._try_again(call, error, *following)
            except asyncio.CancelledError:
                return Outcome(Status.CANCELLED)

    def called_off(self, call: Call) -> bool:
        """Say whether a cancellation is meant for the step, as opposed to one that it raised itself."""
        return call.state is CANCELLED or self.stopping or cancel_requested()

    async def wait_out(self, call: Call, recorded: Recorded) -> bool:
        """Wait for the rest of what *call* waits for on record; say whether it goes on."""
        due_ns = recorded.retry_due_ns
        try:
            if recorded.asks:
                await self._pauses.wait_out(call, self._services.clock, due_ns, recorded.asks)
            elif due_ns:
                await self._sleep_until(due_ns)
        except asyncio.CancelledError:
            await self._give_up(call)
            return False
        return True

    # --- another attempt

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
            await take_place(call, self._services.limits)
        call.attempt, call.tries, call.ticket = call.attempt + 1, tries, NO_TICKET
        self._book.step(call, Status.RUNNING, failure=failure)
        await self._begun(call)

    def _move(self, call: Call, candidate: int) -> bool:
        """Leave the place at one model for one at another; say whether there was one at once."""
        leave_place(call)
        call.candidate = candidate
        return take_place_now(call, self._services.limits)

    async def _sleep_until(self, due_ns: int) -> None:
        rung: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring() -> None:
            if not rung.done():
                rung.set_result(None)
                self.asleep -= 1  # here, and not when the task gets to it: it is under way again

        alarm = self._services.clock.alarm(due_ns, ring)
        self.asleep += 1
        try:
            await rung
        except asyncio.CancelledError:
            self.asleep -= rung.cancelled()
            raise
        finally:
            alarm.cancel()

    # --- put off by a policy

    async def _put_off(self, call: Call, wait: Wait) -> bool:
        """Have a step wait as a policy has decided, on record; say whether it goes on.

        Raises:
            Parked: If the run was let go while it waited; the wait stays on record.
        """
        try:
            await self._pause(call, wait)
        except asyncio.CancelledError:
            if self.stopping:
                raise Parked(wait.reason) from None
            await self._give_up(call)
            return False
        return True

    async def _pause(self, call: Call, wait: Wait) -> None:
        clock = self._services.clock
        steady = self._services.steady or clock
        asks = self._pauses.asks(call, wait)
        if "question" not in asks:
            self._pauses.gone_on(call)
        left_ns = (wait.until_ns or 0) - steady.now_ns()
        due_ns = clock.now_ns() + left_ns if wait.until_ns else 0
        self._book.step(call, Status.WAITING, due_ns=due_ns, note=wait.reason, asks=asks)
        await self._written()
        leave_place(call)
        call.answer, call.on_admitted = None, self._pauses.gone_on
        await self._pauses.wait_out(call, steady, wait.until_ns or 0, asks, wait.sooner)
        await take_place(call, self._services.limits)
        self._book.resumed()
        self._book.step(call, Status.RUNNING)
        await self._begun(call)

    async def _give_up(self, call: Call) -> None:
        """Have policies give back what they hold for a step that was called off while it waited."""
        self._pauses.gone_on(call)
        if call.give_up is not None and not self.stopping:
            await call.give_up(context_of(call, self._book.run))

    # --- on record

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
                self.host.abort(result)
                return
            self._services.tell(self._book.run, entries)
            if not made.done():
                made.set_result(None)

        self._book.write(done)
        return made

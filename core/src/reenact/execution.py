"""One run, being run: the way from a step that is asked for to its outcome on record.

::

    asked ─▶ on record? ──yes──▶ delivered in the recorded order
               │ no
               ▼
             held until the record is used up ─▶ policies, limits ─▶ intent on record
               ─▶ effect ─▶ completed ─▶ outcome on record and delivered ─▶ one turn of the loop

Everything here happens in callbacks of the real loop: one delivery, one turn, and
when nothing is left to deliver, one write of all that came of it. How an effect is
performed is the business of `effects`; when it is, and what becomes of it, of this
module.
"""

import asyncio
import collections
import contextvars
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from reenact.book import Book
from reenact.closing import Closing, Ending, close
from reenact.codec import decode
from reenact.deliveries import as_cancelled, error_of, outcome_given, stamp, told_ns, value_of
from reenact.effects import Effects
from reenact.failures import rewritten
from reenact.history import History, LeftAway, NextAway
from reenact.matching import Matching, OnChange
from reenact.models import Models
from reenact.placeholders import Placeholders
from reenact.reading import Reading
from reenact.recorded import CANCEL_NAME, PATCH_PREFIX, STOPPED
from reenact.records import Entry, Message, RunRecord, Status
from reenact.reuse import Earlier
from reenact.scopes import INHERITED, Scope, current_scope
from reenact.services import Services
from reenact.steps import (
    ASKED,
    CANCELLED,
    HELD,
    OVER,
    Call,
    ContinueAsNew,
    Outcome,
    StepContext,
    StepSpec,
    WorkflowSpec,
)
from reenact.stores import CommitResult
from reenact.timers import Timers
from reenact.trace import TraceContext, current_trace

log = logging.getLogger("reenact.run")

DELIVERIES_AT_A_TIME = 200
"""Deliveries after which other work of the process gets a turn."""

BEGUN_AT_A_TIME = 256
"""Steps whose intents are one write: the first of many begin while the others are being written."""

GIVEN = "its outcome was given"
"""Note of a step that was not run, because its outcome was set for the run."""

current_execution: contextvars.ContextVar["Execution | None"] = contextvars.ContextVar(
    "reenact_execution", default=None
)
INHERITED.extend((current_execution, current_trace))


class RunHost(Protocol):
    """What a run's steps need of the runtime."""

    models: Models

    async def continue_run(
        self, ended: "Execution", spec: WorkflowSpec, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        """Start the run in which *ended* goes on; return it, as it was started."""

    async def run_child(
        self, parent: "Execution", spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        """Run a workflow as a step of *parent*."""


class Execution:
    """A run in this process.

    Args:
        run: The run, owned by this process; for a replay, as it was read.
        history: What its journal says.
        services: What it shares with the other runs of the process.
        host: Asks models and runs child runs for it.
        live: False for a replay, which performs and writes nothing.
        on_changed: What to do about a step whose input is not the one on record.
        suspend: End, and give the run back, when it waits for somebody and does nothing else.
        earlier: The record of the run that this one takes outcomes from.
    """

    def __init__(
        self,
        run: RunRecord,
        history: History,
        services: Services,
        *,
        host: RunHost,
        live: bool = True,
        on_changed: OnChange = "reexecute",
        suspend: bool = False,
        earlier: Earlier | None = None,
    ) -> None:
        self.history = history
        self.earlier = earlier
        if earlier is not None:
            history.blobs.update(earlier.blobs)
        self.services = services
        self.host = host
        self.live = live
        self.suspend = suspend
        self.matching = Matching(history, self, on_changed, earlier)
        self.known: dict[str, str | int] = {}  # what policies took out, by placeholder; in memory only
        self.trace = TraceContext(run.trace_id, run.id)
        self.finished: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.book = Book(run, history, services)
        self.chains = self.book.chains
        self.effects = Effects(self.book, services, self)
        self.loop = services.loop(
            self, seed=int(run.key or "1", 16), start_s=self._began_ns(run) / 1e9, unhandled=self._unhandled
        )
        self._real = asyncio.get_running_loop()
        self._main: asyncio.Task[Any] | None = None
        self._spec: WorkflowSpec | None = None
        self._asked: list[Call] = []
        self._called_off: list[Call] = []
        self._completed: collections.deque[tuple[Call, Outcome]] = collections.deque()
        self._admitted: list[Call] = []
        self._timers = Timers()
        self._scheduled = False
        self._stopping = False
        self._over = False
        self._cancel_asked: str | None = None
        self._patches: dict[str, bool] = {}
        self._continued: asyncio.Task[Any] | None = None
        self._reading = Reading(history, self.chains, self)
        self._writing = 0

    def _began_ns(self, run: RunRecord) -> int:
        """Return the time at which the workflow's clock starts: of a re-run, when the other run began."""
        if self.history.begun is not None:
            return self.history.begun.due_ns or self.history.begun.at_ns
        return self.earlier.began_ns if self.earlier is not None else run.created_ns

    @property
    def run(self) -> RunRecord:
        """The run as it is on record, or about to be."""
        return self.book.run

    @property
    def letting_go(self) -> bool:
        """Whether the run is being stopped, as opposed to its steps being cancelled."""
        return self._stopping or self._over

    @property
    def under_way(self) -> int:
        """How much of it goes on by itself: steps being performed, turns and writes that are due.

        What waits for time or for somebody does not count; a child run's step counts.
        """
        going_on = self._continued is not None and not self._continued.done()
        due = self._scheduled or self._completed or self._asked or self._admitted or going_on
        return self.effects.performing + self._writing + bool(due or self._reading.busy)

    # --- life

    def start(self, workflow: Callable[[], Coroutine[Any, Any, Any]], spec: WorkflowSpec) -> None:
        """Begin to run *workflow*, declared as *spec*; `finished` tells how it ended."""
        self._spec = spec
        context = contextvars.copy_context()
        context.run(current_execution.set, self)
        context.run(current_scope.set, Scope())
        context.run(current_trace.set, self.trace)
        with self.loop.entered():
            self._main = context.run(lambda: self.loop.begin(workflow(), context))
        self.wake()

    def wake(self) -> None:
        """Have the run go on as soon as the real loop gets to it."""
        if not self._scheduled and not self._over:
            self._scheduled = True
            self._real.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._scheduled = False
        if self._over:
            return
        try:
            if self._stopping:
                self._wind_down()
            elif not self._reading.busy:
                self._advance()
        except NextAway:
            self._reading.on()
        except LeftAway:
            self._reading.whole()
        except Exception as error:
            self.abort(error)

    def stop(self) -> None:
        """Start nothing more; put on record what still comes in. `abandon` ends it."""
        self._stopping = True
        self.effects.stop()
        self.wake()

    def abandon(self) -> None:
        """Cancel what is in flight and give the run back, resumable."""
        if self._over:
            return
        self.effects.cancel_all()
        self.book.root(self.run.status, note=STOPPED, release=True)
        self._flush(final=True)

    def abort(self, error: BaseException) -> None:
        """End with *error*, writing nothing but that the run is free again."""
        if self._over:
            return
        self._over = True
        self.effects.cancel_all()
        self._dispose()
        self.book.discard()
        if self.live:
            self.book.release()
        if not self.finished.done():
            self.finished.set_exception(error)

    def _dispose(self) -> None:
        """Drop the workflow's tasks, and break the cycles in which a run holds itself."""
        self.loop.close()
        self._reading.let_go()
        self._drop_admitted()
        for call in self.matching:
            if call.future is not None and not call.future.done():
                call.future.cancel()
        self.loop.drop_tasks()
        self.effects.let_go()
        self._main = None

    # --- what the workflow asks for

    def ask(self, call: Call) -> asyncio.Future[Any]:
        """Take a step that the workflow asks for; its future ends when the outcome is delivered."""
        call.context = contextvars.copy_context()
        call.future = asyncio.Future(loop=self.loop)
        self._asked.append(call)
        return call.future

    def patched(self, name: str) -> bool:
        """Say whether the code has a patch at this point; see `reenact.patched`."""
        path = f"{PATCH_PREFIX}{name}]"
        known = self._patches.get(path)
        if known is None:
            known = path in self.history.patches or not self.matching.behind
            self._patches[path] = known
            if known and path not in self.history.patches:
                self.book.patched(path)
        return known

    def call_off(self, call: Call) -> None:
        """Take back a step whose task the workflow has cancelled."""
        if call.state is not OVER:
            self._called_off.append(call)

    def timer_set(self, handle: asyncio.TimerHandle, scope: Scope) -> None:
        """Keep a timer of the loop, as a step."""
        self._asked.append(self._timers.set(handle, scope, self._behind_ns()))

    def _behind_ns(self) -> int:
        """Return how far the workflow's time is behind, in a run that has just come from another."""
        if not (self.run.origin and self.live) or self.loop.time() * 1e9 >= self.run.created_ns:
            return 0
        return self.services.clock.now_ns() - int(self.loop.time() * 1e9)

    def timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Forget a timer of the loop."""
        call = self._timers.drop(handle)
        if call is not None:
            self._called_off.append(call)

    # --- one delivery, one turn

    def _advance(self) -> None:
        main = self._main
        assert main is not None  # noqa: S101  # set before the first wake
        with self.loop.entered():
            self._deliver_what_there_is(main)
        if main.done():
            self._end(main)
            return
        if not (self.history.pending or self._scheduled):  # scheduled: the last delivery's turn is to come
            self._release_held()
        self._flush()

    def _deliver_what_there_is(self, main: asyncio.Task[Any]) -> None:
        """Deliver outcomes, one a turn, until there are none or it is somebody else's turn."""
        for _ in range(DELIVERIES_AT_A_TIME):
            self.loop.turn()
            self._sort()
            if main.done():
                return
            if self.history.pending:
                self._deliver_recorded()
            elif self._completed:
                self._deliver(*self._completed.popleft())
            else:
                return
        self.wake()

    def _sort(self) -> None:
        """Find out for each step asked for whether it is on record."""
        while self._called_off or self._asked:
            asked, self._asked = self._asked, []
            off, self._called_off = self._called_off, []
            for place, call in enumerate(asked):
                try:
                    self.matching.match(call)
                except LeftAway:  # the rest is sorted when that is held
                    self._asked, self._called_off = asked[place:], off
                    raise
            for call in off:
                self._forget(call)

    def _deliver_recorded(self) -> None:
        found = self.matching.next_recorded()
        if found is None:
            return
        call, entry = found
        if call is None:
            self._cancel_main(entry.note)
            return
        try:
            self._hand_over(call, entry)
        except LeftAway:
            self.matching.put_back(call, entry)
            raise

    def taken(self, call: Call, outcome: Outcome) -> None:
        """Take the outcome of a step that keeps the one it had."""
        self._completed.append((call, outcome))

    def revised(self, seq: int) -> None:
        """Put on record that outcomes from *seq* on are not delivered in their order."""
        self.book.root(Status.RUNNING, revised_from=seq)

    def given(self, call: Call, value: Any) -> None:
        """End a step with an outcome that was set for the run."""
        if not self.live:
            self.matching.hold(call)
            return
        self.book.intent(call, Status.RUNNING, note=GIVEN)
        self._completed.append((call, outcome_given(call, value)))

    def ask_first(self, call: Call, reason: str) -> None:
        """Have a person decide about a step before it is begun."""
        self.effects.ask_first(call, reason)

    def _deliver(self, call: Call, outcome: Outcome) -> None:
        """Put a live outcome on record, and hand it to the workflow."""
        if call.state is OVER:
            return  # called off in the meantime, which is on record
        if call.spec.name == CANCEL_NAME:
            self.book.cancelled(call.path, self._cancel_asked or "", outcome.message_id)
            self._cancel_main(self._cancel_asked or "")
        elif call.state is CANCELLED or outcome.status is Status.CANCELLED:
            self.book.outcome(call, as_cancelled(outcome))
            call.state = OVER
        else:
            self.book.resumed()
            self._hand_over(call, self.book.outcome(call, outcome), outcome)

    def _hand_over(self, call: Call, entry: Entry, outcome: Outcome | None = None) -> None:
        call.state = OVER
        self.loop.advance(told_ns(call, entry) / 1e9)
        if call.handle is not None:
            self._timers.drop(call.handle)
            self.loop.fire(call.handle)
            return
        future = call.future
        if future is None or future.done():
            return
        source = self.history.outcome(entry) if entry.again >= 0 else entry
        if source.failure is not None:
            future.set_exception(error_of(call, entry, source.failure, outcome, self.trace))
        elif outcome is not None and outcome.settled is not None:
            future.set_result(outcome.settled.value)
        else:
            future.set_result(value_of(call, source, self.history, self.run.id))

    # --- what is live

    def _release_held(self) -> None:
        if self._completed and not self.matching.all_met:
            return  # outcomes that were kept from before come first
        self.matching.check_begun()
        held, self.matching.held = self.matching.held, []
        if not self.live:
            self._replay_ran_out(next((call for call in held if call.state is HELD), None))
            return
        for count, call in enumerate(held, 1):
            if call.state is HELD:
                self.effects.begin(call)
            if count % BEGUN_AT_A_TIME == 0:
                self._write_out()
        admitted, self._admitted = self._admitted, []
        for call in admitted:
            self.effects.start(call)

    def _drop_admitted(self) -> None:
        """Have steps that were let begin, and will not, give their places back."""
        admitted, self._admitted = self._admitted, []
        for call in admitted:
            self._forget(call)
            self.effects.start(call)

    def admitted(self, call: Call) -> None:
        """Take a step that policies and limits let begin."""
        self._admitted.append(call)
        self.wake()

    def completed(self, call: Call, outcome: Outcome) -> None:
        """Take the end of a step."""
        hold = self.services.hold
        if hold is None:
            self._take_end(call, outcome)
        else:
            hold(self.run.id, call.path, lambda: self._take_end(call, outcome))

    def _take_end(self, call: Call, outcome: Outcome) -> None:
        self._completed.append((call, outcome))
        self.wake()

    def _forget(self, call: Call) -> None:
        """Drop a step that the workflow has called off."""
        if call.state in (OVER, CANCELLED):
            return
        self.matching.called_off(call)
        state, call.state = call.state, CANCELLED
        if state in (ASKED, HELD):
            recorded = call.recorded
            if self.live and recorded is not None and recorded.outcome is None:
                self.book.outcome(call, Outcome(Status.CANCELLED))
            return
        if self.effects.call_off(call, state):
            self.book.outcome(call, Outcome(Status.CANCELLED))
            call.state = OVER

    def tell(self, message: Message) -> None:
        """Take a message from outside; one that was taken before is ignored."""
        if self._over or not self.effects.waiting.is_news(message):
            return
        if message.kind == "cancel":
            reason = decode(message.body)
            self._cancel_asked = reason if isinstance(reason, str) else ""
            call = Call(StepSpec(kind="signal", name=CANCEL_NAME), f"{CANCEL_NAME}#{message.id}", "")
            self._completed.append((call, Outcome(Status.SUCCEEDED, message_id=message.id)))
            self.wake()
        else:
            self.effects.waiting.answer(message)

    def _cancel_main(self, reason: str) -> None:
        self._cancel_asked = reason
        if self._main is not None:
            self._main.cancel()

    # --- the end

    def _end(self, main: asyncio.Task[Any]) -> None:
        """The workflow is done: call off what it left behind, then put its end on record."""
        if not self._clear_away():
            self._flush()
            return
        if not self.live:
            self._end_replay(main)
            return
        if not self._is_continued(main):
            return
        end = self._closing(main)
        self._ending = (end.value, end.error)
        failure = end.failure
        if failure is not None and self.known:
            failure = rewritten(failure, Placeholders(self.known).hide_value)
        self.book.root(end.status, output=end.output, failure=failure, note=end.note, release=True)
        self._flush(final=True)

    def _is_continued(self, main: asyncio.Task[Any]) -> bool:
        """See to it that the run exists in which this one goes on, if it does; say whether that is done."""
        asked = None if main.cancelled() else main.exception()
        if not isinstance(asked, ContinueAsNew):
            return True
        if self._continued is None:
            assert self._spec is not None  # noqa: S101  # set by start
            going_on = self.host.continue_run(self, self._spec, asked.args, asked.kwargs)
            self._continued = self._real.create_task(going_on, name="reenact-continue")
            self._continued.add_done_callback(lambda _: self.wake())
            self._flush()
        return self._continued.done()

    def _clear_away(self) -> bool:
        """Cancel the tasks and steps that the workflow left; say whether all of them are gone."""
        with self.loop.entered():
            if self.loop.cancel_tasks():
                self.loop.turn()
            if self.loop.close_generators():
                self.loop.turn()
        self._sort()
        for call in (*self.matching, *self._timers.open_calls()):
            self._forget(call)
        self.matching.held.clear()
        self._drop_admitted()
        while self._completed:
            call, outcome = self._completed.popleft()
            if call.state is not OVER and call.spec.name != CANCEL_NAME:
                call.state = OVER
                self.book.outcome(call, as_cancelled(outcome))
        for call in self.effects.open_calls():
            self._forget(call)
        return not self.effects.busy

    def _closing(self, main: asyncio.Task[Any]) -> Closing:
        assert self._spec is not None  # noqa: S101  # set by start
        going_on = self._continued
        failed = going_on.exception() if going_on is not None and not going_on.cancelled() else None
        end = close(main, self._spec.shape, self.book.blobs, self._cancel_asked or "", self.run.id, failed)
        if end.error is not None:
            stamp(end.error, self.trace)
        return end

    _ending: tuple[Any, BaseException | None] = (None, None)

    # --- writing

    def _flush(self, *, final: bool = False) -> None:
        """Write what came of the turns since the last write, then start what was intended."""
        if self.live:
            self._write_out(final=final or self._suspend_if_idle())

    def _write_out(self, *, final: bool = False) -> None:
        if final:
            self._over = True
        starting = self.effects.take_starting()
        if self.book.empty:
            self.effects.perform(starting)
            return

        def done(result: CommitResult, entries: Sequence[Entry]) -> None:
            self._writing -= 1
            if isinstance(result, Exception):
                self.effects.drop(starting)
                self._over = self._over and not final
                self.abort(result)
                return
            self.services.tell(self.run, entries)
            if self._over and not final:  # let go of while this was being written
                self.effects.drop(starting)
                return
            self.effects.perform(starting)
            if final:
                self._finish()

        self._writing += 1
        self.book.write(done)

    def _finish(self) -> None:
        self._dispose()
        value, error = self._ending
        if not self.finished.done():
            continued = self._continued.result() if self._continued is not None and error is None else None
            self.finished.set_result(Ending(run=self.run, value=value, error=error, continued=continued))

    def _suspend_if_idle(self) -> bool:
        """Note that the run waits or is in doubt, if it is and does nothing else; say whether to let go."""
        going_on = self._completed or self._asked or self._scheduled or self._reading.busy
        if going_on or not self.effects.idle:
            return False
        if self.earlier is not None and not self.effects.busy and self.effects.waiting.skip(self.earlier):
            return False
        doubt, waits = self.effects.in_doubt, self.effects.waits_for
        if waits and self.suspend and self.effects.waiting.overdue:
            return False
        if doubt:
            self.book.root(Status.IN_DOUBT, note="; ".join(doubt), release=True)
            self.effects.cancel_all()
            return True
        if waits:
            self.book.root(Status.WAITING, note="; ".join(waits), release=self.suspend)
        if waits and self.suspend:
            self.effects.cancel_all()
            return True
        return False

    def _wind_down(self) -> None:
        """While stopping: put outcomes on record without going on."""
        while self._completed:
            call, outcome = self._completed.popleft()
            if call.spec.name != CANCEL_NAME:
                self.book.outcome(call, outcome if call.state is not CANCELLED else as_cancelled(outcome))
                call.state = OVER
        if self.effects.busy:
            self._flush_stopping()
        else:
            self.abandon()

    def _flush_stopping(self) -> None:
        if not self.book.empty:
            self.book.write(lambda result, entries: self.services.tell(self.run, entries))

    # --- the end of a replay

    def _replay_ran_out(self, call: Call | None) -> None:
        """A replay at rest with nothing left on record: the record's end, or a divergence."""
        self.matching.check_unrecorded(call)
        self._end_without_a_word(Ending(run=self.run))

    def _end_replay(self, main: asyncio.Task[Any]) -> None:
        found = self._closing(main)
        self.matching.check_end(found.status, found.output, found.described)
        self._end_without_a_word(Ending(run=self.run, value=found.value, error=found.error))

    def _end_without_a_word(self, ending: Ending) -> None:
        self._over = True
        self._dispose()
        self.finished.set_result(ending)

    def _unhandled(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        log.error("in run %s: %s", self.run.id, context.get("message"), exc_info=error)

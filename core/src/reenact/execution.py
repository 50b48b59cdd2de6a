"""One run, being run: the way from a step that is asked for to its outcome on record.

::

    asked ─▶ on record? ──yes──▶ delivered in the recorded order
               │ no
               ▼
             held until the record is used up ─▶ policies, limits ─▶ intent on record
               ─▶ effect ─▶ completed ─▶ outcome on record and delivered ─▶ one turn of the loop

Everything here happens in callbacks of the real loop: one delivery, one turn, and
when nothing is left to deliver, one write of all that came of it. What is delivered
when is the business of `turns`, how an effect is performed that of `effects`; when it
is, how a run begins, stops and ends, and when it is written, of this module. A replay,
which performs and writes nothing, is in `replay`.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from reenact.away import LeftAway, NextAway, NotRead
from reenact.book import Book
from reenact.closing import Closing, Ending, close, continued_id
from reenact.codec import decode
from reenact.deliveries import stamp
from reenact.effects import Effects
from reenact.failures import described_place, rewritten
from reenact.handover import Handover
from reenact.history import History
from reenact.matching import OnChange
from reenact.models import Models
from reenact.placeholders import Placeholders
from reenact.reading import Reading
from reenact.recorded import STOPPED
from reenact.records import Entry, Message, RunRecord, Status
from reenact.reuse import Earlier
from reenact.scopes import INHERITED, Scope, current_scope
from reenact.services import Services
from reenact.steps import (
    HELD,
    Call,
    ContinueAsNew,
    Outcome,
    StepContext,
    WorkflowSpec,
)
from reenact.stores import CommitResult
from reenact.trace import TraceContext, current_trace
from reenact.turns import Turns

log = logging.getLogger("reenact.run")

BEGUN_AT_A_TIME = 256
"""Steps whose intents are one write: the first of many begin while the others are being written."""

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
        """Start the run in which *ended* goes on, having asked the `handover`; return it, as started."""

    async def run_child(
        self, parent: "Execution", spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> Any:
        """Run a workflow as a step of *parent*."""

    async def end_child(
        self, parent: "Execution", spec: WorkflowSpec, arguments: Mapping[str, Any], step: StepContext
    ) -> None:
        """Cancel the child run of a step of *parent*, which another process has begun."""


class Execution:
    """A run in this process.

    Args:
        run: The run, owned by this process.
        history: What its journal says.
        services: What it shares with the other runs of the process.
        host: Asks models and runs child runs for it.
        on_changed: What to do about a step whose input is not the one on record.
        suspend: End, and give the run back, when it waits for somebody and does nothing else.
        earlier: The record of the run that this one takes outcomes from.

    Attributes:
        live: Whether steps are performed and put on record; a replay does neither.
        handover: To the run in which this one goes on, once its workflow has said so.
    """

    live = True
    handover: Handover | None = None

    def __init__(
        self,
        run: RunRecord,
        history: History,
        services: Services,
        *,
        host: RunHost,
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
        self.suspend = suspend
        self.known: dict[str, str | int] = {}  # what policies took out, by placeholder; in memory only
        self.trace = TraceContext(run.trace_id, run.id)
        self.finished: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.book = Book(run, history, services)
        self.chains = self.book.chains
        self.effects = Effects(self.book, services, self)
        self.turns = Turns(
            history,
            self.book,
            self.effects,
            services,
            live=self.live,
            on_changed=on_changed,
            earlier=earlier,
            trace=self.trace,
            unhandled=self._unhandled,
        )
        self.loop = self.turns.loop
        self._real = asyncio.get_running_loop()
        self._spec: WorkflowSpec | None = None
        self._scheduled = False
        self._stopping = False
        self._over = False
        self._reading = Reading(history, self.chains, self)
        self._writing = 0

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
        going_on = self.handover is not None and self.handover.under_way
        due = self._scheduled or self.turns.due or going_on
        return self.effects.performing + self._writing + bool(due or self._reading.busy)

    # --- life

    def start(self, workflow: Callable[[], Coroutine[Any, Any, Any]], spec: WorkflowSpec) -> None:
        """Begin to run *workflow*, declared as *spec*; `finished` tells how it ended."""
        self._spec = spec
        context = contextvars.copy_context()
        context.run(current_execution.set, self)
        context.run(current_scope.set, Scope())
        context.run(current_trace.set, self.trace)
        self.turns.begin(workflow, context)
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
        except NotRead:
            self._reading.further()
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
        self.book.release()
        if not self.finished.done():
            self.finished.set_exception(error)

    def _dispose(self) -> None:
        """Drop the workflow's tasks, and break the cycles in which a run holds itself."""
        if self.handover is not None:
            self.handover.drop()
        self.loop.close()
        self._reading.let_go()
        self.turns.drop_admitted()
        self.turns.drop()
        self.effects.let_go()

    # --- what the workflow asks for

    def ask(self, call: Call) -> asyncio.Future[Any]:
        """Take a step that the workflow asks for; its future ends when the outcome is delivered."""
        return self.turns.ask(call)

    def call_off(self, call: Call) -> None:
        """Take back a step whose task the workflow has cancelled."""
        self.turns.call_off(call)

    def patched(self, name: str) -> bool:
        """Say whether the code has a patch at this point; see `reenact.patched`."""
        return self.turns.patched(name)

    # --- going on

    def _advance(self) -> None:
        main = self.turns.main
        assert main is not None  # noqa: S101  # set before the first wake
        if self.turns.deliver(main):
            self.wake()
        if main.done():
            self._end(main)
            return
        if not (self.history.pending or self._scheduled):  # scheduled: the last delivery's turn is to come
            self._release_held()
        self._flush()

    # --- what is live

    def _release_held(self) -> None:
        turns = self.turns
        if turns.completed and not turns.matching.all_met:
            return  # outcomes that were kept from before come first
        turns.matching.check_begun()
        held, turns.matching.held = turns.matching.held, []
        for count, call in enumerate(held, 1):
            if call.state is HELD:
                self.effects.begin(call)
            if count % BEGUN_AT_A_TIME == 0:
                self._write_out()
        admitted, turns.admitted = turns.admitted, []
        for call in admitted:
            self.effects.start(call)

    def admitted(self, call: Call) -> None:
        """Take a step that policies and limits let begin."""
        self.turns.admitted.append(call)
        self.wake()

    def completed(self, call: Call, outcome: Outcome) -> None:
        """Take the end of a step."""
        hold = self.services.hold
        if hold is None:
            self._take_end(call, outcome)
        else:
            hold(self.run.id, call.path, lambda: self._take_end(call, outcome))

    def _take_end(self, call: Call, outcome: Outcome) -> None:
        self.turns.completed.append((call, outcome))
        self.wake()

    def tell(self, message: Message) -> None:
        """Take a message from outside; one that was taken before is ignored."""
        if self._over or not self.effects.waiting.is_news(message):
            return
        if message.kind == "cancel":
            reason = decode(message.body)
            self.turns.ask_to_cancel(message, reason if isinstance(reason, str) else "")
            self.wake()
        else:
            self.effects.waiting.answer(message)

    # --- the end

    def _end(self, main: asyncio.Task[Any]) -> None:
        """The workflow is done: call off what it left behind, then put its end on record."""
        if not self.turns.clear_away():
            self._flush()
            return
        if not self._is_continued(main):
            return
        end = self._closing(main)
        self._ending = (end.value, end.error)
        failure = end.failure
        if failure is not None and self.known:
            failure = rewritten(failure, Placeholders(self.known).hide_value)
        self.book.root(
            end.status,
            output=end.output,
            failure=failure,
            note=end.note,
            release=True,
            goes_on_as=continued_id(self.run.id)
            if self.handover is not None and self.handover.is_asked
            else "",
        )
        if self.handover is not None:
            self.handover.write()
        self._flush(final=True)

    def _is_continued(self, main: asyncio.Task[Any]) -> bool:
        """See to it that all is ready for the run in which this one goes on; say whether it is.

        First everything that led here is on record. So whoever takes the run up comes to the same
        end, and the other run is made by nobody who has lost this one.
        """
        asked = None if main.cancelled() else main.exception()
        if not isinstance(asked, ContinueAsNew):
            return True
        if self.handover is not None:
            return self.handover.ready
        if self._writing or not self.book.empty:
            self._flush()
            return False
        assert self._spec is not None  # noqa: S101  # set by start
        going_on = self.host.continue_run(self, self._spec, asked.args, asked.kwargs)
        self.handover = Handover(going_on, self.wake)
        return False

    def _closing(self, main: asyncio.Task[Any]) -> Closing:
        assert self._spec is not None  # noqa: S101  # set by start
        failed = self.handover.error if self.handover is not None else None
        reason = self.turns.cancel_asked or ""
        end = close(main, self._spec.shape, self.book.blobs, reason, self.run.id, failed)
        if end.error is not None:
            stamp(end.error, self.trace)
        return end

    _ending: tuple[Any, BaseException | None] = (None, None)

    # --- writing

    def _flush(self, *, final: bool = False) -> None:
        """Write what came of the turns since the last write, then start what was intended."""
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
            elif not starting:
                self.wake()  # to find out whether anything is under way

        self._writing += 1
        self.book.write(done)

    def _finish(self) -> None:
        handed_over = self.handover is not None and self.run.status.ended and self.handover.complete()
        self._dispose()
        value, error = self._ending
        ending = Ending(run=self.run, value=value, error=error)
        if self.handover is not None and handed_over:
            self.handover.tell(self.finished, ending)
        elif not self.finished.done():
            self.finished.set_result(ending)

    def _suspend_if_idle(self) -> bool:
        """Note that the run waits or is in doubt, if it is and does nothing else; say whether to let go."""
        going_on = self.turns.due or self._scheduled or self._reading.busy
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
        self._check_alive()
        return False

    def _check_alive(self) -> None:
        """With nothing under way, refuse to wait for ever; resumed with mended code, the run goes on here.

        Raises:
            DeadlockError: If the workflow waits for something all the same.
        """
        going_on = self.handover is not None and self.handover.under_way
        if self._writing or going_on or self.effects.open_calls() or self.services.hold is not None:
            return
        if self.book.empty:  # or else first that is put on record
            self.turns.check_alive()

    def _wind_down(self) -> None:
        """While stopping: put outcomes on record without going on."""
        self.turns.wind_down()
        if self.effects.busy:
            self._flush_stopping()
        else:
            self.abandon()

    def _flush_stopping(self) -> None:
        if not self.book.empty:
            self.book.write(lambda result, entries: self.services.tell(self.run, entries))

    def _unhandled(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        what = "" if error is None else f" ({described_place(error)})"
        log.error("in run %s: %s%s", self.run.id, context.get("message"), what)

"""What a workflow asks for, and what it is handed: one delivery, one turn of its loop.

Deliveries come first from the record, in the recorded order, and then from the steps
that have ended, in the order in which they did. After each the workflow runs until it
is at rest, and what it has asked for in the meantime is looked up on record.
"""

import asyncio
import collections
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any

from reenact.away import LeftAway, NotRead
from reenact.book import Book
from reenact.deliveries import as_cancelled, error_of, outcome_given, told_ns, value_of
from reenact.effects import Effects
from reenact.errors import DeadlockError
from reenact.history import History
from reenact.matching import Matching, OnChange
from reenact.recorded import CANCEL_NAME, PATCH_PREFIX
from reenact.records import Entry, Message, RunRecord, Status
from reenact.reuse import Earlier
from reenact.scopes import Scope
from reenact.services import Services
from reenact.steps import ASKED, CANCELLED, HELD, OVER, STARTING, Call, Outcome, StepSpec
from reenact.timers import Timers
from reenact.trace import TraceContext

DELIVERIES_AT_A_TIME = 200
"""Deliveries after which other work of the process gets a turn."""

GIVEN = "its outcome was given"
"""Note of a step that was not run, because its outcome was set for the run."""


class Turns:
    """The loop of one run, and what goes in and out of it.

    Args:
        history: What the run's journal says.
        book: Takes what is new.
        effects: Performs steps.
        services: What the run shares with the others of the process.
        live: False for a replay, which performs and writes nothing.
        on_changed: What to do about a step whose input is not the one on record.
        earlier: The record of the run that this one takes outcomes from.
        trace: What errors are stamped with.
        unhandled: Told of errors that nobody awaited.

    Attributes:
        loop: The workflow's.
        main: The task that runs the workflow; None before `begin`.
        matching: What of the record was asked for.
        completed: Steps that have ended, and how, in the order of their delivery.
        admitted: Steps that policies and limits let begin.
        cancel_asked: Why the run is to be cancelled, if somebody has asked for that.
    """

    def __init__(
        self,
        history: History,
        book: Book,
        effects: Effects,
        services: Services,
        *,
        live: bool,
        on_changed: OnChange,
        earlier: Earlier | None,
        trace: TraceContext,
        unhandled: Callable[[dict[str, Any]], None],
    ) -> None:
        self.live = live
        self.matching = Matching(history, self, on_changed, earlier)
        self.main: asyncio.Task[Any] | None = None
        self.completed: collections.deque[tuple[Call, Outcome]] = collections.deque()
        self.admitted: list[Call] = []
        self.cancel_asked: str | None = None
        self._history = history
        self._book = book
        self._effects = effects
        self._clock = services.clock
        self._trace = trace
        began_ns = _began_ns(history, earlier, book.run)
        self.loop = services.loop(
            self, seed=int(book.run.key or "1", 16), start_s=began_ns / 1e9, unhandled=unhandled
        )
        self._asked: list[Call] = []
        self._called_off: list[Call] = []
        self._timers = Timers()
        self._patches: dict[str, bool] = {}

    @property
    def run(self) -> RunRecord:
        """The run as it is on record, or about to be."""
        return self._book.run

    @property
    def due(self) -> bool:
        """Whether there is something to do without anything more coming in."""
        return bool(self.completed or self._asked or self.admitted)

    def begin(self, workflow: Callable[[], Coroutine[Any, Any, Any]], context: contextvars.Context) -> None:
        """Begin to run *workflow* in *context*."""
        with self.loop.entered():
            self.main = context.run(lambda: self.loop.begin(workflow(), context))

    def drop(self) -> None:
        """Drop the workflow's tasks: the run is over."""
        for call in self.matching:
            if call.future is not None and not call.future.done():
                call.future.cancel()
        self.loop.drop_tasks()
        self.main = None

    # --- what the workflow asks for

    def ask(self, call: Call) -> asyncio.Future[Any]:
        """Take a step that the workflow asks for; its future ends when the outcome is delivered."""
        if self.live:
            call.context = contextvars.copy_context()
        call.future = asyncio.Future(loop=self.loop)
        self._asked.append(call)
        return call.future

    def call_off(self, call: Call) -> None:
        """Take back a step whose task the workflow has cancelled."""
        if call.state is not OVER:
            self._called_off.append(call)

    def patched(self, name: str) -> bool:
        """Say whether the code has a patch at this point; see `reenact.patched`."""
        path = f"{PATCH_PREFIX}{name}]"
        known = self._patches.get(path)
        if known is None:
            known = path in self._history.patches or not self.matching.behind
            self._patches[path] = known
            if self._history.more and not known:
                self._history.not_patched.add(path)
            if known and path not in self._history.patches:
                self._book.patched(path)
        return known

    def timer_set(self, handle: asyncio.TimerHandle, scope: Scope) -> None:
        """Keep a timer of the loop, as a step."""
        self._asked.append(self._timers.set(handle, scope, self._behind_ns()))

    def _behind_ns(self) -> int:
        """Return how far the workflow's time is behind, in a run that has just come from another."""
        if not (self.run.origin and self.live) or self.loop.time() * 1e9 >= self.run.created_ns:
            return 0
        return self._clock.now_ns() - int(self.loop.time() * 1e9)

    def timer_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Forget a timer of the loop."""
        call = self._timers.drop(handle)
        if call is not None:
            self._called_off.append(call)

    def ask_to_cancel(self, message: Message, reason: str) -> None:
        """Take a request to cancel the run, which is delivered in its order."""
        self.cancel_asked = reason
        call = Call(StepSpec(kind="signal", name=CANCEL_NAME), f"{CANCEL_NAME}#{message.id}", "")
        self.completed.append((call, Outcome(Status.SUCCEEDED, message=message)))

    # --- what is on record of it

    def _sort(self) -> None:
        """Find out for each step asked for whether it is on record."""
        while self._called_off or self._asked:
            asked, self._asked = self._asked, []
            off, self._called_off = self._called_off, []
            for place, call in enumerate(asked):
                try:
                    self.matching.match(call)
                except LeftAway as away:  # the rest is sorted when that is held
                    if isinstance(away, NotRead) and call in off:
                        continue  # it was never begun: it is taken back in the turn in which it is asked for
                    self._asked, self._called_off = asked[place:], off
                    raise
            for call in off:
                self._forget(call)

    def taken(self, call: Call, outcome: Outcome) -> None:
        """Take the outcome of a step that keeps the one it had."""
        self.completed.append((call, outcome))

    def revised(self, seq: int) -> None:
        """Put on record that outcomes from *seq* on are not delivered in their order."""
        self._book.root(Status.RUNNING, revised_from=seq)

    def given(self, call: Call, value: Any) -> None:
        """End a step with an outcome that was set for the run."""
        if not self.live:
            self.matching.hold(call)
            return
        self._book.intent(call, Status.RUNNING, note=GIVEN)
        self.completed.append((call, outcome_given(call, value)))

    def ask_first(self, call: Call, reason: str) -> None:
        """Have a person decide about a step before it is begun."""
        self._effects.ask_first(call, reason)

    # --- one delivery, one turn

    def deliver(self, main: asyncio.Task[Any]) -> bool:
        """Deliver outcomes, one a turn, until there are none or it is somebody else's turn.

        Returns:
            Whether it is somebody else's turn.

        Raises:
            LeftAway: If more of the record has to be read first.
        """
        with self.loop.entered():
            for _ in range(DELIVERIES_AT_A_TIME):
                self.loop.turn()
                self._sort()
                if main.done():
                    return False
                if self._history.pending or self._history.more:
                    self._deliver_recorded()
                elif self.completed:
                    self._deliver(*self.completed.popleft())
                else:
                    return False
        return True

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
        if self._history.more:
            self._history.let_go(entry)

    def _deliver(self, call: Call, outcome: Outcome) -> None:
        """Put a live outcome on record, and hand it to the workflow."""
        if call.state is OVER:
            self._effects.waiting.give_back(outcome)  # called off in the meantime, which is on record
            return
        if call.spec.name == CANCEL_NAME and outcome.message is not None:
            self._book.cancelled(call.path, self.cancel_asked or "", outcome.message.id)
            self._cancel_main(self.cancel_asked or "")
        elif call.state is CANCELLED or outcome.status is Status.CANCELLED:
            self._book.outcome(call, as_cancelled(outcome))
            call.state = OVER
        else:
            self._book.resumed()
            self._hand_over(call, self._book.outcome(call, outcome), outcome)

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
        source = self._history.outcome(entry) if entry.again >= 0 else entry
        if source.failure is not None:
            future.set_exception(error_of(call, entry, source.failure, outcome, self._trace))
        elif outcome is not None and outcome.settled is not None:
            future.set_result(outcome.settled.value)
        else:
            future.set_result(value_of(call, source, self._history, self.run.id))

    def _cancel_main(self, reason: str) -> None:
        self.cancel_asked = reason
        if self.main is not None:
            self.main.cancel()

    # --- what is not handed over

    def _forget(self, call: Call) -> None:
        """Drop a step that the workflow has called off."""
        if call.state in (OVER, CANCELLED):
            return
        self.matching.called_off(call)
        state, call.state = call.state, CANCELLED
        if state in (ASKED, HELD):
            recorded = call.recorded
            if self.live and recorded is not None and recorded.outcome is None:
                self._end_called_off(call, CANCELLED)
        elif self._effects.call_off(call, state):
            self._end_called_off(call, state)

    def _end_called_off(self, call: Call, state: int) -> None:
        """Put on record that a step is over which nothing in this process performs."""
        begun = state is not STARTING or call.recorded is not None
        if call.spec.kind == "workflow" and begun:  # its run is there, and nobody has it
            self._effects.end_child(call)
        else:
            self._book.outcome(call, Outcome(Status.CANCELLED))
            call.state = OVER

    def drop_admitted(self) -> None:
        """Have steps that were let begin, and will not, give their places back."""
        admitted, self.admitted = self.admitted, []
        for call in admitted:
            self._forget(call)
            self._effects.start(call)

    def wind_down(self) -> None:
        """Put what has ended on record without handing it over."""
        while self.completed:
            call, outcome = self.completed.popleft()
            if call.state is not OVER and call.spec.name != CANCEL_NAME:
                self._book.outcome(call, outcome if call.state is not CANCELLED else as_cancelled(outcome))
                call.state = OVER

    def check_alive(self) -> None:
        """Refuse to wait for what nothing brings any more.

        Raises:
            DeadlockError: If the workflow waits for something.
        """
        if self.main is not None and not self.main.done():
            raise DeadlockError(self.run.id, tuple(self.loop.waits_at()))

    def clear_away(self) -> bool:
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
        self.drop_admitted()
        while self.completed:
            call, outcome = self.completed.popleft()
            if call.state is not OVER and call.spec.name != CANCEL_NAME:
                call.state = OVER
                self._book.outcome(call, as_cancelled(outcome))
        for call in self._effects.open_calls():
            self._forget(call)
        return not self._effects.busy


def _began_ns(history: History, earlier: Earlier | None, run: RunRecord) -> int:
    """Return the time at which the workflow's clock starts: of a re-run, when the other run began."""
    if history.begun is not None:
        return history.begun.due_ns or history.begun.at_ns
    return earlier.began_ns if earlier is not None else run.created_ns

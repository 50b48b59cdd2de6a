"""Finding for each step that is asked for what is on record of it.

A step with the recorded input gets the recorded outcome, when its turn comes in the
recorded order. One that is not on record is held until the record is used up. Where
code and record do not agree, this module says so, and with which words.
"""

import logging
from collections.abc import Iterator
from typing import Any, Literal, NoReturn, Protocol, TypeAlias

from reenact.away import LeftAway, NextAway, NotRead, same_shelved
from reenact.divergence import left_over, other_end, unasked, unlike, unrecorded
from reenact.errors import ChangedInputError, DivergenceError, ForkedBehindError
from reenact.history import History
from reenact.recorded import Recorded, same_input
from reenact.records import Entry, RunRecord, Status
from reenact.reuse import Earlier
from reenact.steps import HELD, Call, Outcome

log = logging.getLogger("reenact.run")

OnChange: TypeAlias = Literal["reexecute", "fail"]


class Matcher(Protocol):
    """The run that steps are matched for."""

    @property
    def run(self) -> RunRecord:
        """The run as it is on record, or about to be."""

    @property
    def live(self) -> bool:
        """Whether it performs and writes anything."""

    def taken(self, call: Call, outcome: Outcome) -> None:
        """Take the outcome of a step that keeps the one it had."""

    def revised(self, seq: int) -> None:
        """Put on record that outcomes from *seq* on are not delivered in their order."""

    def given(self, call: Call, value: Any) -> None:
        """End a step with an outcome that was set for it."""

    def ask_first(self, call: Call, reason: str) -> None:
        """Have a person decide about a step before it is begun."""


class Matching:
    """What of one run's record was asked for, and what was not.

    Args:
        history: The record.
        host: The run.
        on_changed: What to do about a step whose input is not the one on record.
        earlier: The record of the run that this one comes from, if it takes outcomes from there.

    Attributes:
        host: The run.
        held: Steps that go live once the record is used up, in the order asked.
        all_met: Nothing that was begun has to be asked for any more: either all of it was, or the
            run has taken another way.
    """

    def __init__(
        self, history: History, host: Matcher, on_changed: OnChange, earlier: Earlier | None = None
    ) -> None:
        self.held: list[Call] = []
        self.all_met = False
        self._history = history
        self.host = host
        self._on_changed = on_changed
        self._earlier = earlier
        self._expected: dict[str, Call] = {}
        self._gone: set[str] = set()

    def __iter__(self) -> Iterator[Call]:
        """Return the steps that wait for their turn in the record, or for its end."""
        return iter((*self.held, *self._expected.values()))

    @property
    def behind(self) -> bool:
        """Whether there is something on record that the code has not come to yet."""
        history = self._history
        if history.pending or history.more:
            return True
        return any(not recorded.met for recorded in history.steps.values())

    def match(self, call: Call) -> None:
        """Find out whether *call* is on record.

        Raises:
            LeftAway: If what is held does not tell; then it is to be asked again.
        """
        recorded = self._history.steps.get(call.path)
        if recorded is None:
            self._match_shelved(call)
            return
        intent = recorded.intent
        recorded.met = True
        if intent.input_hash != call.input_hash and not self._same(intent, call):
            self._changed(call, recorded)
            return
        call.recorded = recorded
        call.hidden = recorded.hidden
        call.generation = intent.generation
        if recorded.delivered or self._history.more:
            self._expected[call.path] = call
        else:
            self.hold(call)

    def _same(self, intent: Entry, call: Call) -> bool:
        """Say whether an input that is spelled otherwise than on record is the same for all that."""
        return call.spec.kind == "timer" or same_input(intent, call.input_hash, self.host.run.key)

    def _match_shelved(self, call: Call) -> None:
        """Find out the same of a step that is not held, if it is on record."""
        kept = self._history.shelf.get(call.path)
        if kept is None:
            if self._history.more:
                raise NotRead
            self._take_salvage(call)
        elif same_shelved(kept, call.input_hash, self.host.run.key):
            del self._history.shelf[call.path]
            self._expected[call.path] = call
        else:
            raise LeftAway

    def hold(self, call: Call) -> None:
        """Have *call* wait until the record is used up."""
        call.state = HELD
        self.held.append(call)

    def _hold_begun(self) -> None:
        """Hold what the record was expected to tell the end of, while it was read as it went."""
        begun = list(self._expected.values())
        self._expected.clear()
        for call in begun:
            call.state = HELD
        self.held[:0] = begun

    def _take_salvage(self, call: Call) -> None:
        """Give a step the outcome it had before the run was revised, or hold it."""
        kept = self._history.salvage.get(call.path, ())
        for recorded in reversed(kept):
            call.generation = max(call.generation, recorded.intent.generation + 1)
            if recorded.outcome is not None and same_input(
                recorded.intent, call.input_hash, self.host.run.key
            ):
                source = self._history.outcome(recorded.outcome)
                call.decisions = list(recorded.intent.decisions)
                call.hidden = recorded.hidden
                call.hash_keyed = recorded.intent.hash_keyed
                self.host.taken(call, Outcome(source.status, again=source.seq))
                return
        if call.path in self._history.changes.outputs:
            self.host.given(call, self._history.changes.outputs[call.path])
        elif self._earlier is None or not self._take_earlier(call, self._earlier):
            self.hold(call)

    def _take_earlier(self, call: Call, earlier: Earlier) -> bool:
        """Give a step an outcome that the run had which this one comes from; say whether there is one."""
        if earlier.forbids(call):
            self.host.ask_first(call, f"run {earlier.run_id} has done it, and it must not happen twice")
            return True
        taken = earlier.take(call)
        if taken is not None:
            call.hidden = taken.hidden
            self.host.taken(call, Outcome(Status.SUCCEEDED, taken=taken))
        return taken is not None

    def _changed(self, call: Call, recorded: Recorded) -> None:
        """Deal with a step whose input is not the one on record."""
        started = recorded.status is not Status.DENIED
        if not self.host.live:
            self._diverge(DivergenceError, recorded.intent, call)
        if recorded.intent.seq < self._history.forked_at:
            self._diverge(ForkedBehindError, recorded.intent, call)
        if self._on_changed == "fail" or (call.spec.effect == "once" and started):
            self._diverge(ChangedInputError, recorded.intent, call)
        if self._history.pending:
            self._revise()
        log.warning("the input of %s has changed since it was recorded; it runs again", call.path)
        call.generation = recorded.intent.generation + 1
        self.all_met = True  # it takes another way, and may not come to what was begun
        self.hold(call)

    def _revise(self) -> None:
        """Leave the recorded order: what was not delivered yet is only taken by what asks for it."""
        following = self._history.pending[0]
        if isinstance(following, int):
            raise LeftAway
        self._history.revise(following.seq, redo=False)
        self.host.revised(following.seq)
        waiting = sorted(self._expected.values(), key=self._recorded_seq)
        self._expected.clear()
        for call in waiting:
            self._take_salvage(call)

    def _recorded_seq(self, call: Call) -> int:
        recorded = self._history.steps.get(call.path)
        return recorded.outcome.seq if recorded is not None and recorded.outcome is not None else -1

    # --- delivering

    def next_recorded(self) -> tuple[Call | None, Entry] | None:
        """Return the next outcome on record and the step that asked for it.

        Returns:
            None for the step if it is not one that the workflow asks for: it was called off, or the
            entry is a request to cancel; None for all if the outcome came in too late to matter.

        Raises:
            DivergenceError: If nobody asks for it.
            NextAway: If it is not held.
            NotRead: If not all is known of what the run asked for before the one after it.
            LeftAway: If what is held does not tell who asked for it.
        """
        pending = self._history.pending
        if self._history.more and len(pending) <= 1:
            raise NotRead
        entry = pending[0]
        if isinstance(entry, int):
            raise NextAway
        call = self._expected.pop(entry.path, None)
        if call is None and entry.path not in self._gone and not entry.path.startswith(":"):
            self._unasked(entry)
        pending.popleft()
        if call is None and entry.path in self._gone:
            return None
        if call is not None and call.recorded is not None:
            call.hidden = call.recorded.hidden
        return call, entry

    def put_back(self, call: Call, entry: Entry) -> None:
        """Have an outcome that could not be handed over be the next one again."""
        self._expected[call.path] = call
        self._history.pending.appendleft(entry)

    def called_off(self, call: Call) -> None:
        """Expect nothing of a step any more."""
        self._gone.add(call.path)
        self._expected.pop(call.path, None)

    # --- where they part

    def _unasked(self, entry: Entry) -> NoReturn:
        """Raise for an outcome on record that nobody asks for."""
        asked = [*self._new, *self._expected.values()]
        raise unasked(self.host.run.id, self._history.intent(entry.path), asked)

    @property
    def _new(self) -> list[Call]:
        return [call for call in self.held if call.state is HELD]

    def _diverge(self, kind: type[DivergenceError], intent: Entry, call: Call) -> NoReturn:
        raise unlike(kind, self.host.run.id, intent, call)

    def check_begun(self) -> None:
        """With the record used up, refuse to go on without a step that was begun and has not ended.

        Raises:
            DivergenceError: If there is one that nobody asks for.
        """
        if self._expected:
            self._hold_begun()
        if self.all_met:
            return
        self.all_met = True
        left = self._history.unasked({*self._gone, *(call.path for call in self._new)})
        if left is not None:
            raise unasked(
                self.host.run.id, left.intent, [call for call in self._new if call.recorded is None]
            )

    def check_unrecorded(self, call: Call | None) -> None:
        """Let a replay end where the record ends.

        Args:
            call: What the code asks for there; None if it waits for nothing.

        Raises:
            DivergenceError: If the run ended on record.
        """
        if self._history.ended is not None:
            raise unrecorded(self.host.run.id, self._history.status, call)

    def check_end(self, status: Status, output: bytes, described: str) -> None:
        """Compare how a replayed workflow ended with the record.

        Raises:
            DivergenceError: If outcomes are left, or it ended otherwise.
            LeftAway: If what is left is not held.
        """
        if self._history.more and not self._history.pending:
            raise NotRead
        run_id, ended = self.host.run.id, self._history.ended
        left = self._history.pending[0] if self._history.pending else None
        if isinstance(left, int):
            raise LeftAway
        if left is not None:
            raise left_over(run_id, self._history.intent(left.path))
        if ended is not None and (ended.status, bytes(ended.output)) != (status, output):
            raise other_end(run_id, ended, described)

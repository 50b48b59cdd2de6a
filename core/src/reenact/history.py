"""What a run's journal says, read once and in order.

Rows are checked (positions, checksums, transitions) before anything trusts them.
The result answers two questions: what is on record for the step at a path, and
in which order outcomes were delivered. A replay delivers them in that order.

When a run went on with a changed input, or took up again after a failure, its
journal has a *revision*: outcomes from some position on no longer count in their
order. They are salvage: a step with the same path and the same input takes its
outcome from there, and the new order is written behind the revision.

Of a long journal not everything is held. Between the first outcomes and the latest
ones, only the hash of a step's input is kept, and the position of its outcome, which
is read again when its delivery comes near. Whoever needs more gets `LeftAway`, has the
record read whole, and tries again.

A replay, which writes nothing, need not know the end of its record at the beginning: it
reads the record as it goes, and gets `NotRead` when it comes to what it has not read.
"""

import collections
import sys
from collections.abc import Collection, Mapping, Set
from itertools import islice
from typing import Protocol

import msgspec

from reenact.away import LeftAway, OrderLeft, shelved
from reenact.content import Blob
from reenact.errors import DamagedError
from reenact.machine import RUN, STEP, TransitionError, advance
from reenact.recorded import DELIVERED, PATCH_PREFIX, STOPPED, Recorded
from reenact.records import (
    NO_CHANGES,
    RUN_PATH,
    Changes,
    Entry,
    Row,
    Status,
    checksum,
    decode_entry,
)


class Rest(Protocol):
    """Reads what a history does not hold."""

    async def read_on(self, history: "History") -> Mapping[str, Blob]:
        """Read the next outcomes, which were left away, and return the content that they name."""

    async def read_further(self, history: "History") -> Mapping[str, Blob]:
        """Read more rows, and return the content that the outcomes among them name."""

    async def read_whole(self, history: "History") -> None:
        """Read all of it."""


class History:
    """A run's journal, read.

    Args:
        window: How many outcomes are held at the beginning, and at the end, and half of those that are in
            between; 0 to hold all of them.

    Attributes:
        steps: The latest generation of each step, by path.
        pending: Outcomes in the order of their delivery, revisions applied; of those that are not held,
            their seq.
        shelf: Steps that are not held and were not asked for yet: by path, the hash of the input.
        rest: Reads what is not held; None if all of it is.
        more: There may be rows that were not read; nothing that was delivered is kept then.
        salvage: Outcomes that lost their place in that order, by path.
        outcomes: The steps whose outcomes are held, by its seq.
        begun: The run's first entry; None for a journal without rows.
        ended: The run's last entry, if it ended the run.
        status: What the run has become.
        next_seq: The position of the next entry.
        last_checksum: The checksum of the last row.
        epoch: The lease under which something was last put on record.
        anew_seq: The last position from which on the run did something else than was on record
            before: a step began anew with another input, or the order was left.
        blobs: The content that outcomes name.
        changes: What was set for the run when it was made.
        forked_at: How many of the rows are another run's.
        taken: Which outcomes of other runs it has taken.
        patches: The paths of the patches that its code had.
        not_patched: Those of which the run was told that its code had none, with more to be read.
        succeeded: How many steps have succeeded, see `Entry.counts`; of a fork, since then.
    """

    def __init__(self, window: int = 0) -> None:
        self.steps: dict[str, Recorded] = {}
        self.pending: collections.deque[Entry | int] = collections.deque()
        self.shelf: dict[str, bytes] = {}
        self.rest: Rest | None = None
        self.more = False
        self.salvage: dict[str, list[Recorded]] = {}
        self.outcomes: dict[int, Recorded] = {}
        self.begun: Entry | None = None
        self.ended: Entry | None = None
        self.status = Status.PENDING
        self.next_seq = 0
        self.last_checksum = b""
        self.epoch = 0
        self.anew_seq = -1
        self.blobs: dict[str, Blob] = {}
        self.changes = NO_CHANGES
        self.forked_at = 0
        self.taken: set[str] = set()
        self.patches: set[str] = set()
        self.not_patched: set[str] = set()
        self._at_ns = 0
        self.succeeded = 0
        self._window = window
        self._leave_at = 3 * window or sys.maxsize
        self._looked_at = window
        self._last_away = -1
        self._last_pending = 0
        self._named: list[tuple[int, Set[str]]] = []
        self._revised: list[tuple[int, bool]] = []

    def take(self, row: Row, where: str) -> Entry:
        """Apply the next row.

        Raises:
            DamagedError: If it is not the row that was written; names it.
        """
        seq, body, written = row.seq, row.body, row.checksum
        if seq != self.next_seq or checksum(self.last_checksum, body) != written:
            check_row(row, self.next_seq, self.last_checksum, where)
        try:
            entry = decode_entry(body)
            self._apply(entry)
        except (ValueError, TransitionError, KeyError) as error:
            raise DamagedError(where, f"row {seq} makes no sense: {error}") from error
        self.next_seq = seq + 1
        self.last_checksum = written
        self._at_ns = entry.at_ns
        return entry

    def _apply(self, entry: Entry) -> None:
        path = entry.path
        if path == RUN_PATH:
            self._apply_to_run(entry)
            return
        if path[0] == ":" and path.startswith(PATCH_PREFIX):
            self._refuse_late(path in self.not_patched)
            self.patches.add(path)
            return
        if entry.kind:
            recorded = self._begin(entry)
        else:
            recorded = self.steps[path]
            recorded.take(entry)
        if entry.taken:
            self.taken.add(entry.taken)
        if entry.status in DELIVERED:
            self._deliver(entry, recorded)

    def _begin(self, entry: Entry) -> Recorded:
        self.steps[entry.path] = recorded = Recorded(entry)
        if entry.generation:
            self._refuse_late(self.more)
            self.anew_seq = entry.seq
        if entry.again < 0:
            advance(Status.PENDING, entry.status, STEP)
        else:
            self._refuse_late(self.more)
            recorded.hidden = self.outcomes[entry.again].hidden
        return recorded

    def _deliver(self, entry: Entry, recorded: Recorded) -> None:
        seq, pending = entry.seq, self.pending
        pending.append(entry)
        self.outcomes[seq] = recorded
        if len(pending) > self._leave_at:
            self.leave_away()
        self.succeeded += entry.counts

    def _apply_to_run(self, entry: Entry) -> None:
        self.status = advance(self.status, entry.status, RUN)
        self.begun = self.begun or entry
        self.epoch = max(self.epoch, entry.attempt)
        if entry.note == STOPPED:
            for recorded in self.steps.values():
                recorded.starts = min(recorded.starts, recorded.failures + 1)
        self.ended = entry if entry.status.ended else None
        self._refuse_late(self.more and bool(entry.changes or entry.fork or entry.revised_from >= 0))
        if entry.changes:
            self.changes = self.changes.then(msgspec.convert(entry.changes, Changes))
        if entry.fork:
            self._fork(entry)
        if entry.revised_from >= 0:
            self._revise(entry.revised_from, redo=entry.redo)

    def _refuse_late(self, late: bool) -> None:
        if late:
            raise OrderLeft

    def _fork(self, entry: Entry) -> None:
        """Go on as another run, from which the step at ``entry.fork`` is live again."""
        self.forked_at = self.anew_seq = entry.seq
        self.succeeded = 0
        self.steps.pop(entry.fork, None)
        self.shelf.pop(entry.fork, None)
        for recorded in self.steps.values():
            if recorded.outcome is None:
                recorded.starts = min(recorded.starts, recorded.failures + 1)
                recorded.paused_ns += entry.at_ns - self._at_ns

    def revise(self, seq: int, *, redo: bool) -> None:
        """Take outcomes from *seq* on out of the order; keep them as salvage.

        Args:
            seq: The first of them.
            redo: Keep no failures.

        Raises:
            LeftAway: If not all of them are held.
        """
        self._revise(seq, redo=redo)
        self._revised.append((seq, redo))

    def _revise(self, seq: int, *, redo: bool) -> None:
        if seq <= self._last_away:
            raise LeftAway
        self.anew_seq = self.next_seq
        while self.pending:
            entry = self.pending[-1]
            if isinstance(entry, int) or entry.seq < seq:
                break
            self.pending.pop()
            recorded = self.outcomes[entry.seq]
            if self.steps.get(entry.path) is recorded:
                del self.steps[entry.path]
            if not (redo and entry.status is not Status.SUCCEEDED):
                self.salvage.setdefault(entry.path, []).append(recorded)
        if len(self.pending) < self._looked_at:
            self._look_from(max(len(self.pending), self._window))

    def unasked(self, asked: Collection[str]) -> Recorded | None:
        """Return the first step that was begun, has not ended and is none of *asked*, if there is one.

        What was begun before the run took another way is not looked for: the code may not come
        to it any more.
        """
        for path, recorded in self.steps.items():
            begun = recorded.outcome is None and recorded.intent.seq > self.anew_seq
            if begun and path not in asked:
                return recorded
        return None

    # --- what is not held

    def outcomes_from(self, seq: int) -> list[Entry]:
        """Return the outcomes that are held, from *seq* on."""
        held = [recorded.outcome for at, recorded in self.outcomes.items() if at >= seq]
        return [outcome for outcome in held if outcome is not None]

    def look_on(self) -> None:
        """Be about to read more rows: places among the outcomes have moved by what was delivered since."""
        delivered = self._last_pending - len(self.pending)
        self._look_from(max(self._looked_at - delivered, self._window))

    def looked_on(self, blobs: Mapping[str, Blob]) -> None:
        """Have read more rows.

        Args:
            blobs: The content that the outcomes among them name.
        """
        self._last_pending = len(self.pending)
        self._keep(self.next_seq - 1, blobs)

    def let_go(self, entry: Entry) -> None:
        """Forget a step whose outcome was delivered."""
        self.steps.pop(entry.path, None)
        self.outcomes.pop(entry.seq, None)

    def leave_away(self) -> None:
        """Keep of the outcomes that have ceased to be among the latest only where they are."""
        pending, steps, outcomes = self.pending, self.steps, self.outcomes
        end = max(len(pending) - self._window, self._looked_at)
        for place in range(self._looked_at, end):
            entry = pending[place]
            assert not isinstance(entry, int)  # noqa: S101  # each is looked at once
            seq, path = entry.seq, entry.path
            recorded = outcomes[seq]
            if recorded.plain and steps.get(path) is recorded:
                pending[place] = self._last_away = seq
                self.shelf[path] = shelved(recorded.intent)
                del outcomes[seq], steps[path]
        self._look_from(end)

    def _look_from(self, place: int) -> None:
        self._looked_at = place
        self._leave_at = place + 2 * self._window

    @property
    def failed_seq(self) -> int:
        """The position of the outcome that failed the run; -1 if no step's did."""
        failure = self.ended.failure if self.ended is not None else None
        cause = self.steps.get(failure.path) if failure is not None else None
        return cause.outcome.seq if cause is not None and cause.outcome is not None else -1

    @property
    def revisable_from(self) -> int:
        """The first position from which outcomes can be taken out of the order with what is held."""
        return self._last_away + 1

    def next_away(self) -> list[int]:
        """Return the seqs of the next outcomes that are not held."""
        return [seq for seq in islice(self.pending, 2 * self._window) if isinstance(seq, int)]

    def hold(self, found: Mapping[int, Entry], blobs: Mapping[str, Blob]) -> None:
        """Hold the next outcomes, in place of those that were held before, which are delivered.

        Args:
            found: They, by seq.
            blobs: The content that they name.
        """
        self._keep(max(found), blobs)
        for place in range(min(2 * self._window, len(self.pending))):
            seq = self.pending[place]
            if isinstance(seq, int):
                self.pending[place] = found[seq]

    def _keep(self, seq: int, blobs: Mapping[str, Blob]) -> None:
        """Hold content until what stands up to *seq* is delivered, and no longer."""
        following = self.pending[0] if self.pending else self.next_seq
        following_seq = following if isinstance(following, int) else following.seq
        let_go_of = {name for _, names in self._named for name in names}
        mine = {name for name in blobs if name in let_go_of or name not in self.blobs}
        self._named = [(last, names) for last, names in self._named if last >= following_seq]
        self._named.append((seq, mine))
        self.blobs.update(blobs)
        for name in let_go_of.difference(*(names for _, names in self._named)):
            del self.blobs[name]

    def hold_all(self, whole: "History") -> None:
        """Hold everything.

        Args:
            whole: The same record, read whole.
        """
        for seq, redo in self._revised:
            whole.revise(seq, redo=redo)
        delivered = len(whole.pending) - len(self.pending)
        self.pending = collections.deque(islice(whole.pending, delivered, None))
        self.steps, self.salvage = whole.steps, whole.salvage
        self.outcomes = whole.outcomes
        self.blobs.update(whole.blobs)
        self.shelf.clear()
        self._last_away = -1
        if not self.more:
            self.rest = None

    def intent(self, path: str) -> Entry:
        """Return the first entry of a step on record.

        Raises:
            LeftAway: If it is not held.
        """
        recorded = self.steps.get(path)
        if recorded is None:
            raise LeftAway
        return recorded.intent

    def outcome(self, entry: Entry) -> Entry:
        """Return the entry that holds the outcome of *entry*: itself, or the one it refers to."""
        while entry.again >= 0:
            had = self.outcomes[entry.again].outcome
            assert had is not None  # noqa: S101  # that is what they are kept for
            entry = had
        return entry


def check_row(row: Row, seq: int, before: bytes, where: str) -> None:
    """Refuse a row that is not the one at *seq*, behind the one with checksum *before*.

    Raises:
        DamagedError: If it is not.
    """
    if row.seq != seq:
        raise DamagedError(where, f"row {seq} is missing (found {row.seq})")
    if checksum(before, row.body) != row.checksum:
        raise DamagedError(where, f"row {row.seq} was changed after it was written")

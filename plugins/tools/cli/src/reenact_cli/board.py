"""What is known of a run while it goes on: its steps, kept up to date entry by entry.

Fed by the runtime's observer while a run is live, or by a journal afterwards; shown
by `tree` and `lines`. It computes and does not draw. Steps of a child run stand
below the step that started it.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import attrs
from reenact.children import child_id
from reenact.records import RUN_PATH, Entry, RunRecord, Status
from reenact.steps import idempotency_key


@attrs.define(kw_only=True)
class Line:
    """One step, as it stands.

    Attributes:
        path: Where it is, below the run that is watched: child runs included.
        kind: What kind of step.
        status: What it has become.
        started_ns: When it began.
        ended_ns: When it ended; 0 if it has not.
        attempt: Which try.
        model: The model that answered.
        tokens_in: Tokens read.
        tokens_out: Tokens written.
        cost_usd: Its price; None if there is none or it is not known.
        problem: What it, or its latest try, failed with.
        own_run: Whether it is a child run.
        changed: Whether its input was not the one on record, so that it began anew.
        input_hash: SHA-256 of its input.
        taken: The run whose outcome it has taken; empty if it was run.
    """

    path: str
    kind: str
    status: Status
    started_ns: int
    ended_ns: int = 0
    attempt: int = 1
    model: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal | None = None
    problem: str = ""
    own_run: bool = False
    changed: bool = False
    input_hash: str = ""
    taken: str = ""


class Board:
    """The steps of a run and its child runs.

    Args:
        run_id: The run; that of the first entries if empty.

    Attributes:
        record: The run as it was last told of.
        ended_ns: The time of the latest entry.
    """

    def __init__(self, run_id: str = "") -> None:
        self.run_id = run_id
        self.record: RunRecord | None = None
        self.latest_ns = 0
        self._done: dict[str, int] = {}
        self._lines: dict[str, Line] = {}
        self._prefixes: dict[str, str] = {}

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines.values())

    def __len__(self) -> int:
        return len(self._lines)

    def take(self, run: RunRecord, entries: Sequence[Entry]) -> list[Line]:
        """Apply entries of the run or of one of its children; return the steps that changed."""
        self.run_id = self.run_id or run.id
        if run.id == self.run_id:
            self.record = run
            self._prefixes[run.id] = ""
        prefix = self._prefixes.get(run.id)
        if prefix is None:
            return []  # some other run of the process
        for entry in entries:
            self._count(run.id, entry)
        changed = [self._apply(run.id, prefix, entry) for entry in entries if entry.path != RUN_PATH]
        self.latest_ns = max([self.latest_ns, *(entry.at_ns for entry in entries)])
        return changed

    def _count(self, run_id: str, entry: Entry) -> None:
        before = 0 if entry.fork else self._done.get(run_id, 0)  # what comes before is another run's
        self._done[run_id] = before + entry.counts

    def _apply(self, run_id: str, prefix: str, entry: Entry) -> Line:
        path = prefix + entry.path
        line = self._lines.get(path)
        if entry.kind or line is None:
            line = self._begin(run_id, path, entry, line)
        went_on = line.status is Status.WAITING and entry.status is Status.RUNNING
        line.status = entry.status
        line.attempt = max(line.attempt, entry.attempt)
        line.model = entry.model or line.model
        line.taken = entry.taken.rpartition(":")[0] or line.taken
        line.tokens_in += entry.tokens_in
        line.tokens_out += entry.tokens_out
        line.cost_usd = Decimal(entry.cost_usd) if entry.cost_usd else line.cost_usd
        if entry.failure is not None:
            line.problem = f"{entry.failure.type.rpartition('.')[2]}: {entry.failure.message}"
        elif entry.status is Status.SUCCEEDED or (went_on and not entry.note):
            line.problem = ""
        elif entry.note:
            line.problem = entry.note
        line.ended_ns = entry.at_ns if entry.status.ended else 0
        return line

    def _begin(self, run_id: str, path: str, entry: Entry, before: Line | None) -> Line:
        line = Line(
            path=path,
            kind=entry.kind,
            status=entry.status,
            started_ns=entry.at_ns,
            own_run=entry.kind == "workflow",
            changed=before is not None and (before.changed or before.input_hash != entry.input_hash),
            input_hash=entry.input_hash,
        )
        if line.own_run:
            self._prefixes[_child_id(run_id, entry)] = f"{path}/"
        self._lines[path] = line
        return line

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and written, child runs included."""
        return sum(one.tokens_in for one in self), sum(one.tokens_out for one in self)

    @property
    def cost_usd(self) -> Decimal | None:
        """The price of all steps; None if that of one is not known."""
        if any(one.tokens_in and one.ended_ns and one.cost_usd is None for one in self):
            return None
        return sum((one.cost_usd for one in self if one.cost_usd is not None), Decimal(0))

    @property
    def done(self) -> int:
        """How many steps of the run have succeeded; see `reenact.records.Entry.counts`."""
        return self._done.get(self.run_id, 0)

    @property
    def done_below(self) -> int:
        """How many steps of its child runs have."""
        return sum(self._done.values()) - self.done


def _child_id(run_id: str, entry: Entry) -> str:
    """Return the id that the kernel gives the child run of a step."""
    key = idempotency_key(run_id, entry.path, entry.generation)
    return child_id(key)

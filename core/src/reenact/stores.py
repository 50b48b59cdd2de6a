"""The protocol of a store, and what goes in and out of one.

What a run's turn produced is one `RunWrite`, and the store makes it durable whole or
not at all. A suite in pytest-reenact holds a store to every promise made here.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias

import attrs

from reenact.content import Blob
from reenact.ledger import Holding, Later, LedgerFull
from reenact.records import Message, Row, RunRecord


@attrs.frozen(kw_only=True)
class RunWrite:
    """What one run puts into one commit.

    Attributes:
        run_id: The run.
        epoch: The lease it is made under; refused if the store knows another.
        create: The run is new: make it from *run*, owned by ``run.owner``; refused with
            `RunConflictError` if there is one of that id.
        rows: Entries, in order, without gaps after the ones stored.
        blobs: Content that the entries name, unless entries of the same run that are stored, or are
            written before, name it already; what is stored already is left as it is.
        run: The run's projection, if it changed.
        consumed: Ids of messages that the entries answer; removed in the same commit.
        release: Give the lease up in the same commit.
        ledger: Holdings to make, change or end in the same commit. Those with a limit are made
            together and begin at one time, or the whole write is refused with `LedgerFull`.
        reusable: Outcomes that other runs may take: under which hash, and their seq.
        goes_on_as: The run ends, and goes on as this one, whose origin names it; refused with
            `RunNotFoundError` if that is not there, or made by a write before. Messages for the run
            that are left are the other one's from this commit on, under the same ids, but for answers.
    """

    run_id: str
    epoch: int
    create: bool = False
    rows: Sequence[Row] = ()
    blobs: Sequence[Blob] = ()
    run: RunRecord | None = None
    consumed: Sequence[int] = ()
    release: bool = False
    ledger: Sequence[Holding] = ()
    reusable: Sequence[tuple[str, int]] = ()
    goes_on_as: str = ""


@attrs.frozen(kw_only=True)
class RunFilter:
    """Which runs to list, newest first.

    Attributes:
        status: Only runs with one of these; all if empty.
        workflow: Only runs of that workflow.
        parent: Only runs that this run started.
        origin: Only runs that were forked, re-run or continued from this run.
        roots: Only runs that no other run started.
        since_ns: Only runs created at that time or later.
        prefix: Only runs whose id begins so.
        limit: At most so many.
        ownerless: Only runs that no live process has.
    """

    status: tuple[str, ...] = ()
    workflow: str = ""
    parent: str = ""
    origin: str = ""
    since_ns: int = 0
    prefix: str = ""
    limit: int = 100
    ownerless: bool = False
    roots: bool = False


CommitResult: TypeAlias = "Exception | LedgerFull | Later | None"


@attrs.frozen(kw_only=True)
class Swept:
    """What a sweep has deleted.

    Attributes:
        rows: Entries.
        blobs: Pieces of content.
        bytes: What they took, as they were stored.
    """

    rows: int = 0
    blobs: int = 0
    bytes: int = 0


class Store(Protocol):
    """Keeps runs, entries, blobs and messages.

    The kernel calls `commit` from one task of a process at a time. A store may be used by
    many processes; what it acknowledges is durable at its level, and what it refuses has
    left no trace.
    """

    @property
    def where(self) -> str:
        """What to call it in an error: a path, a host; never a password."""

    @property
    def durable(self) -> bool:
        """Whether what it acknowledges survives the process."""

    async def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        """Take the run over if no live process has it: epoch + 1, lease of *ttl_s* seconds.

        Raises:
            RunNotFoundError: If there is none.
            RunOwnedError: If another live process has it.
        """

    async def renew(self, owner: str, ttl_s: float) -> None:
        """Extend the leases of all runs that *owner* has or will create, by the store's clock.

        The kernel calls it before it creates or takes the first run.
        """

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        """Make *writes* durable together, and answer for each.

        The answer is None; `Later` if its holdings begin later than they were asked for; or why
        it was refused. A write that is refused (`LeaseLostError`, `RunConflictError`,
        `LedgerFull`) does not keep the others from being made. A write that was made before, by a
        commit whose outcome was not known, is acknowledged and not made twice.

        Raises:
            StoreError: If nothing could be written.
        """

    async def load(self, run_id: str) -> RunRecord | None:
        """Return the run, or None."""

    def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        """Yield the run's own rows from seq *start* on, in order, in batches.

        Those of a forked run do not begin at 0: the ones before are rows of the run it was forked from.
        """

    async def recall(self, input_hash: str) -> tuple[str, int] | None:
        """Return the run and the seq of the latest outcome that was made reusable under that hash."""

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        """Return the blobs that are stored, of those named."""

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        """Return runs, newest first."""

    async def post(self, message: Message) -> int:
        """Keep a message for a run, durably, and return its id.

        If the run has succeeded and goes on as another one, it is kept for the last one in that row,
        unless it is an answer; so that one which comes in while a run ends is with either, and never lost.

        Raises:
            RunNotFoundError: If there is no such run.
        """

    async def messages(self, owner: str) -> Sequence[Message]:
        """Return messages that wait for runs that *owner* has, oldest first."""

    async def held(self, account: str, at_ns: int = 0) -> int:
        """Return what *account* holds that does not end by *at_ns*, what begins later included."""

    async def ledger_ns(self, boot: str, since_boot_ns: int, now_ns: int) -> int:
        """Return the time by the clock of the ledger, which nobody sets.

        The first caller of a boot says what time it is; from then on it is counted by the time
        since boot, the same for every process.

        Args:
            boot: Names the boot of the machine.
            since_boot_ns: The time since then.
            now_ns: The time of day, in nanoseconds since the epoch.
        """

    async def remove(self, run_ids: Sequence[str]) -> None:
        """Remove runs for good: all that are named, or none.

        From then on nobody finds them, and their ids are free. What they take is deleted by `sweep`.

        Raises:
            RunNotFoundError: If one is not there.
            RunOwnedError: If a live process has one.
            RunKeptError: If one has not ended, or a run that is not named needs it or is needed by it:
                one that it started, that started it, or that shares its rows (`reenact.pruning.links`).
        """

    async def sweep(self) -> Swept:
        """Delete the entries of runs that were removed, and the content that no run needs any more.

        It is done little by little, so that others can write in between, and whatever it is
        interrupted by, the next sweep goes on. Content that a write carries while it goes on stays.
        """

    async def compact(self) -> None:
        """Give the room of what was deleted back, and leave no byte of it behind; writers wait meanwhile."""

    async def check(self) -> Sequence[str]:
        """Return what is wrong with the store's own structure, one line each."""

    async def backup(self, to: str) -> None:
        """Write a copy that is whole, while others write, to the file *to*; refused if it exists."""

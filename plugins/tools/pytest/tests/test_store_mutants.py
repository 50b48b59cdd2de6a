"""Stores that break one promise each: the suite notices every one."""

import asyncio
import fnmatch
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import attrs
import pytest
from pytest_reenact.conformance.store import StoreConformance
from pytest_reenact.memory import MemoryStore
from reenact.content import Blob
from reenact.ledger import Holding, Later, LedgerFull
from reenact.records import Message, Row, RunRecord
from reenact.stores import CommitResult, RunFilter, RunWrite, Store

from .conftest import Failures

pytest_plugins = ("pytester",)


class Mutant(MemoryStore):
    """What mutants have in common: nothing."""


class ForgetsContent(Mutant):
    """Rows are kept, the blobs they name are not."""

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        return dict(list((await super().blobs(hashes)).items())[1:])


class InventsContent(Mutant):
    """A blob that is not stored is answered with an empty one."""

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        names = list(hashes)
        return {name: Blob(name, b"") for name in names} | dict(await super().blobs(names))


class ForgetsThatItIsAChain(Mutant):
    """A link of a chain comes back as plain content."""

    async def blobs(self, hashes: Iterable[str]) -> Mapping[str, Blob]:
        return {name: Blob(name, blob.data) for name, blob in (await super().blobs(hashes)).items()}


class ReadsFromTheStart(Mutant):
    """Rows from a position on are all rows."""

    async def rows(self, run_id: str, start: int = 0) -> AsyncIterator[Sequence[Row]]:
        async for batch in super().rows(run_id):
            yield batch


class CreatesTwice(Mutant):
    """A second run of the same id takes the place of the first."""

    def _write(self, write: RunWrite) -> CommitResult:
        if write.create:
            self.runs.pop(write.run_id, None)
            self.journals.pop(write.run_id, None)
        return super()._write(write)


class DoublesRows(Mutant):
    """A write that is sent again is made again."""

    def _write(self, write: RunWrite) -> CommitResult:
        if self._has(write):
            self.journals[write.run_id].extend(write.rows)
            return None
        return super()._write(write)


class RefusesWhatItHas(Mutant):
    """A write that is sent again is refused, although it was made."""

    def _write(self, write: RunWrite) -> CommitResult:
        return ValueError("sent twice") if self._has(write) else super()._write(write)


class IgnoresEpochs(Mutant):
    """Whoever lost a run goes on writing to it."""

    def _write(self, write: RunWrite) -> CommitResult:
        run = self.runs.get(write.run_id)
        return super()._write(attrs.evolve(write, epoch=run.epoch) if run else write)


class RefusesByHalves(Mutant):
    """What a refused write brought with it stays."""

    def _write(self, write: RunWrite) -> CommitResult:
        for blob in write.blobs:
            self.content.setdefault(blob.hash, blob)
        return super()._write(write)


class StopsAtARefusal(Mutant):
    """A write that is refused keeps the ones after it from being made."""

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        results: list[CommitResult] = []
        for write in writes:
            failed = any(results)
            results.append(results[-1] if failed else self._write(write))
        return results


class TakesFromTheLiving(Mutant):
    """Any process may take a run over, whoever has it."""

    def _lives(self, owner: str) -> bool:
        return False


class NeverLetsGo(Mutant):
    """A lease that is over still keeps others out."""

    def _lives(self, owner: str) -> bool:
        return bool(owner)


class KeepsTheEpoch(Mutant):
    """Taking a run over leaves the epoch as it is."""

    async def acquire(self, run_id: str, owner: str, ttl_s: float) -> RunRecord:
        taken = await super().acquire(run_id, owner, ttl_s)
        self.runs[run_id] = attrs.evolve(taken, epoch=taken.epoch - 1)
        return self.runs[run_id]


class IgnoresRelease(Mutant):
    """A run that was given back stays whose it was."""

    def _project(self, write: RunWrite) -> None:
        super()._project(attrs.evolve(write, release=False))


class ReleasesNothingNew(Mutant):
    """A run that is created for somebody else stays with its creator."""

    def _project(self, write: RunWrite) -> None:
        super()._project(attrs.evolve(write, release=write.release and not write.create))


class ForgetsLeases(Mutant):
    """Nobody can see until when a run is owned."""

    def _seen(self, run: RunRecord) -> RunRecord:
        return run


class KeepsTheOldProjection(Mutant):
    """Status and counts stay what they were when the run was created."""

    def _project(self, write: RunWrite) -> None:
        super()._project(write if write.create else attrs.evolve(write, run=None))


class ListsOldestFirst(Mutant):
    """The newest run is last."""

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        return (await super().list(which))[::-1]


class ListsEverything(Mutant):
    """The limit is no limit."""

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        return await super().list(attrs.evolve(which, limit=1_000_000))


class TakesPrefixesForPatterns(Mutant):
    """A prefix with a wildcard in it finds other runs."""

    async def list(self, which: RunFilter) -> Sequence[RunRecord]:
        pattern = which.prefix.replace("_", "?").replace("%", "*") + "*"
        found = await super().list(attrs.evolve(which, prefix=""))
        return [run for run in found if fnmatch.fnmatch(run.id, pattern)]


class KnowsNoGrandchildren(Mutant):
    """A run's children are only those whose parent it is in so many letters."""

    def _matches(self, run: RunRecord, which: RunFilter) -> bool:
        return super()._matches(run, which) and (not which.parent or run.parent == which.parent)


class IgnoresAge(Mutant):
    """Runs from before the time asked for are listed too."""

    def _matches(self, run: RunRecord, which: RunFilter) -> bool:
        return super()._matches(run, attrs.evolve(which, since_ns=0))


class ListsOwnedRunsAsOwnerless(Mutant):
    """Recovery would take runs from live processes."""

    def _matches(self, run: RunRecord, which: RunFilter) -> bool:
        return super()._matches(run, attrs.evolve(which, ownerless=False))


class PostsToNobody(Mutant):
    """A message for a run that is not there is accepted."""

    async def post(self, message: Message) -> int:
        if message.run_id not in self.runs:
            return 0
        return await super().post(message)


class KeepsMessages(Mutant):
    """A message that was answered is told again."""

    def _write(self, write: RunWrite) -> CommitResult:
        return super()._write(attrs.evolve(write, consumed=()))


class TellsEverybody(Mutant):
    """Messages go to processes that do not have the run."""

    async def messages(self, owner: str) -> Sequence[Message]:
        return list(self.inbox)


class TellsTheLatestFirst(Mutant):
    """Messages come in another order than they were posted in."""

    async def messages(self, owner: str) -> Sequence[Message]:
        return (await super().messages(owner))[::-1]


class Overspends(Mutant):
    """An account holds more than its limit."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        return super()._hold([attrs.evolve(one, limit=None) for one in holdings])


class AddsUpChanges(Mutant):
    """A holding that is changed is held twice."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        made = [attrs.evolve(one, id=f"{one.id} {next(self.numbers)}") for one in holdings]
        return super()._hold(made)

    numbers = itertools.count()


class NeverForgetsHoldings(Mutant):
    """What was held for a time is held for good."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        return super()._hold([attrs.evolve(one, for_ns=None) for one in holdings])


class PutsNobodyOff(Mutant):
    """Who may wait is refused like everybody else."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        return super()._hold([attrs.evolve(one, wait_ns=0) for one in holdings])


class ForgetsWhoAskedFirst(Mutant):
    """Who looks again is behind those who asked since."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        for one in holdings:
            if one.limit is not None:
                self.ledger.lines.get(one.account, {}).pop(one.id, None)
        return super()._hold(holdings)


class HoldsSomeOfThem(Mutant):
    """Holdings of one write are made one by one, as far as they fit."""

    def _hold(self, holdings: Sequence[Holding]) -> Later | LedgerFull | None:
        answers = [super(HoldsSomeOfThem, self)._hold([one]) for one in holdings]
        return next((one for one in answers if one is not None), None)


class SettlesTwice(Mutant):
    """A settlement that is sent again counts again."""

    def _write(self, write: RunWrite) -> CommitResult:
        if self._has(write) and not write.create:
            self._hold(write.ledger)
        return super()._write(write)


class HoldsAfterWriting(Mutant):
    """A write whose holding does not fit is made all the same."""

    def _write(self, write: RunWrite) -> CommitResult:
        made = self._has(write)
        result = super()._write(attrs.evolve(write, ledger=()))
        return result if result is not None or made else self._hold(write.ledger)


class LosesWhatComesTogether(Mutant):
    """Of commits at the same time, the last one stays."""

    async def commit(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        runs, journals = dict(self.runs), dict(self.journals)
        await asyncio.sleep(0)
        self.runs, self.journals = runs, journals
        return [self._write(write) for write in writes]


def suite_of(kind: type[MemoryStore]) -> type[StoreConformance]:
    """Return the suite, over a kind of store."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        yield kind()

    class Suite(StoreConformance):
        def open(self, tmp_path: Path) -> AbstractAsyncContextManager[Store]:
            return opened()

    return Suite


class LeavesWhatIsLeft(Mutant):
    """What a run has not taken stays with it when it goes on as another one."""

    def _write(self, write: RunWrite) -> CommitResult:
        return super()._write(attrs.evolve(write, goes_on_as=""))


class HandsAnswersOver(Mutant):
    """An answer goes over to another run, whose questions are others."""

    def _hand_over(self, run_id: str, to: str) -> None:
        self.inbox = [attrs.evolve(m, run_id=to) if m.run_id == run_id else m for m in self.inbox]


class HandsEverythingOver(Mutant):
    """What is there for any run goes over with it."""

    def _hand_over(self, run_id: str, to: str) -> None:
        self.inbox = [m if m.kind == "answer" else attrs.evolve(m, run_id=to) for m in self.inbox]


class HandsOverBackwards(Mutant):
    """What goes over comes after what the other run was told already, under new ids."""

    def _hand_over(self, run_id: str, to: str) -> None:
        for message in [m for m in self.inbox if m.run_id == run_id and m.kind != "answer"]:
            self._message_id += 1
            self.inbox.remove(message)
            self.inbox.append(attrs.evolve(message, id=self._message_id, run_id=to))


class KeepsWhatComesLate(Mutant):
    """What comes for a run that has gone on is kept for that one."""

    def _latest(self, run_id: str) -> str:
        return run_id


class ForwardsOnce(Mutant):
    """What comes for a run that has gone on twice is kept for the one in the middle."""

    def _latest(self, run_id: str) -> str:
        return self._following(run_id) or run_id


class ForwardsTooEarly(Mutant):
    """What comes for a run that has not ended goes to the one that was made to follow it."""

    def _following(self, run_id: str) -> str | None:
        return next((run.id for run in self.runs.values() if run.origin == f"continued:{run_id}"), None)


class HandsOverToNobody(Mutant):
    """A run ends that goes on as one that is not there."""

    def _write(self, write: RunWrite) -> CommitResult:
        there = write.goes_on_as in self.runs
        return super()._write(write if there else attrs.evolve(write, goes_on_as=""))


class HandsOverWhatItLost(Mutant):
    """A write that is refused moves messages all the same."""

    def _write(self, write: RunWrite) -> CommitResult:
        if write.goes_on_as in self.runs:
            self._hand_over(write.run_id, write.goes_on_as)
        return super()._write(write)


@pytest.mark.parametrize("mutant", Mutant.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_store_that_breaks_a_promise_is_caught(mutant: type[MemoryStore], failures: Failures) -> None:
    """At least one test of the suite fails on it."""
    assert failures(suite_of(mutant))


def test_a_store_that_breaks_none_passes(failures: Failures) -> None:
    """It is the mutation that is caught."""
    assert failures(suite_of(Mutant)) == []

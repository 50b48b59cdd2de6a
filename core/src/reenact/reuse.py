"""Outcomes that a run takes from another one: the same content was asked for there.

A run that was re-run looks for each step it is asked for in the record of the run
it came from: at the same path first, then anywhere, each outcome once. What is
taken is written into the new run's own journal, so that it can be read without
the other. What must not happen twice is taken only if that was allowed; otherwise
a person decides.
"""

import collections
from collections.abc import Collection, Mapping

from reenact.content import Blob, references
from reenact.history import History
from reenact.recorded import Recorded, Taken, keyed_hash
from reenact.records import Entry, Status, decode_entry
from reenact.retrieval import load_blobs
from reenact.steps import Call
from reenact.stores import Store

REUSABLE = frozenset({"llm", "tool", "step", "signal"})
"""Kinds of steps that are what their input makes them. A child run is re-run itself."""


class Earlier:
    """What another run has on record, for a run that came from it.

    Args:
        run_id: The other run.
        key: What its hashes of scrubbed inputs are keyed with.
        history: Its record.
        taken: Which outcomes were taken before, as ``run:seq``.
        allow_once: Take also what must not happen twice.

    Attributes:
        run_id: The other run.
        began_ns: When it began.
        blobs: The content that its outcomes name.
    """

    def __init__(
        self,
        run_id: str,
        key: str,
        history: History,
        *,
        taken: Collection[str] = (),
        allow_once: bool = False,
    ) -> None:
        self.run_id = run_id
        self.blobs: Mapping[str, Blob] = history.blobs
        self.began_ns = history.begun.at_ns if history.begun else 0
        self._history = history
        self._key = key
        self._allow_once = allow_once
        self._by_content: dict[str, collections.deque[Recorded]] = {}
        self._used: set[int] = set()
        for recorded in history.steps.values():
            outcome = recorded.outcome
            if recorded.status is not Status.SUCCEEDED or recorded.intent.kind not in REUSABLE:
                continue
            if outcome is not None and f"{run_id}:{history.outcome(outcome).seq}" not in taken:
                self._by_content.setdefault(recorded.intent.input_hash, collections.deque()).append(recorded)

    @property
    def history(self) -> History:
        """The other run's record."""
        return self._history

    def take(self, call: Call) -> Taken | None:
        """Return an outcome for what *call* asks for, and give it to no other; None if there is none."""
        found = self._find(call)
        if found is None:
            return None
        self._used.add(id(found))
        assert found.outcome is not None  # noqa: S101  # only what has one was kept
        outcome = self._history.outcome(found.outcome)
        return Taken(f"{self.run_id}:{outcome.seq}", outcome, found.intent, found.hidden)

    def forbids(self, call: Call) -> bool:
        """Say whether a person has to decide, because the other run did what must not happen twice."""
        return call.spec.effect == "once" and not self._allow_once and self._find(call) is not None

    def fired(self, path: str) -> Taken | None:
        """Return that a timer at *path* has fired in the other run; None if it has not."""
        recorded = self._history.steps.get(path)
        if recorded is None or recorded.status is not Status.SUCCEEDED or recorded.intent.kind != "timer":
            return None
        assert recorded.outcome is not None  # noqa: S101  # it has succeeded
        return Taken(f"{self.run_id}:{recorded.outcome.seq}", recorded.outcome)

    def at(self, path: str) -> Recorded | None:
        """Return what is on record at *path*, whatever its input."""
        return self._history.steps.get(path)

    def _find(self, call: Call) -> Recorded | None:
        for name in (call.input_hash, keyed_hash(self._key, call.input_hash)):
            waiting = self._by_content.get(name)
            if not waiting:
                continue
            here = self._history.steps.get(call.path)
            if here is not None and here.intent.input_hash == name and self._fits(here, call):
                return here
            while waiting and id(waiting[0]) in self._used:
                waiting.popleft()
            found = next((one for one in waiting if self._fits(one, call)), None)
            if found is not None:
                return found
        return None

    def _fits(self, recorded: Recorded, call: Call) -> bool:
        """Say whether an outcome is still to be had, and one of a model that may still be asked."""
        outcome = recorded.outcome
        if id(recorded) in self._used or outcome is None or recorded.status is not Status.SUCCEEDED:
            return False
        return fits(self._history.outcome(outcome), call)


async def recall(store: Store, name: str) -> tuple[Taken, Mapping[str, Blob]] | None:
    """Return the outcome that was made reusable under *name*, with the content it names; None if none was.

    Raises:
        DamagedError: If its content is not what was written.
    """
    place = await store.recall(name)
    if place is None:
        return None
    run_id, seq = place
    async for batch in store.rows(run_id, seq):
        outcome = decode_entry(batch[0].body)
        blobs = await load_blobs(store, set(references(bytes(outcome.output))), store.where)
        return Taken(f"{run_id}:{seq}", outcome), blobs
    return None


def fits(outcome: Entry, call: Call) -> bool:
    """Say whether an outcome is that of a model that *call* may ask, or of none."""
    return not (outcome.asked and call.spec.models) or outcome.asked in call.spec.models


def judged(outcome: Entry, call: Call) -> bool:
    """Say whether the policies that see answers to *call* have seen that outcome, as they are now."""
    seen = {(one.policy, one.version, one.config) for one in outcome.decisions if one.stage == "response"}
    return call.answer_judges <= seen

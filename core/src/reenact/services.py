"""What the runs of a process share: made once, when a runtime opens, and given to each run.

Runs have no other way to the clock, to chance, to the store or to the limits, so that
whoever makes this decides all of them: tests and replays do.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import attrs

from reenact.content import Blob
from reenact.journal import Writer
from reenact.loop import RunLoop
from reenact.recorded import Taken
from reenact.records import Cache, Entry, RunRecord
from reenact.scheduler import Clock, Limits


async def _recall_nothing(_: str) -> None:
    return None


Hold: TypeAlias = Callable[[str, str, Callable[[], None]], None]
"""Takes the run and path of a step that has ended, and what passes its end on to the run."""


@attrs.frozen(kw_only=True)
class Services:
    """What the runs of a process share.

    Attributes:
        writer: The way to the store; None for replays, which write nothing.
        clock: The time, and what wakes runs.
        steady: The time that the ledger goes by, which nobody sets; *clock* if None.
        limits: What may run at once.
        tell: Told of entries that have become durable.
        interruptions_max: Attempts a crash may interrupt before a step is parked.
        cache: Whether steps take outcomes of other runs of their workflow, if they do not say.
        recall: Returns the outcome that was made reusable under a hash, and what it refers to.
        draw: Returns so many random bytes in hex, for ids and keys.
        loop: Makes the loop of a run.
        made_by: The distributions that take part, and their versions.
        hold: Takes the run and path of a step that has ended, and what passes its end on to the run:
            whoever tests what happens in another order calls it later. At once if None.
    """

    writer: Writer | None
    clock: Clock
    limits: Limits = attrs.field(factory=Limits)
    tell: Callable[[RunRecord, Sequence[Entry]], None] = lambda run, entries: None
    interruptions_max: int = 3
    steady: Clock | None = None
    cache: Cache = "off"
    recall: Callable[[str], Awaitable[tuple[Taken, Mapping[str, Blob]] | None]] = _recall_nothing
    draw: Callable[[int], str] = secrets.token_hex
    loop: Callable[..., RunLoop] = RunLoop
    made_by: Mapping[str, str] = attrs.field(factory=dict)
    hold: Hold | None = None

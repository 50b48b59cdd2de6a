"""What the four stock policies add to a call whose prompt has 4 KB.

The same calls are made with the policies and without, each in a runtime and a store of
its own, in one process; they take turns, so that what disturbs the machine disturbs them
alike. Work is the processor time of the process, which other processes do not add to. The
provider answers at once. The policies have their shipped options, and limits that
nothing reaches: every call passes all of them, and none is refused.

.. code-block:: console

    python tests/benchmarks/policy_cases.py            # per call, and commits per call
"""

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import attrs
from reenact import (
    Config,
    LlmRequest,
    LlmResponse,
    Plugins,
    Runtime,
    Usage,
    assistant,
    complete,
    user,
    workflow,
)
from reenact.config import PoliciesOptions
from reenact.seams import CallContext, Capabilities
from reenact.stores import CommitResult, RunWrite
from reenact_sqlite import SqliteOptions, SqliteStore, open_sqlite

Synchronous: TypeAlias = Literal["full", "normal"]

PROMPT_BYTES = 4_096
CALLS = 20
ROUNDS = 24
SEED = 20_260_102
LIMIT = 1_000_000_000

CHAIN: Mapping[str, Mapping[str, Any]] = {
    "injection": {},
    "pii": {},
    "ratelimit": {"limits": [{"requests": LIMIT, "tokens": LIMIT, "per": "provider"}]},
    "budget": {"limits": [{"tokens": LIMIT, "per": "run"}, {"tokens": LIMIT, "per": "day"}]},
}

SENTENCES = (
    "The parcel left our warehouse on Tuesday and has not been scanned since.",
    "The second invoice does not include the discount that was agreed on in May.",
    "Our office is closed between Christmas and New Year, so please deliver before that.",
    "I have attached the photographs of the damaged casing and of the label.",
    "The router restarts every night at about three, and the log shows nothing unusual.",
    "The minutes of the meeting have five points and were sent on Friday.",
    "Nobody at the counter could say how long the repair would take.",
    "The contract runs until the end of March and renews itself for another year.",
    "The train was late, so the tasting began at four and ended after dark.",
    "The brochure lists three sizes, and the shop has only the small one.",
    "The rooms were clean, the breakfast was good, and the lift was out of order.",
    "In the third quarter revenue rose by four per cent, mostly in the northern region.",
    "Her seat was by the window, and the vegetarian meal was missing.",
    "The tests pass on my machine and fail on the server with a timeout.",
    "The heating takes an hour until the rooms upstairs are warm.",
)


def prompt(number: int) -> str:
    """Return prompt number *number*: plain sentences in another order each, with an address and a number."""
    pick = random.Random(SEED + number)
    made = [f"Ticket {number}, from anna.{number}@example.org, phone +49 30 90182{number % 1000:03d}."]
    while sum(map(len, made)) + len(made) < PROMPT_BYTES:
        made.append(pick.choice(SENTENCES))
    return " ".join(made)[:PROMPT_BYTES]


_prompts = [prompt(number) for number in range(CALLS * (ROUNDS + 1))]


class Clerk:
    """A provider that answers at once."""

    name = "clerk"
    capabilities = Capabilities(stream=False)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Answer."""
        usage = Usage(input_tokens=1_000, output_tokens=10)
        return LlmResponse(message=assistant("We are looking into it."), model=model, usage=usage)

    def stream(self, model: str, request: LlmRequest, context: CallContext) -> Any:
        """Refuse: nothing here streams."""
        raise NotImplementedError


@workflow
async def asking(first: int) -> int:
    """Ask one thing after the other."""
    for number in range(first, first + CALLS):
        await complete(LlmRequest(model="it:m", messages=(user(_prompts[number]),), max_tokens=100))
    return first


class Meter:
    """Counts the commits of a store.

    Args:
        store: It.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.commits = 0
        self.store = store
        self._commit = store.commit
        store.commit = self._counted  # type: ignore[method-assign]  # of this one alone

    async def _counted(self, writes: Sequence[RunWrite]) -> Sequence[CommitResult]:
        self.commits += 1
        return await self._commit(writes)


def _config(folder: Path, *names: str) -> Config:
    return Config(
        root=folder,
        policies=PoliciesOptions(chain=list(names)),
        policy_options={name: dict(CHAIN[name]) for name in names},
    )


@attrs.frozen(kw_only=True)
class Added:
    """What policies add to a call; medians of the turns.

    Attributes:
        clock_ms: The milliseconds that they add, by the clock.
        own_ms: Those that the process works for them, in all its threads.
        before_ms: The milliseconds of a call without them, by the clock.
        commits: The commits of a call with them, and of one without.
    """

    clock_ms: float
    own_ms: float
    before_ms: float
    commits: tuple[float, float]


@attrs.frozen
class _Took:
    """What a call took: milliseconds by the clock and of the processor, and commits."""

    clock_ms: float
    own_ms: float
    commits: float


@asynccontextmanager
async def _opened(
    folder: Path, synchronous: Synchronous, *names: str
) -> AsyncIterator[tuple[Runtime, Meter]]:
    """Yield a runtime with the policies called *names* on a store of its own, and what counts its commits."""
    options = SqliteOptions(path=folder / f"{len(names)}.db", synchronous=synchronous)
    async with open_sqlite(options) as store:
        meter = Meter(store)
        config = _config(folder, *names)
        async with Runtime.open(config, plugins=Plugins(), store=store, providers={"it": Clerk()}) as runtime:
            yield runtime, meter


async def added(folder: Path, synchronous: Synchronous, *names: str) -> Added:
    """Return what the policies called *names* add to one call of a sequence."""
    taken: tuple[list[_Took], list[_Took]] = ([], [])
    async with _opened(folder, synchronous, *names) as own, _opened(folder, synchronous) as bare:
        for number in range(ROUNDS + 1):
            for which in (0, 1) if number % 2 else (1, 0):
                took = await _turn(*(own, bare)[which], number)
                if number:  # before that: models, caches, the tables of numbers
                    taken[which].append(took)
    pairs = list(zip(*taken, strict=True))
    median = statistics.median
    return Added(
        clock_ms=median(one.clock_ms - other.clock_ms for one, other in pairs),
        own_ms=median(one.own_ms - other.own_ms for one, other in pairs),
        before_ms=median(other.clock_ms for _, other in pairs),
        commits=(median(one.commits for one, _ in pairs), median(other.commits for _, other in pairs)),
    )


async def _turn(runtime: Runtime, meter: Meter, number: int) -> _Took:
    gc.collect()
    before, began, worked = meter.commits, time.perf_counter(), time.process_time()
    assert (await runtime.run(asking, number * CALLS)).output is not None
    clock_s, own_s = time.perf_counter() - began, time.process_time() - worked
    return _Took(clock_s / CALLS * 1e3, own_s / CALLS * 1e3, (meter.commits - before) / CALLS)


def policies_added(folder: Path) -> float:
    """Return the milliseconds for which the process works more for a call that all four judge."""
    return asyncio.run(added(folder, "normal", *CHAIN)).own_ms


def policies_added_full(folder: Path) -> float:
    """Return the milliseconds that all four add to a call by the clock, every commit on the disk."""
    return asyncio.run(added(folder, "full", *CHAIN)).clock_ms


def main() -> None:
    """Print what all four add, the two that read texts, and the two that hold amounts."""
    for names in (tuple(CHAIN), ("injection", "pii"), ("ratelimit",), ("budget",), ("ratelimit", "budget")):
        for synchronous in get_args(Synchronous):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                found = asyncio.run(added(Path(name), synchronous, *names))
            print(
                f"{', '.join(names):<36} {synchronous:<7}{found.clock_ms:+6.2f} ms to {found.before_ms:.2f}; "
                f"work {found.own_ms:+.2f}, commits {found.commits[0]:.2f} and {found.commits[1]:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

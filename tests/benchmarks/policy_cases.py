"""What the four stock policies add to a call whose prompt has 4 KB.

The same calls are made with the policies and without, each in a runtime and a store of
its own, in one process; they take turns, so that what disturbs the machine disturbs them
alike. The provider answers at once. The policies have their shipped options, and limits that
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


@attrs.frozen
class Added:
    """What policies add to a call.

    Attributes:
        own_ms: The milliseconds of a call with them.
        bare_ms: Those of one without.
        added_ms: The median of the differences of the turns.
        commits: The commits of a call with them, and of one without.
    """

    own_ms: float
    bare_ms: float
    added_ms: float
    commits: tuple[float, float]


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
    taken: tuple[list[float], list[float]] = ([], [])
    commits: tuple[list[float], list[float]] = ([], [])
    async with _opened(folder, synchronous, *names) as own, _opened(folder, synchronous) as bare:
        for number in range(ROUNDS + 1):
            for which in (0, 1) if number % 2 else (1, 0):
                runtime, meter = (own, bare)[which]
                gc.collect()
                before, began = meter.commits, time.perf_counter()
                assert (await runtime.run(asking, number * CALLS)).output is not None
                if number:  # before that: models, caches, the tables of numbers
                    taken[which].append((time.perf_counter() - began) / CALLS * 1e3)
                    commits[which].append((meter.commits - before) / CALLS)
    differences = [one - other for one, other in zip(*taken, strict=True)]
    median = statistics.median
    return Added(
        median(taken[0]), median(taken[1]), median(differences), (median(commits[0]), median(commits[1]))
    )


def policies_added(folder: Path) -> float:
    """Return the milliseconds that all four add to a call; commits are not waited for."""
    return asyncio.run(added(folder, "normal", *CHAIN)).added_ms


def policies_added_full(folder: Path) -> float:
    """Return the milliseconds that all four add to a call, every commit on the disk."""
    return asyncio.run(added(folder, "full", *CHAIN)).added_ms


def main() -> None:
    """Print what all four add, the two that read texts, and the two that hold amounts."""
    for names in (tuple(CHAIN), ("injection", "pii"), ("ratelimit",), ("budget",), ("ratelimit", "budget")):
        for synchronous in get_args(Synchronous):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                found = asyncio.run(added(Path(name), synchronous, *names))
            commits = " and ".join(f"{one:.2f}" for one in found.commits)
            print(
                f"{', '.join(names):<36} {synchronous:<7} +{found.added_ms:.2f} ms "
                f"({found.own_ms:.2f} over {found.bare_ms:.2f}), commits {commits}"
            )


if __name__ == "__main__":
    main()

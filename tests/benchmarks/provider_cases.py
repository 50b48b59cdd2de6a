"""What a provider costs beside a bare httpx call that does the same, in one process.

Both ask the same local server, which runs in a process of its own, with the same
question, over a connection that is kept, and read text and usage out of the answer.
They take turns, so that what disturbs the machine disturbs them alike. Time is the processor
time of the process, which other processes and the server do not add to.

.. code-block:: console

    python tests/benchmarks/provider_cases.py            # all six, with times
    python tests/benchmarks/provider_cases.py openai
"""

import asyncio
import gc
import json
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
from common import words
from reenact import Config, LlmRequest, Plugins, Runtime, complete, user, workflow
from reenact.config import JournalOptions
from reenact.seams import CallContext, Provider
from reenact.trace import TraceContext
from vendor import double_of

VENDORS = ("openai", "anthropic", "gemini", "mistral", "cohere", "ollama")
ROUNDS = 24
CALLS = 20
STREAMS = 200
QUESTION = words(1_024, 1)
REQUEST = LlmRequest(model="it:m", messages=(user(QUESTION),), max_tokens=100)
CONTEXT = CallContext(
    trace=TraceContext("0af7651916cd43dd8448eb211c80319c", "r", "p", 1), idempotency_key="k"
)

LIMITS = httpx.Limits(max_connections=256, max_keepalive_connections=20, keepalive_expiry=30)
"""Those of the provider: how many connections are open decides what httpcore does for each request."""

Act = Callable[[], Awaitable[Any]]


@attrs.frozen
class Pair:
    """Two figures of the same thing, measured in turns.

    Attributes:
        own: The provider's, the median.
        bare: The bare client's, the median.
        ratio: The median of what each turn says.
    """

    own: float
    bare: float
    ratio: float

    @classmethod
    def of(cls, own: Sequence[float], bare: Sequence[float]) -> "Pair":
        """Return what the turns say."""
        ratios = [one / other for one, other in zip(own, bare, strict=True)]
        return cls(statistics.median(own), statistics.median(bare), statistics.median(ratios))


@asynccontextmanager
async def both(vendor: str) -> AsyncIterator[tuple[Provider, "Bare"]]:
    """Yield a provider and a bare client, both led to the same server."""
    from reenact.fitting import structure

    double = double_of(vendor)
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("vendor.py")), vendor], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}"
        table = {key: value for key, value in double.table(url).items() if key != "key"}
        options = structure(table, double.offer.options, "providers.it", {})
        async with (
            double.offer.open(options) as provider,
            httpx.AsyncClient(timeout=60, limits=LIMITS) as client,
        ):
            yield provider, Bare(client, provider, double.framing)
    finally:
        server.kill()
        server.wait()


class Bare:
    """A client that does the same with httpx alone.

    Args:
        client: It.
        provider: Says where, and what is asked: both ask the same.
        framing: How streams are cut.
    """

    def __init__(self, client: httpx.AsyncClient, provider: Any, framing: str) -> None:
        self._client = client
        self._framing = framing
        self._accept = {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}[framing]
        self._asked = {stream: self._spelled(provider, stream=stream) for stream in (False, True)}

    def _spelled(self, provider: Any, *, stream: bool) -> tuple[str, dict[str, Any]]:
        from reenact_http import Call

        dialect, call = provider._dialect, Call("m", REQUEST, stream)
        return f"{provider.address}{dialect.path(call)}", dialect.body(call)

    async def complete(self) -> Any:
        """Ask, and read the answer."""
        url, body = self._asked[False]
        response = await self._client.post(url, json=body)
        response.raise_for_status()
        return response.json()

    async def stream(self) -> list[Any]:
        """Ask, and read the answer piece by piece."""
        url, body = self._asked[True]
        found = []
        async with self._client.stream("POST", url, json=body, headers={"accept": self._accept}) as response:
            response.raise_for_status()
            async for line in response.aiter_lines():
                data = line.removeprefix("data: ") if self._framing == "sse" else line
                if data.startswith("{"):
                    found.append(json.loads(data))
        return found


async def _drain(provider: Provider) -> None:
    async for _ in provider.stream("m", REQUEST, CONTEXT):
        pass


def _acts(provider: Provider, bare: Bare, *, stream: bool, at_once: int = 1) -> tuple[Act, Act]:
    """Return what the provider does and what the bare client does."""
    one = (lambda: _drain(provider)) if stream else (lambda: provider.complete("m", REQUEST, CONTEXT))
    other = bare.stream if stream else bare.complete
    if at_once == 1:
        return one, other
    return (lambda: _gathered(one, at_once)), (lambda: _gathered(other, at_once))


async def _gathered(act: Callable[[], Any], at_once: int) -> None:
    await asyncio.gather(*(act() for _ in range(at_once)))


async def _seconds(act: Act, calls: int, clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds of processor time that a call takes here; waiting for the server is none."""
    began = clock()
    for _ in range(calls):
        await act()
    return (clock() - began) / calls


async def times(vendor: str, *, stream: bool = False, at_once: int = 1) -> Pair:
    """Return what a call takes, the provider's and the bare client's; they take turns to be first."""
    calls, rounds = (CALLS, ROUNDS) if at_once == 1 else (1, ROUNDS // 2)
    async with both(vendor) as (provider, bare):
        acts = _acts(provider, bare, stream=stream, at_once=at_once)
        taken: tuple[list[float], list[float]] = ([], [])
        for number in range(-1, rounds):
            for which in (0, 1) if number % 2 else (1, 0):
                gc.collect()
                seconds = await _seconds(acts[which], calls)
                if number >= 0:  # before that: connections, caches
                    taken[which].append(seconds)
    return Pair.of(*taken)


async def peaks(vendor: str, *, stream: bool = False) -> Pair:
    """Return the peak bytes that a call of the provider's takes, and one of the bare client's."""
    async with both(vendor) as (provider, bare):
        found = []
        for act in _acts(provider, bare, stream=stream):
            for _ in range(3):
                await act()
            found.append([await _peak(act) for _ in range(CALLS)])
    return Pair.of(found[0], found[1])


async def _peak(act: Act) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        await act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@workflow
async def asking(calls: int) -> int:
    """Ask *calls* times, one after the other."""
    for _ in range(calls):
        await complete(REQUEST)
    return calls


async def run_seconds(vendor: str, folder: Path) -> Pair:
    """Return the seconds of a call in a run, on record on disk, and those of a bare call."""
    config = Config(
        root=folder, journal=JournalOptions(), journal_options={"path": str(folder / "journal.db")}
    )
    taken: tuple[list[float], list[float]] = ([], [])
    async with (
        both(vendor) as (provider, bare),
        Runtime.open(config, plugins=Plugins(), providers={"it": provider}) as runtime,
    ):
        for _ in range(ROUNDS // 3 + 1):
            began = time.perf_counter()
            assert (await runtime.run(asking, CALLS)).output == CALLS
            taken[0].append((time.perf_counter() - began) / CALLS)
            taken[1].append(await _seconds(bare.complete, CALLS, time.perf_counter))
    return Pair.of(taken[0][1:], taken[1][1:])


def overhead(folder: Path) -> float:
    """Return the time of a whole answer over that of a bare call."""
    return asyncio.run(times("openai")).ratio


def stream_overhead(folder: Path) -> float:
    """Return the time of a stream over that of a bare one."""
    return asyncio.run(times("openai", stream=True)).ratio


def many_overhead(folder: Path) -> float:
    """Return the time of two hundred streams at once over that of as many bare ones."""
    return asyncio.run(times("openai", stream=True, at_once=STREAMS)).ratio


def memory_overhead(folder: Path) -> float:
    """Return the peak memory of a whole answer over that of a bare call."""
    return asyncio.run(peaks("openai")).ratio


def run_overhead(folder: Path) -> float:
    """Return the time of a call in a run over that of a bare call."""
    return asyncio.run(run_seconds("openai", folder)).ratio


def main(vendors: list[str]) -> None:
    """Print the times of all."""
    for vendor in vendors:
        for name, pair in {
            "whole": asyncio.run(times(vendor)),
            "stream": asyncio.run(times(vendor, stream=True)),
            f"{STREAMS} streams": asyncio.run(times(vendor, stream=True, at_once=STREAMS)),
        }.items():
            own, bare = (f"{seconds * 1e6:,.0f} µs" for seconds in (pair.own, pair.bare))
            print(f"{vendor:<10} {name:<12} {own:>12} {bare:>12}  {pair.ratio:.2f}x")
        for name, pair in {
            "whole": asyncio.run(peaks(vendor)),
            "stream": asyncio.run(peaks(vendor, stream=True)),
        }.items():
            own, bare = (f"{size / 1024:,.1f} KB" for size in (pair.own, pair.bare))
            print(f"{vendor:<10} {name:<12} {own:>12} {bare:>12}  {pair.ratio:.2f}x")


if __name__ == "__main__":
    main(sys.argv[1:] or list(VENDORS))

# ruff: noqa
"""Workflows with faults: each line that does what a replay may not repeat says so behind ``#:``.

``#: KIND`` is found on every Python; ``#: KIND lines`` only where lines are seen.
"""

import asyncio
import contextlib
import dataclasses
import datetime
import functools
import getpass
import glob
import locale
import os
import pathlib
import platform
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any, TypeVar

import attrs
from reenact import parallel, step, workflow

R = TypeVar("R")

NAMES = {"ada", "bob", "cyd"}
POOL = ThreadPoolExecutor(1)
HERE = pathlib.Path(__file__)


@step
async def work(value: Any = None) -> str:
    time.time()
    random.random()
    return str(value)


@workflow
async def clocks() -> None:
    time.time()  #: clock
    time.time_ns()  #: clock
    time.monotonic()  #: clock
    time.perf_counter()  #: clock
    time.gmtime()  #: clock
    time.gmtime(0)
    time.strftime("%Y")  #: clock
    time.strftime("%Y", time.gmtime(0))
    datetime.datetime.now()  #: clock
    datetime.datetime.now(tz=datetime.UTC)  #: clock
    datetime.datetime.today()  #: clock
    datetime.date.today()  #: clock
    date.today()  #: clock
    time.sleep(0)  #: sleep
    await work()


@workflow
async def time_zones() -> None:
    time.localtime(0)  #: time zone
    datetime.datetime.fromtimestamp(0)  #: time zone
    moment = datetime.datetime.fromtimestamp(0, tz=datetime.UTC)
    date.fromtimestamp(0)  #: time zone
    moment.astimezone()  #: time zone
    moment.astimezone(datetime.UTC)
    moment.timestamp()
    datetime.datetime(2024, 1, 1).timestamp()  #: time zone
    datetime.datetime.strptime("2024", "%Y")


class Moment(datetime.datetime):
    """A subclass."""


@workflow
async def chance() -> None:
    random.random()  #: random
    random.randint(1, 6)  #: random
    random.choice([1, 2])  #: random
    random.shuffle([1, 2])  #: random
    random.seed(1)  #: random
    random.Random()  #: random
    random.Random(1).random()
    random.Random("seed").choice([1, 2])
    random.SystemRandom().random()  #: random
    secrets.token_hex()  #: random
    secrets.choice([1, 2])  #: random
    os.urandom(4)  #: random
    uuid.uuid1()  #: uuid
    uuid.uuid4()  #: uuid
    uuid.uuid5(uuid.NAMESPACE_DNS, "name")
    Moment.now()  #: clock


@workflow
async def environment() -> None:
    os.environ["PATH"]  #: environment
    os.environ.get("HOME")  #: environment
    os.getenv("HOME")  #: environment
    "HOME" in os.environ  #: environment
    dict(os.environ)  #: environment
    os.getpid()  #: environment
    os.getcwd()  #: environment
    pathlib.Path.cwd()  #: file
    os.cpu_count()  #: environment
    platform.node()  #: environment
    locale.setlocale(locale.LC_CTYPE)  #: locale
    locale.getlocale()  #: locale
    with contextlib.suppress(Exception):
        getpass.getuser()  #: input


@workflow
async def files() -> None:
    with open(__file__):  #: file
        pass
    HERE.read_text(encoding="utf-8")  #: file
    HERE.exists()  #: file
    list(HERE.parent.iterdir())  #: file
    os.listdir(HERE.parent)  #: file
    os.path.exists(__file__)  #: file
    os.stat(__file__)  #: file
    glob.glob(str(HERE))  #: file
    shutil.which("true")  #: file
    with tempfile.TemporaryFile():  #: file
        pass
    HERE.name, HERE.parent, HERE / "x", os.path.join("a", "b")


@workflow
async def network() -> None:
    with socket.socket() as listener:  #: network
        listener.bind(("127.0.0.1", 0))  #: network
    socket.gethostname()  #: network
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 1), timeout=0.001)  #: network
    with contextlib.suppress(OSError):
        urllib.request.urlopen("http://127.0.0.1:1", timeout=0.001)  #: network


@workflow
async def threads() -> None:
    thread = threading.Thread(target=str)
    thread.start()  #: thread
    thread.join()
    POOL.submit(str).result()  #: thread
    POOL.submit(str).result()  #: thread
    subprocess.run(["true"])  #: process
    os.system("true")  #: process
    threading.get_ident()  #: identity


@workflow
async def identity() -> None:
    thing = object()
    id(thing)  #: identity
    hash("text")  #: identity
    hash(thing)  #: identity
    hash((1, "text"))  #: identity
    hash(7)
    number, pair = 7, (1, 2)
    hash(number)
    hash(pair)


@workflow
async def asking() -> None:
    with contextlib.suppress(Exception):
        input()  #: input
    with contextlib.suppress(Exception):
        sys.stdin.readline()  #: input


# --- the order of sets


@attrs.frozen
class Ticket:
    number: int
    tags: frozenset[str] = frozenset(NAMES)


@dataclasses.dataclass(frozen=True)
class Place:
    x: int
    y: int


def tags() -> set[str]:
    return set(NAMES)


@workflow
async def loops_over_sets() -> None:
    for name in NAMES:  #: set order lines
        await work(name)
    for name in {"a", "b"}:  #: set order lines
        await work(name)
    for name in NAMES | {"z"}:  #: set order lines
        await work(name)
    for name in NAMES.union(["z"]):  #: set order lines
        await work(name)
    ticket = Ticket(1)
    for tag in ticket.tags:  #: set order lines
        await work(tag)
    text = ""
    for name in set(text.split()) | NAMES:  #: set order lines
        text += name
    names = tags()
    for number, name in enumerate(names):  #: set order lines
        text += f"{number} {name}"
    one, *_ = names  #: set order lines
    [*names]  #: set order lines
    names.pop()  #: set order lines
    f"{names} are the names"  #: set order lines
    await asyncio.gather(*(work(name) for name in NAMES))  #: set order
    [await work(name) for name in NAMES]  #: set order lines


@workflow
async def orders_of_sets() -> None:
    names = list(NAMES)  #: set order lines
    tuple(NAMES)  #: set order lines
    ", ".join(NAMES)  #: set order lines
    next(iter(NAMES))  #: set order lines
    str(NAMES)  #: set order lines
    [name.upper() for name in NAMES]  #: set order
    await parallel(work, NAMES)  #: set order lines
    ", ".join(name for name in NAMES)  #: set order
    await work(names)


@workflow
async def harmless_sets() -> None:
    numbers, places = {1, 2, 3}, {Place(1, 2), Place(3, 4)}
    for number in numbers:
        await work(number)
    for place in places:
        await work(place.x)
    for name in sorted(NAMES):
        await work(name)
    for name in NAMES - {"ada", "bob"}:
        len(name)
    for single in {"one"}:
        await work(single)
    count, longest, found, short = 0, 0, False, set()
    for name in NAMES:
        count += 1
        if len(name) > 3:
            found = True
        short.add(name[0])
    lengths = {name: len(name) for name in NAMES}
    longest = max(len(name) for name in NAMES)
    any(name for name in NAMES), sorted([name.upper() for name in NAMES]), {name.upper() for name in NAMES}
    sum(len(name) for name in NAMES), min(NAMES), len(NAMES), "ada" in NAMES, NAMES == {"ada"}
    print(f"{NAMES}", count, longest, found, lengths)
    tasks = {asyncio.create_task(work(number)) for number in numbers}
    for task in tasks:
        await task
    keyed = {Ticket(1): "a", Ticket(2): "b"}
    keyed[Ticket(1)]


# --- however it is called


@dataclasses.dataclass
class Stamped:
    at: float = dataclasses.field(default_factory=time.time)


@attrs.define
class Numbered:
    id: uuid.UUID = attrs.field(factory=uuid.uuid4)


class Lazy:
    @property
    def now(self) -> float:
        return time.time()  #: clock

    def __add__(self, other: object) -> float:
        return time.time()  #: clock

    def __call__(self) -> float:
        return time.time()  #: clock

    def __getattr__(self, name: str) -> float:
        return time.time()  #: clock

    def __iter__(self) -> Iterator[float]:
        yield time.time()  #: clock


def timed(fn: Callable[[], R]) -> Callable[[], R]:
    @functools.wraps(fn)
    def wrapper() -> R:
        time.perf_counter()  #: clock
        return fn()

    return wrapper


@timed
def decorated() -> None:
    return None


@contextlib.contextmanager
def measured() -> Iterator[None]:
    time.perf_counter()  #: clock
    yield
    time.perf_counter()  #: clock


async def ticks() -> AsyncIterator[float]:
    yield time.time()  #: clock
    await work()
    yield time.time()  #: clock


def outer() -> float:
    def inner() -> float:
        return time.time()  #: clock

    return inner()


async def branch(number: int) -> float:
    await work(number)
    return time.time()  #: clock


@workflow
async def callables() -> None:
    Stamped()  #: clock
    Numbered()  #: uuid
    lazy = Lazy()
    lazy.now, lazy + 1, lazy(), lazy.anything, list(lazy)
    decorated()
    with measured():
        await work()
    async for _ in ticks():
        pass
    [_ async for _ in ticks()]
    outer()
    (lambda: time.time())()  #: clock
    [time.time() for _ in range(2)]  #: clock
    {number: time.time() for number in range(2)}  #: clock
    list(time.time() for _ in range(2))  #: clock
    sorted([2, 1], key=lambda _: time.time())  #: clock
    list(map(lambda _: time.time(), [1]))  #: clock
    functools.partial(outer)()
    await asyncio.gather(branch(1), branch(2))
    await parallel(branch, [1, 2])
    async with asyncio.TaskGroup() as group:
        group.create_task(branch(3))
    try:
        raise ValueError
    except ValueError:
        time.time()  #: clock
    finally:
        time.time()  #: clock
    async with asyncio.timeout(5):
        time.time()  #: clock
    match time.time():  #: clock
        case _:
            pass
    later = time.time
    later()  #: clock
    nothing = (
        1,
        time.time(),  #: clock
    )
    assert nothing


@workflow
async def allowed() -> None:
    time.time()  # reenact: allow: only people see it
    outer()  # reenact: allow
    print(
        time.time(),
        uuid.uuid4(),  # reenact: allow
    )
    unwatched()


def unwatched() -> None:  # reenact: allow
    time.time()
    random.random()

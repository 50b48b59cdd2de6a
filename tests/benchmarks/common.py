"""What every contender is given: the same payloads, a fresh folder on the same disk, the same sizes.

Payloads are words drawn from a fixed seed, every one different: text as models
write it, which a store that compresses may make smaller. For the bytes on disk there
is a second kind, base64 of random bytes, which no compressor makes much smaller than
three quarters.
"""

import base64
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

SEQUENCE_STEPS = 1_000
RUNS = 500
STEPS_PER_RUN = 5
PAYLOAD_BYTES = 1_024
STORED_BYTES = 4_096
CHAT_TURNS = 300
CHAT_TURN_BYTES = 2_048
SEED = 20_260_101

Measure = Callable[[Path], float]
"""Does one case in an empty folder and returns its figure."""


class Contender(Protocol):
    """A module that takes part."""

    NAME: str
    PACKAGES: tuple[str, ...]
    """Distributions without which it is skipped; their versions are printed."""

    DURABILITY: str
    """What is on disk when a step has ended, as read in its code."""

    CASES: Mapping[str, Measure]
    SKIPPED: Mapping[str, str]
    """Why it does not take part in a case."""


def words(size: int, number: int) -> str:
    """Return text number *number*, of *size* characters: words from a fixed seed."""
    pick = random.Random(SEED + number)
    made: list[str] = []
    length = 0
    while length < size:
        word = pick.choice(_VOCABULARY)
        made.append(word)
        length += len(word) + 1
    return " ".join(made)[:size]


def noise(size: int, number: int) -> str:
    """Return text number *number*, of *size* characters: base64 of random bytes from a fixed seed."""
    pick = random.Random(SEED + number)
    return base64.b64encode(pick.randbytes(size)).decode()[:size]


def _vocabulary() -> list[str]:
    pick = random.Random(SEED)
    letters = "eeeeeetttttaaaaooooiiiinnnnsssshhhhrrrrddllluuucccmmmwwffggyyppbbvk"
    return ["".join(pick.choices(letters, k=pick.randint(2, 10))) for _ in range(4_000)]


_VOCABULARY = _vocabulary()


@contextmanager
def workspace() -> Iterator[Path]:
    """Give an empty folder, in ``BENCHMARK_FOLDER`` or else where temporary files go."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=os.environ.get("BENCHMARK_FOLDER")) as name:
        yield Path(name)


class Watch:
    """Measures from where it is made.

    .. code-block:: python

        watch = Watch()
        work()
        return watch.per_second(1000)
    """

    def __init__(self) -> None:
        self._start_s = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.perf_counter() - self._start_s

    def per_second(self, count: int) -> float:
        """Return how many of *count* were done a second."""
        return count / self.seconds()


def bytes_on_disk(folder: Path) -> int:
    """Return the size of all files in *folder*."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def fresh_process(program: str, folder: Path) -> float:
    """Return the seconds that *program* takes as a process of its own, on a store that exists already.

    Args:
        program: The source of a program whose first argument is *folder*. It is run once before,
            which makes the store, and the bytecode of what it imports: as installed programs have it.
        folder: Where it keeps its store.
    """
    file = folder / "program.py"
    file.write_text(program, encoding="utf-8")
    command = [sys.executable, str(file), str(folder)]
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, check=True, capture_output=True, env=env)
    watch = Watch()
    subprocess.run(command, check=True, capture_output=True, env=env)
    return watch.seconds()

"""The same replay in other processes: with another hash seed, time zone and locale each.

Python salts the hashes of text once in each process, so a set of names has another order
in the next one. A replay in this process cannot show that; some in others do.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from reenact_cli import codes

TIME_ZONES = (
    *("UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati", "America/Los_Angeles"),
    *("Australia/Lord_Howe", "Europe/Berlin", "Africa/Monrovia", "Asia/Tokyo"),
)
LOCALES = ("C", "tr_TR.UTF-8", "de_DE.UTF-8", "C.UTF-8", "ar_EG.UTF-8", "ja_JP.UTF-8", "en_US.UTF-8")
AT_ONCE = 4
COUNT_MAX = 1000


@attrs.frozen
class Environment:
    """Another environment for the same replay.

    Attributes:
        hash_seed: ``PYTHONHASHSEED``.
        time_zone: ``TZ``.
        locale: ``LANG`` and ``LC_ALL``; one that is not installed here changes nothing.
    """

    hash_seed: int
    time_zone: str
    locale: str

    def __str__(self) -> str:
        return f"PYTHONHASHSEED={self.hash_seed} TZ={self.time_zone} LANG={self.locale}"

    @property
    def variables(self) -> dict[str, str]:
        """What differs from this process's environment."""
        return {
            "PYTHONHASHSEED": str(self.hash_seed),
            "TZ": self.time_zone,
            "LANG": self.locale,
            "LC_ALL": self.locale,
        }


def environments(count: int) -> list[Environment]:
    """Return *count* environments, the same ones each time; no two have the same hash seed."""
    return [
        Environment(seed, TIME_ZONES[seed % len(TIME_ZONES)], LOCALES[seed % len(LOCALES)])
        for seed in range(1, count + 1)
    ]


@attrs.frozen
class Elsewhere:
    """How a replay went in another environment.

    Attributes:
        environment: Which.
        code: What it exited with.
        error: What was wrong, as ``--json`` has it; None if nothing was.
    """

    environment: Environment
    code: int
    error: Mapping[str, Any] | None = None

    @property
    def agrees(self) -> bool:
        """Whether code and record agree there."""
        return self.code == codes.OK

    @property
    def problem(self) -> str:
        """What was wrong, in words."""
        return str((self.error or {}).get("message", f"it exited with {self.code}"))


async def replay_elsewhere(arguments: Sequence[str], count: int) -> list[Elsewhere]:
    """Replay a run in other environments, a process each.

    Args:
        arguments: What stands behind ``reenact replay``.
        count: How many.
    """
    places = asyncio.Semaphore(min(AT_ONCE, os.cpu_count() or 1))

    async def one(environment: Environment) -> Elsewhere:
        async with places:
            return await _replay(arguments, environment)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(environment)) for environment in environments(count)]
    return [task.result() for task in tasks]


async def _replay(arguments: Sequence[str], environment: Environment) -> Elsewhere:
    command = (sys.executable, "-m", "reenact_cli.main", "replay", "--json", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command,
        env=os.environ | environment.variables,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, said = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    code = process.returncode or 0
    return Elsewhere(environment, code, None if code == codes.OK else _error(out, said))


def _error(out: bytes, said: bytes) -> Mapping[str, Any]:
    try:
        error = json.loads(out)["error"]
    except (ValueError, KeyError, TypeError):
        error = None
    text = said.decode(errors="replace").strip()[-2000:]
    return error if isinstance(error, dict) else {"message": text or "it said nothing"}


def elsewhere_json(found: Sequence[Elsewhere]) -> list[dict[str, Any]]:
    """Return how replays went, as ``--json`` shows them."""
    return [
        {**attrs.asdict(one.environment), "agrees": one.agrees, **({"error": one.error} if one.error else {})}
        for one in found
    ]


def code_of(found: Sequence[Elsewhere]) -> int:
    """Return the exit code: 3 if code and record do not agree somewhere, 1 if a replay failed otherwise."""
    different = [one.code for one in found if not one.agrees]
    if codes.DIVERGED in different:
        return codes.DIVERGED
    return codes.FAILED if different else codes.OK

"""Running a project's own tests: in a process group of its own, for a limited time.

This is not a sandbox. The tests run what a model wrote, with the rights of whoever
runs this; what it does take away is the environment (where keys are) and the input.
"""

import asyncio
import contextlib
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import attrs

UNITTEST = "python -m unittest discover -s tests -t ."
"""The suite of a project that needs nothing but Python; so the sample needs no installation."""

LIMIT_S = 120.0
OUTPUT_CHARS = 20_000
_GUARD = Path(__file__).with_name("guard.py")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
_PIECE_BYTES = 65_536


@attrs.frozen(kw_only=True)
class SuiteResult:
    """What came of running a test suite.

    Attributes:
        passed: Whether it ran, and nothing failed.
        tests: How many tests there were; 0 if that is not known.
        output: The end of what it printed, without what differs from run to run.
    """

    passed: bool
    tests: int = 0
    output: str = ""


async def run_command(folder: Path, command: str, limit_s: float = LIMIT_S) -> SuiteResult:
    """Run *command* in *folder*; whatever happens, nothing of it runs on afterwards.

    Args:
        folder: Where the project is; the command may change it.
        command: The suite, as a shell would spell it; ``python`` is the Python that runs this.
        limit_s: How long it may take, in seconds. Then it is killed and has failed.
    """
    arguments = shlex.split(command)
    if arguments[:1] == ["python"]:
        arguments[0] = sys.executable
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(_GUARD), *arguments),
        cwd=folder,
        env=_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    printed = bytearray()
    try:
        async with asyncio.timeout(limit_s):
            code = await _until_ended(process, printed)
    except TimeoutError:
        note = f"killed: it took longer than {limit_s:g} s"
        return SuiteResult(passed=False, output=f"{_told(printed, folder)}\n{note}".strip())
    finally:
        await asyncio.shield(_end(process))
    return _judged(code, _told(printed, folder))


def _environment() -> dict[str, str]:
    """Return what the tests may see of the environment, and what makes them repeatable."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


async def _until_ended(process: asyncio.subprocess.Process, printed: bytearray) -> int:
    """Read all that is printed, keep the end of it, and return the exit code."""
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    while piece := await process.stdout.read(_PIECE_BYTES):
        printed += piece
        del printed[: -4 * OUTPUT_CHARS]
    return await process.wait()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the whole group, and wait for its head."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _told(printed: bytearray, folder: Path) -> str:
    """Return what was printed, without the time it took and the place where it ran."""
    text = printed.decode(errors="replace").replace(f"{folder.resolve()}{os.sep}", "")
    return re.sub(r"\bin \d+\.\d+s\b", "in a moment", text)[-OUTPUT_CHARS:].strip()


def _judged(code: int, output: str) -> SuiteResult:
    counts = re.findall(r"^Ran (\d+) tests?\b|\b(\d+) passed\b", output, re.MULTILINE)
    tests = int(next(filter(None, counts[-1]))) if counts else 0
    nothing_ran = bool(counts) and tests == 0
    return SuiteResult(passed=code == 0 and not nothing_ran, tests=tests, output=output)

"""How many crash points of a scripted workflow are tried in a second of one core.

Each case is a session of pytest in a process of its own: one test whose workflow asks a step and a scripted
model in turns, run with ``--crash-everywhere``. Counted is the processor time of the process from the
test's first run to the last crash, which other processes do not add to; starting pytest is not
in it. Of the cases' repeats the best is shown, and their median. No other plugin of pytest is loaded.

.. code-block:: console

    python tests/benchmarks/crash_cases.py             # workflows of 5, 40 and 100 steps
    python tests/benchmarks/crash_cases.py 40 --repeat 9
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import pytest

SIZES = (5, 40, 100)
REPEAT = 5

TEST = """
import pytest
from reenact import llm, step, workflow

STEPS = {steps}


@step
async def fetch(ticket: str) -> str:
    return f"text of {{ticket}}"


@workflow
async def answer_all() -> int:
    said = 0
    for number in range(STEPS):
        if number % 2:
            said += len(await llm("smart", f"Deal with {{text}}", name="deal"))
        else:
            text = await fetch(f"T-{{number}}")
    return said


@pytest.mark.reenact(crash=False)
def test_everything_is_imported(runtime, mock_llm):
    mock_llm.script("text of", "done", times=STEPS // 2)
    runtime.run_sync(answer_all)


def test_it(runtime, mock_llm):
    mock_llm.script("text of", "done", times=STEPS // 2)
    assert runtime.run_sync(answer_all).output == 4 * (STEPS // 2)
"""


class Stopwatch:
    """A plugin that takes the processor time of a test, all that it is run again included."""

    def __init__(self) -> None:
        self.took_s = 0.0
        self.points = 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Take the time."""
        began_s = time.process_time()
        try:
            return (yield)
        finally:
            if item.name == "test_it":
                self.took_s += time.process_time() - began_s

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the number of crash points."""
        self.points += sum(
            value
            for name, value in report.user_properties
            if name == "reenact_crash_points" and isinstance(value, int)
        )


def measure(steps: int) -> None:
    """Run one case in this process, and print its points a second."""
    watch = Stopwatch()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "test_scripted.py")
        file.write_text(TEST.format(steps=steps), encoding="utf-8")
        options = ["-q", "-p", "pytest_reenact.plugin", "-p", "no:cacheprovider", "--crash-everywhere"]
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            shown, sys.stdout = sys.stdout, nowhere
            try:
                code = pytest.main([*options, "--rootdir", folder, str(file)], plugins=[watch])
            finally:
                sys.stdout = shown
    if code or not watch.points:
        raise SystemExit(f"the test of {steps} steps has failed: {code}")
    print(watch.points, watch.points / watch.took_s)


def measured(steps: int) -> tuple[int, float]:
    """Return the points of one case, and points a second, from a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, "--here", str(steps)],
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    points, rate = told.stdout.split()
    return int(points), float(rate)


def main() -> None:
    """Measure what is asked for, in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("steps", nargs="*", type=int, default=SIZES, help="how many steps the workflow has")
    parser.add_argument("--repeat", type=int, default=REPEAT)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        measure(asked.steps[0])
        return
    rates: dict[int, list[float]] = {steps: [] for steps in asked.steps}
    points = dict.fromkeys(asked.steps, 0)
    for _ in range(asked.repeat):
        for steps in asked.steps:
            points[steps], rate = measured(steps)
            rates[steps].append(rate)
    for steps, found in rates.items():
        print(
            f"{steps} steps: {points[steps]} crash points, "
            f"{max(found):.0f} a second at best, {statistics.median(found):.0f} in the median of {len(found)}"
        )


if __name__ == "__main__":
    main()

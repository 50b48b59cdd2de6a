"""The determinism check from the command line, and replays in other processes, zones and locales."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from reenact_cli.elsewhere import environments

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "docs" / "examples" / "sdlc"

FLOW = """\
import asyncio
import datetime
import os
import time
from typing import Any
from reenact import current, parallel, step, workflow

NAMES = {"ada", "bob", "cyd", "dan", "eve"}

@step
async def work(value: object) -> str:
    return f"{value}"

@step
async def slow(n: int) -> int:
    await asyncio.sleep(0.001 * (n % 3))
    return n

@workflow
async def sound(n: int = 4) -> list[Any]:
    here = current()
    seen: list[Any] = [here.random(), str(here.uuid4()), here.now()]
    seen += [await work(name) for name in sorted(NAMES)]
    seen += await parallel(slow, range(n), limit=2)
    seen += [await one for one in asyncio.as_completed([slow(i) for i in range(n)])]
    tasks = {asyncio.create_task(slow(i)) for i in range(n)}
    done, pending = await asyncio.wait(tasks, return_when="FIRST_COMPLETED")
    seen.append([task.result() for task in done])
    for task in pending:
        seen.append(await task)
    try:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    except TimeoutError:
        seen.append("late")
    at = datetime.datetime.fromtimestamp(here.now(), tz=datetime.UTC)
    seen.append(await work(at.isoformat()))
    seen.append(await work(0.1 + 0.2))
    seen.append(await work({"a": 1.5e300, "b": [None, True]}))
    return seen

@workflow
async def by_set() -> list[str]:
    return [await work(name) for name in NAMES]

@workflow
async def by_zone() -> str:
    return await work(datetime.datetime.fromtimestamp(0).isoformat())

@workflow
async def by_language() -> str:
    return await work(os.environ.get("LANG", ""))

@workflow
async def by_clock() -> str:
    return await work(time.time())
"""


def reenact(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = (sys.executable, "-m", "reenact_cli.main", *arguments)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("REENACT")}
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "reenact.toml").write_text("")
    return tmp_path


def line_of(text: str) -> int:
    return FLOW[: FLOW.index(text)].count("\n") + 1


def recorded(project: Path, workflow: str) -> str:
    """Run a workflow in one environment; return the run's id."""
    done = reenact(
        project, "run", f"flow.py:{workflow}", "--json", PYTHONHASHSEED="0", TZ="UTC", LANG="C", LC_ALL="C"
    )
    assert done.returncode == 0, done.stderr
    run_id: str = json.loads(done.stdout)["run"]["id"]
    return run_id


# --- other environments


@pytest.mark.parametrize("count", [4, pytest.param(50, marks=pytest.mark.sweep)])
def test_a_run_replays_with_any_hash_seed_time_zone_and_locale(project: Path, count: int) -> None:
    """Recorded with one of each, replayed with others."""
    run_id = recorded(project, "sound")

    done = reenact(project, "replay", run_id, "--environments", str(count))

    assert done.returncode == 0, done.stderr
    assert f"the same in {count} of {count} other environments" in done.stderr


@pytest.mark.parametrize(
    ("workflow", "line"),
    [
        ("by_set", "for name in NAMES]"),
        ("by_zone", "fromtimestamp(0)"),
        ("by_language", 'get("LANG"'),
        ("by_clock", "time.time())"),
    ],
)
def test_what_depends_on_the_environment_is_shown(project: Path, workflow: str, line: str) -> None:
    """With the environment, the file, the line, and both inputs."""
    run_id = recorded(project, workflow)
    exactly_as_recorded = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"}

    done = reenact(project, "replay", run_id, "--environments", "3", **exactly_as_recorded)

    assert done.returncode == 3
    assert f"flow.py:{line_of(line)}" in done.stderr
    if workflow != "by_clock":  # which differs here already
        assert "other environments" in done.stderr
        assert re.search(r"error: with PYTHONHASHSEED=\d+ TZ=\S+ LANG=\S+", done.stderr)


def test_other_environments_are_listed_as_json(project: Path) -> None:
    """Each with whether it agrees, and the error if it does not."""
    sound, by_set = recorded(project, "sound"), recorded(project, "by_set")

    fine = json.loads(reenact(project, "replay", sound, "--environments", "2", "--json").stdout)
    shown = reenact(project, "replay", by_set, "--environments", "3", "--json", PYTHONHASHSEED="0")

    assert fine["agrees"] is True
    assert [(one["hash_seed"], one["agrees"]) for one in fine["environments"]] == [(1, True), (2, True)]
    assert shown.returncode == 3
    different = json.loads(shown.stdout)
    assert different["agrees"] is False
    errors = [one["error"]["type"] for one in different["environments"] if not one["agrees"]]
    assert set(errors) == {"DivergenceError"}


def test_no_two_environments_have_one_hash_seed() -> None:
    """And they are the same ones each time."""
    chosen = environments(50)

    assert len({one.hash_seed for one in chosen}) == 50
    assert len({one.time_zone for one in chosen}) > 5
    assert len({one.locale for one in chosen}) > 5
    assert chosen == environments(50)


# --- the check


def test_run_names_lines_and_goes_on(project: Path) -> None:
    """As warnings, at the end, the exit code untouched."""
    done = reenact(project, "run", "--check-determinism", "flow.py:by_clock")

    line = line_of("time.time())")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"warning: flow.py:{line} in by_clock: time.time() (clock)"
    )
    assert done.stderr.count("time.time()") == 1


def test_with_error_the_command_fails(project: Path) -> None:
    """With 3, as for code that does not agree with its record; the run itself is as it was."""
    done = reenact(project, "run", "flow.py:by_set", "--check-determinism=error", "--json")

    shown = json.loads(done.stdout)
    assert done.returncode == 3
    assert shown["run"]["status"] == "succeeded"
    assert [(one["kind"], one["grave"]) for one in shown["findings"]] == [("set order", True)]
    assert shown["findings"][0]["lines"][0]["line"] == line_of("for name in NAMES]")


def test_what_is_sound_passes(project: Path) -> None:
    """Run and replayed."""
    for command in (["run", "flow.py:sound"], ["replay", "last"]):
        done = reenact(project, *command, "--check-determinism=error")
        assert done.returncode == 0, done.stderr


def test_a_replay_that_diverges_says_what_may_be_why(project: Path) -> None:
    """What was found until then."""
    recorded(project, "by_clock")

    done = reenact(project, "replay", "last", "--check-determinism")

    assert done.returncode == 3
    assert f"warning: flow.py:{line_of('time.time())')} in by_clock: time.time()" in done.stderr
    assert "error: run " in done.stderr


def test_the_configuration_switches_it_on_and_the_command_line_off(project: Path) -> None:
    """By ``[watches.determinism]``."""
    (project / "reenact.toml").write_text('[watches.determinism]\nmode = "error"\n')

    on = reenact(project, "run", "flow.py:by_clock")
    off = reenact(project, "run", "flow.py:by_clock", "--check-determinism=off")

    assert (on.returncode, off.returncode) == (3, 0)
    assert "error: flow.py" in on.stderr
    assert "time.time()" not in off.stderr


def test_nothing_is_found_in_the_example(tmp_path: Path) -> None:
    """It runs, and replays here and elsewhere, without a finding."""
    folder = tmp_path / "sdlc"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".reenact", "__pycache__"))

    ran = reenact(folder, "run", "workflow.py:develop", "--yes", "--check-determinism=error", "--json")
    replayed = reenact(folder, "replay", "last", "--check-determinism=error", "--environments", "2", "--json")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert _findings(ran.stdout) == []
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert json.loads(replayed.stdout)["agrees"] is True


def _findings(printed: str) -> list[Any]:
    found: list[Any] = json.loads(printed)["findings"]
    return found

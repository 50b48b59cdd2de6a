"""Its tools: what models may name, states that do not change, suites that do not linger."""

import asyncio
import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import suite
import trees
import workflow

EXAMPLE = Path(trees.__file__).parent
NEVER = "import signal; signal.pause()"
TIMEOUT_S = 30


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the example works, for the time of a test."""
    monkeypatch.setenv("SDLC_WORK", str(tmp_path / "work"))
    return tmp_path / "work"


# --- names -------------------------------------------------------------------------------------------

UNSAFE = [
    "",
    ".",
    "..",
    "../x.py",
    "a/../../x.py",
    "a/./x.py",
    "/etc/passwd",
    "//x",
    "a//x",
    "a/",
    "\\\\host\\x",
    "..\\x",
    "C:x",
    "a\0b",
    "a\nb",
    "x\u202ey.py",
    ".git/hooks/pre-commit",
    "a/.GIT/config",
    ".venv/lib/x.py",
    " x.py",
    "x.py ",
    "a./x",
    "a" * 201,
    "nul\x1b[2J",
]
REFUSED = "is no name for a file|is no relative path|is no part of the project"


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_could_leave_the_project_is_refused(name: str) -> None:
    """What a model calls a file is checked when it plans, and again where it is written."""
    base = trees.keep({"a.py": b""})

    with pytest.raises(ValueError, match=REFUSED):
        workflow.Task(file=name, what="w")
    with pytest.raises(ValueError, match=REFUSED):
        trees.edited(base.id, {name: "x"})
    with pytest.raises(ValueError, match=REFUSED):
        asyncio.run(workflow.read_source(base.id, name))


@pytest.mark.parametrize("name", ["x.py", "a/b/c.py", ".github/x.yml", "größe.py", "a b.txt", "...x"])
def test_an_ordinary_name_is_taken(name: str) -> None:
    """A name that stays within the project is what it was."""
    assert trees.safe_name(name) == name


@pytest.mark.parametrize("tasks", [[], ["a.py", "a.py"], [f"{i}.py" for i in range(21)]])
def test_a_plan_has_tasks_each_for_another_file(tasks: list[str]) -> None:
    """A plan in which two coders would write one file is sent back."""
    with pytest.raises(ValueError, match="a plan has 1 to 20 tasks"):
        workflow.Plan(summary="s", tasks=[workflow.Task(file=name, what="w") for name in tasks])


# --- states ------------------------------------------------------------------------------------------


def test_a_project_is_taken_in_as_it_is(tmp_path: Path) -> None:
    """A state holds a project's sources, bytes and all, and not what tools have left there."""
    project = tmp_path / "project"
    for left in ("a/__pycache__/b.pyc", ".ruff_cache/0.17.6/2657234526012364020", ".tox/log.txt"):
        (project / left).parent.mkdir(parents=True)
        (project / left).write_bytes(b"x")
    (project / "a" / "b.bin").write_bytes(b"\0\xff")
    (project / "c.txt").write_text("c")

    tree = trees.take_in(project)

    assert tree.files == ["a/b.bin", "c.txt"]
    assert trees.files_of(tree.id) == {"a/b.bin": b"\0\xff", "c.txt": b"c"}


@pytest.mark.parametrize("target", ["/etc", "c.txt"])
def test_a_project_with_links_is_refused(target: str, tmp_path: Path) -> None:
    """A symbolic link is refused by name, wherever it points."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "c.txt").write_text("c")
    (project / "link").symlink_to(target)

    with pytest.raises(ValueError, match=r"project/link is a symbolic link"):
        trees.take_in(project)


def test_a_state_is_kept_once_and_never_changes(tmp_path: Path) -> None:
    """The same content is the same state, an edit makes another, and a state that was changed is refused."""
    base = trees.keep({"a.py": b"1", "b.py": b"2"})

    changed = trees.edited(base.id, {"a.py": "3"})

    assert trees.keep({"b.py": b"2", "a.py": b"1"}) == base
    assert trees.edited(base.id, {"a.py": "3"}) == changed != base
    assert trees.files_of(base.id)["a.py"] == b"1"
    kept = tmp_path / "work" / "trees"
    assert {path.name for path in kept.iterdir()} == {base.id, changed.id}
    (kept / base.id / "a.py").write_text("evil")
    with pytest.raises(ValueError, match="was changed after it was kept"):
        trees.files_of(base.id)


def test_a_file_in_place_of_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    """A state that cannot be written is not there, not even in part."""
    base = trees.keep({"a": b"1"})

    with pytest.raises((FileExistsError, NotADirectoryError)):
        trees.edited(base.id, {"a/b": "2"})

    assert [path.name for path in (tmp_path / "work" / "trees").iterdir()] == [base.id]


def test_a_patch_is_applied_by_git(tmp_path: Path) -> None:
    """New files, form feeds, missing newlines at the end: git makes the new state of the old one."""
    old = {"a.txt": b"one\ntwo\n", "b.txt": b"no newline", "same.txt": b"x\n", "c.txt": b"a\x0cb\r\nc\n"}
    new = {**old, "a.txt": b"one\n2\n", "b.txt": b"still", "n/new.txt": b"n\n", "c.txt": b"a\x0cb\r\nd\n"}
    before, after = trees.keep(old), trees.keep(new)
    project = tmp_path / "project"
    trees.lay_out(old, project)

    patch = trees.difference(before.id, after.id)

    assert patch.files == ["a.txt", "b.txt", "c.txt", "n/new.txt"]
    (tmp_path / "p.diff").write_text(patch.text, newline="")
    subprocess.run(["git", "apply", "--unsafe-paths", str(tmp_path / "p.diff")], cwd=project, check=True)
    assert trees.take_in(project) == after


# --- suites ------------------------------------------------------------------------------------------


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[int]:
    """The reading end of a pipe in ``tmp_path / "fifo"``, which ends when all who hold the other end have."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(end, True)
    yield end
    os.close(end)


HOLDS = f"""
import subprocess, sys
fifo = open(sys.argv[1], "w")
subprocess.Popen([sys.executable, "-c", {NEVER!r}], stdout=fifo)
fifo.write("x"); fifo.flush()
{NEVER}
"""
"""A suite that never ends, with a child that never ends; both hold the pipe."""


def never_ending(folder: Path) -> str:
    (folder / "never.py").write_text(HOLDS)
    return f"python never.py {folder / 'fifo'}"


async def _until(end: int, wanted: bytes) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        assert await asyncio.to_thread(_first, end) == wanted


def _first(end: int) -> bytes:
    """Return the next byte, waiting for somebody to open the other end; nothing at its end."""
    poll = select.poll()
    poll.register(end, select.POLLIN)
    if not poll.poll(TIMEOUT_S * 1000):
        raise TimeoutError
    return os.read(end, 1)


def test_a_cancelled_suite_is_killed_whole(tmp_path: Path, fifo: int) -> None:
    """Nothing of a suite runs on when its step is cancelled, its grandchildren included."""

    async def cancel_it() -> bool:
        task = asyncio.create_task(suite.run_command(tmp_path, never_ending(tmp_path)))
        await _until(fifo, b"x")
        task.cancel()
        await asyncio.wait({task})
        await _until(fifo, b"")
        return task.cancelled()

    assert asyncio.run(cancel_it())


def test_a_suite_dies_with_who_runs_it(tmp_path: Path, fifo: int) -> None:
    """Nothing of a suite runs on when the process that runs it is killed."""
    code = (
        f"import sys, asyncio, pathlib; sys.path.insert(0, {str(EXAMPLE)!r})\n"
        f"from suite import run_command\n"
        f"asyncio.run(run_command(pathlib.Path({str(tmp_path)!r}), {never_ending(tmp_path)!r}))"
    )

    with subprocess.Popen([sys.executable, "-c", code]) as process:
        asyncio.run(_until(fifo, b"x"))
        process.send_signal(signal.SIGKILL)

    asyncio.run(_until(fifo, b""))


def test_a_suite_that_takes_too_long_has_failed(tmp_path: Path, fifo: int) -> None:
    """A suite that does not end in time is killed, and that is a result like any other."""
    result = asyncio.run(suite.run_command(tmp_path, never_ending(tmp_path), limit_s=0.5))

    assert not result.passed
    assert result.output == "killed: it took longer than 0.5 s"


SUITES = [
    ("import unittest; unittest.main()", False, 0),
    ("class T(unittest.TestCase):\n def test(self): pass\nunittest.main()", True, 1),
    ("class T(unittest.TestCase):\n def test(self): self.fail()\nunittest.main()", False, 1),
    ("print('== 3 passed in 0.02s ==')", True, 3),
    ("print('fine')", True, 0),
    ("sys.exit(3)", False, 0),
    ("os.kill(os.getpid(), 11)", False, 0),
    ("print('x' * 10_000_000); sys.exit(1)", False, 0),
]


@pytest.mark.parametrize(("code", "passed", "tests"), SUITES)
def test_a_suite_is_judged_by_its_end(code: str, passed: bool, tests: int, tmp_path: Path) -> None:
    """A suite has passed if it ended well and ran something; what it printed is kept within limits."""
    (tmp_path / "suite_here.py").write_text(f"import os, sys, unittest\n{code}")

    result = asyncio.run(suite.run_command(tmp_path, "python suite_here.py"))

    assert (result.passed, result.tests) == (passed, tests), result.output
    assert len(result.output) <= suite.OUTPUT_CHARS


def test_a_suite_sees_no_keys_and_says_the_same_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is not passed on, and neither times nor places are in what was printed."""
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    code = "import os; print(os.environ.get('OPENAI_API_KEY'), os.path.abspath('x.py'), 'in 0.123s')"
    (tmp_path / "s.py").write_text(code)

    result = asyncio.run(suite.run_command(tmp_path, "python s.py"))

    assert result.output == "None x.py in a moment"


def test_a_command_that_is_not_there_has_failed(tmp_path: Path) -> None:
    """A suite that cannot be started is a failure that says so."""
    result = asyncio.run(suite.run_command(tmp_path, "no-such-command --x"))

    assert not result.passed
    assert result.output == "no-such-command: No such file or directory"


def test_the_sample_fails_as_its_ticket_says(tmp_path: Path) -> None:
    """The sample's own suite really runs, and really fails."""
    shutil.copytree(EXAMPLE / "sample", tmp_path / "sample")

    result = asyncio.run(suite.run_command(tmp_path / "sample", suite.UNITTEST))

    assert (result.passed, result.tests) == (False, 9)

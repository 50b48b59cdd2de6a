"""Which tests are run again and how often, what of theirs is kept between, and options that are refused."""

import subprocess
import sys

import pytest

from .conftest import QUIETLY, tried


def test_markers_keep_a_test_from_it(pytester: pytest.Pytester) -> None:
    """``crash=False`` and ``any_order=True`` say that a test is about what a crash, or the order, changes."""
    pytester.makepyfile(
        test_it="""
        import asyncio
        import pytest
        from reenact import step, workflow

        @step
        async def name(text: str) -> str:
            return text

        @workflow
        async def first() -> str:
            tasks = [asyncio.create_task(name(text)) for text in "abcdef"]
            done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.gather(*pending)
            return done.pop().result()

        @pytest.mark.reenact(crash=False, any_order=True)
        def test_first(runtime):
            assert runtime.run_sync(first).output in "abcdef"
        """
    )

    marked = pytester.runpytest_inprocess("--crash-everywhere", "--shuffle", "1-4", *QUIETLY)

    marked.assert_outcomes(passed=1)
    assert tried(marked) == {"test": 1, "crash point": 0, "order": 4}


def test_a_test_keeps_its_folder(pytester: pytest.Pytester) -> None:
    """``tmp_path`` is the same, and empty, each time: its name may be in what a run comes to."""
    pytester.makepyfile(
        test_it="""
        from reenact import step, workflow

        @step
        async def write(folder: str) -> str:
            from pathlib import Path

            assert list(Path(folder).iterdir()) in ([], [Path(folder) / "file"])
            (Path(folder) / "file").write_text("x")
            return folder

        @workflow
        async def writing(folder: str) -> str:
            return await write(folder)

        def test_it(runtime, tmp_path):
            assert list(tmp_path.iterdir()) == []
            assert runtime.run_sync(writing, str(tmp_path)).output == str(tmp_path)
        """
    )

    result = pytester.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(passed=1)


def test_fixtures_that_many_share_are_made_once(pytester: pytest.Pytester) -> None:
    """A module's fixture outlives the trials of its tests, and is torn down after the last of them."""
    pytester.makepyfile(
        test_it="""
        import pytest
        from reenact import step, workflow

        told = []

        @pytest.fixture(scope="module")
        def shared():
            told.append("up")
            yield told
            told.append("down")
            assert told == ["up", "down"]

        @step
        async def nothing() -> None: ...

        @workflow
        async def doing() -> None:
            await nothing()

        @pytest.mark.parametrize("number", [1, 2])
        def test_it(runtime, shared, number):
            assert shared == ["up"]
            runtime.run_sync(doing)
        """
    )

    result = pytester.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--crash-limit", "0", "--crash-everywhere"], "--crash-limit 0: it has to be at least 1"),
        (["--crash-at", "x"], "--crash-at x: it has to be a number"),
        (["--shuffle", "1-2-3"], "--shuffle 1-2-3: it has to be a number"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    pytester: pytest.Pytester, arguments: list[str], told: str
) -> None:
    """With the option, what was given, and what it has to be."""
    result = pytester.runpytest_inprocess(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{told}*"])


def test_nothing_is_loaded_without_the_options() -> None:
    """A session that does not ask for trials or replays loads none of their modules."""
    code = (
        "import sys, pytest; pytest.main(['--co', '-q', '-p', 'no:cacheprovider', '/dev/null']); "
        "print(sorted(n for n in sys.modules if n.startswith(('reenact.', 'pytest_reenact.'))))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.splitlines()[-1] == "['pytest_reenact.plugin']"

"""The plugin in sessions of its own: whichever plugin runs the loop, in any order, in many processes."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from reenact.workflows import WORKFLOWS

FLOWS = """
    from reenact import llm, sleep, step, tool, workflow

    @step
    async def fetch(ticket: str) -> str:
        return f"text of {ticket}"

    @tool(effect="once")
    async def refund(order: str) -> str:
        return f"refunded {order}"

    @workflow
    async def handle(ticket: str) -> str:
        text = await fetch(ticket)
        answer = await llm("smart", f"Deal with {text}", tools=[refund])
        await sleep(3600)
        return answer
"""

SYNC = """
    from flows import handle

    def test_it(runtime, mock_llm):
        mock_llm.script("text of T-1", tool_calls=[("refund", {"order": "1"})])
        mock_llm.script("refunded 1", "done")
        run = runtime.run_sync(handle, "T-1")
        assert run.output == "done"
        assert run.effects("refund") == 1
"""

ASYNC = """
    import asyncio
    import pytest
    from flows import handle

    mark = pytest.mark.{mark}

    @mark
    @pytest.mark.parametrize("ticket", ["T-1", "T-2"])
    async def test_it(runtime, mock_llm, ticket):
        mock_llm.script(f"text of {{ticket}}", "done")
        run = await runtime.run(handle, ticket)
        assert run.output == "done"
        assert (await runtime.replay(run.id)).output == "done"

    @mark
    async def test_handles(runtime, mock_llm):
        mock_llm.script("text of", "done", times=3)
        async with runtime:
            handles = [await runtime.start(handle, [f"T-{{n}}"]) for n in range(3)]
            runs = [await one.wait() for one in handles]
        assert [run.output for run in runs] == ["done"] * 3

    @mark
    async def test_left_running(runtime, mock_llm):
        mock_llm.script("text of", "done", latency_s=60, optional=True)
        handle_ = await runtime.start(handle, ["T-1"])
        await asyncio.sleep(0)
        assert handle_.status == "running"

    def test_sync_beside(runtime, mock_llm):
        mock_llm.script("text of", "done")
        assert runtime.run_sync(handle, "T-9").output == "done"
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """A project with a workflow; warnings are errors, since the plugin has none to give."""
    pytester.makepyfile(flows=FLOWS)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider --strict-markers\n")
    pytester.syspathinsert()
    before = dict(WORKFLOWS)
    yield pytester
    WORKFLOWS.clear()  # those of the project, which runs in this process
    WORKFLOWS.update(before)


OTHERS = {"asyncio": "pytest_asyncio", "anyio": "anyio", "randomly": "pytest_randomly"}
"""Plugins beside this one: their names in pytest, and their modules."""


def run(project: pytest.Pytester, *arguments: str, beside: str = "", alone: bool = False) -> pytest.RunResult:
    """Run the project's tests.

    Args:
        project: The project.
        arguments: The command line.
        beside: The one plugin of `OTHERS` that is in force.
        alone: In a process of their own.
    """
    if beside:
        pytest.importorskip(OTHERS[beside])
    off = [word for name in OTHERS if name != beside for word in ("-p", f"no:{name}")]
    if beside == "asyncio":
        off += ["-o", "asyncio_default_fixture_loop_scope=function"]
    if alone:
        return project.runpytest_subprocess(*off, *arguments, timeout=300)
    return project.runpytest_inprocess(*off, *arguments)


# --- whoever runs the loop -----------------------------------------------------------------------


def test_without_any_plugin(project: pytest.Pytester) -> None:
    """Tests that are no coroutines need no plugin for loops."""
    project.makepyfile(test_sync=SYNC)

    run(project).assert_outcomes(passed=1)


def test_with_pytest_asyncio(project: pytest.Pytester) -> None:
    """Coroutines that pytest-asyncio runs, strictly."""
    project.makepyfile(test_async=ASYNC.format(mark="asyncio"))

    run(project, beside="asyncio").assert_outcomes(passed=5)


@pytest.mark.parametrize("scope", ["module", "session"])
def test_with_pytest_asyncio_and_a_loop_for_all(scope: str, project: pytest.Pytester) -> None:
    """Coroutines of many tests that share a loop, in the automatic mode."""
    project.makepyfile(test_async=ASYNC.format(mark=f"asyncio(loop_scope='{scope}')"))

    run(project, "--asyncio-mode=auto", beside="asyncio").assert_outcomes(passed=5)


def test_with_anyio(project: pytest.Pytester) -> None:
    """Coroutines that anyio's plugin runs."""
    project.makepyfile(test_async=ASYNC.format(mark="anyio"))
    project.makeconftest("import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n")

    run(project, beside="anyio").assert_outcomes(passed=5)


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_in_any_order(seed: str, project: pytest.Pytester) -> None:
    """Tests in a random order."""
    more = "".join(SYNC.replace("test_it", f"test_{n}") for n in range(8))
    project.makepyfile(test_sync=more)

    run(project, "-p", "no:xdist", f"--randomly-seed={seed}", beside="randomly").assert_outcomes(passed=8)


def test_in_eight_processes(project: pytest.Pytester) -> None:
    """Tests in eight processes at once, failing ones among them, each with a journal of its own."""
    pytest.importorskip("xdist")
    failing = "".join(
        f"""
    def test_fails_{n}(runtime, mock_llm):
        mock_llm.script("text of", "done")
        assert runtime.run_sync(handle, "T-{n}").output == "no"
"""
        for n in range(8)
    )
    project.makepyfile(test_sync=SYNC, test_failing="    from flows import handle\n" + failing)

    result = run(project, "-n", "8", alone=True)

    result.assert_outcomes(passed=1, failed=8)
    kept = [line for line in result.outlines if line.startswith("kept in ")]
    assert len(set(kept)) == 8


# --- what makes a test fail ----------------------------------------------------------------------


def test_an_unused_script_fails_the_test(project: pytest.Pytester) -> None:
    """A test that passes and leaves a script unused fails, with the script's line."""
    project.makepyfile(
        test_it="""
        def test_it(runtime, mock_llm):
            mock_llm.script("nobody asks this", "x")
        """
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["script 1 ('nobody asks this'; test_it.py:2) was not used"])


def test_a_miss_that_a_workflow_swallows_fails_the_test(project: pytest.Pytester) -> None:
    """A call without a script fails the test, also where the workflow does without the answer."""
    project.makepyfile(
        test_it="""
        from reenact import llm, workflow
        from reenact.errors import ProviderError

        @workflow
        async def careless() -> str:
            try:
                return await llm("smart", "anyone?")
            except ProviderError:
                return "nobody"

        def test_it(runtime):
            assert runtime.run_sync(careless).output == "nobody"
        """
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["no script answers 'llm#0' (model smart): there is none*'anyone?'*"])


def test_a_failing_test_tells_its_runs(project: pytest.Pytester) -> None:
    """What failed shows the run as a tree, its trace, and a journal that the command line opens."""
    project.makepyfile(
        test_it="""
        from flows import handle

        def test_it(runtime, mock_llm):
            mock_llm.script("text of T-1", "\\x1b[31mred")
            run = runtime.run_sync(handle, "T-1")
            assert run.effects("refund") == 1
        """
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*where 0 = effects('refund')",
            "✓ handle succeeded (run *)",
            "├─ ✓ fetch#0*flows.py:*",
            "├─ ✓ llm#0  llm · smart*",
            "└─ ✓ timer#0*",
            "trace ????????????????????????????????",
            "kept in *; look at it with: reenact show *",
        ]
    )
    assert "\x1b" not in result.stdout.str()
    command = next(line for line in result.outlines if line.startswith("kept in ")).partition("with: ")[2]
    shown = subprocess.run(
        [sys.executable, "-m", "reenact_cli.main", *command.split()[1:], "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert "fetch#0" in shown.stdout
    assert json.loads(shown.stdout)


def test_the_number_of_calls_is_explained(project: pytest.Pytester) -> None:
    """A number of calls that is not the one expected lists the calls."""
    project.makepyfile(
        test_it="""
        from flows import handle

        def test_it(runtime, mock_llm):
            mock_llm.script("text of T-1", "x")
            runtime.run_sync(handle, "T-1")
            assert mock_llm.calls == 2
        """
    )

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*llm#0 (model smart, attempt 1): 'Deal with text of T-1'"])


# --- fixtures that a project overrides -----------------------------------------------------------


def test_a_project_has_fixtures_of_its_own(project: pytest.Pytester) -> None:
    """A project overrides configuration and store, and its own ``runtime`` does not disturb the factory."""
    project.makeconftest(
        """
        import pytest
        from reenact.config import Config, RuntimeOptions
        from pytest_reenact.memory import MemoryStore

        @pytest.fixture
        def reenact_config():
            return Config(runtime=RuntimeOptions(llm_attempts=1))

        @pytest.fixture
        def reenact_store():
            store = MemoryStore()
            store.mine = True
            return store

        @pytest.fixture
        def runtime():
            return "my own"
        """
    )
    project.makepyfile(
        test_it="""
        from flows import handle
        from reenact.errors import OverloadedError

        def test_it(runtime, reenact_runtime, reenact_mock_llm, reenact_store):
            assert runtime == "my own"
            reenact_mock_llm.script("text of", "never", errors=[OverloadedError])
            made = reenact_runtime()
            assert made.store.mine
            assert made.run_sync(handle, "T-1").status == "failed"
        """
    )

    run(project).assert_outcomes(passed=1)


def test_a_store_on_disk(project: pytest.Pytester) -> None:
    """A test over SQLite opens it where it wants it."""
    project.makepyfile(
        test_it="""
        import asyncio
        import pytest
        from flows import handle
        from reenact_sqlite import SqliteOptions, open_sqlite

        def test_it(reenact_runtime, mock_llm, tmp_path):
            mock_llm.script("text of", "done")

            async def scene():
                async with open_sqlite(SqliteOptions(path=tmp_path / "j.db")) as store:
                    return await reenact_runtime(store=store).run(handle, "T-1")

            assert asyncio.run(scene()).output == "done"
        """
    )

    run(project).assert_outcomes(passed=1)


def test_the_network_may_be_allowed(project: pytest.Pytester) -> None:
    """A test says that it wants the network; the marker is known."""
    project.makepyfile(
        test_it="""
        import socket
        import pytest

        before = socket.socket.connect

        @pytest.mark.reenact(network=True)
        def test_open(runtime):
            assert socket.socket.connect is before

        def test_closed(runtime):
            assert socket.socket.connect is not before

        def test_without():
            assert socket.socket.connect is before
        """
    )

    run(project).assert_outcomes(passed=3)


# --- what it costs those who do not use it -------------------------------------------------------


def test_nothing_of_the_runtime_is_imported_unasked(project: pytest.Pytester) -> None:
    """A session that uses no fixture imports nothing of the runtime."""
    project.makepyfile(
        test_it="""
        import sys

        def test_it():
            assert "pytest_reenact.plugin" in sys.modules
            loaded = {name.partition(".")[0] for name in sys.modules}
            assert not loaded & {"reenact", "msgspec", "pluggy_reenact", "cattrs", "aiosqlite", "asyncio"}
        """
    )

    run(project, "-p", "no:xdist", "-p", "no:hypothesispytest", alone=True).assert_outcomes(passed=1)


def test_it_can_be_switched_off(project: pytest.Pytester) -> None:
    """Without the plugin there are no fixtures of it."""
    project.makepyfile(test_it="def test_it(reenact_clock): pass")

    run(project, "-p", "no:reenact").assert_outcomes(errors=1)

"""In tests the determinism check is on."""

import sys
from collections.abc import Iterator

import pytest
from pytest_reenact.watching import NotRepeatableWarning

FLOW = """
    import time
    from reenact import step, workflow

    @step
    async def work() -> int:
        return time.time_ns()

    @workflow
    async def sound() -> int:
        return await work()

    @workflow
    async def faulty() -> int:
        time.time()
        return await work()
"""
TEST = """
    from watched_flow import faulty, sound

    def test_sound(runtime):
        runtime.run_sync(sound)

    def test_faulty(runtime):
        assert runtime.run_sync(faulty).output

    def test_faulty_too(runtime):
        assert runtime.run_sync(faulty).output
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    pytester.makepyfile(watched_flow=FLOW, test_it=TEST)
    pytester.syspathinsert()
    yield pytester
    sys.modules.pop("watched_flow", None)


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest("-p", "no:asyncio", "-W", "default", *options)


def test_a_fault_is_a_warning_on_its_line(project: pytest.Pytester) -> None:
    """In each test that runs it, and in no other."""
    result = run(project)

    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(
        ["*watched_flow.py:14: NotRepeatableWarning: watched_flow.py:14 in faulty: time.time() (clock)*"]
    )
    assert "test_sound" not in result.stdout.str().partition("warnings summary")[2]


def test_it_can_fail_the_test(project: pytest.Pytester) -> None:
    """By the option, by the ini file, or as any warning can."""
    run(project, "--check-determinism=error").assert_outcomes(passed=1, failed=2)
    run(
        project, "-W", f"error::{NotRepeatableWarning.__module__}.{NotRepeatableWarning.__name__}"
    ).assert_outcomes(passed=1, failed=2)
    project.makeini("[pytest]\nreenact_check_determinism = error\n")
    result = run(project)

    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*workflow code does what a replay may not repeat:*", "  watched_flow.py:14 in faulty:*"]
    )


def test_it_can_be_off(project: pytest.Pytester) -> None:
    """Then nothing of it is loaded."""
    run(project, "--check-determinism=off").assert_outcomes(passed=3, warnings=0)


def test_a_wrong_mode_is_refused(project: pytest.Pytester) -> None:
    """In the ini file."""
    project.makeini("[pytest]\nreenact_check_determinism = loud\n")

    result = run(project)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*reenact_check_determinism = 'loud': it has to be warn, error or off*"])


def test_modules_are_allowed_by_the_configuration(project: pytest.Pytester) -> None:
    """The one that the test's runtime has."""
    project.makeconftest(
        """
        import pytest
        from reenact import Config

        @pytest.fixture
        def reenact_config():
            return Config(watches={"determinism": {"allow": ["watched_flow"]}})
        """
    )

    run(project).assert_outcomes(passed=3, warnings=0)

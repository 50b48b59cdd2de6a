"""Tests that are run again: with their runs killed at every write, and in other orders."""

import pytest

from .conftest import QUIETLY, tried

FLOWS = """
    import asyncio
    from reenact import approve, current, llm, parallel, sleep, step, tool, workflow

    @step
    async def fetch(ticket: str) -> str:
        return f"text of {ticket}"

    @tool(effect="once")
    async def refund(order: str) -> str:
        return f"refunded {order}"

    @workflow
    async def handle(ticket: str) -> list[str]:
        one, other = await asyncio.gather(fetch(ticket), fetch("T-0"))
        answer = await llm("smart", f"Deal with {one}", name="deal")
        receipt = await refund("o-1")
        await sleep(3600)
        return [one, other, answer, receipt, str(current().uuid4())]

    @workflow
    async def family(tickets: list[str]) -> list[list[str]]:
        agreed = await approve("go on?")
        return await parallel(handle, tickets) if agreed else []
"""


SOUND = """
    from flows import family, handle

    def test_alone(runtime, mock_llm):
        mock_llm.script("text of T-1", "done")
        run = runtime.run_sync(handle, "T-1")
        assert run.output[:4] == ["text of T-1", "text of T-0", "done", "refunded o-1"]
        assert [run.effects(name) for name in ("fetch", "refund")] == [2, 1]
        assert mock_llm.calls == 1

    def test_family(runtime, mock_llm):
        mock_llm.script("text of", "done", times=2)
        waiting = runtime.run_sync(family, ["T-1", "T-2"])
        assert waiting.status == "waiting"
        runtime.sync(runtime.approve(waiting.id, True))
        run = runtime.sync(runtime.resume(waiting.id))
        assert [one[2] for one in run.output] == ["done", "done"]
        assert run.effects("refund") == 2

    def test_handles(runtime, mock_llm):
        mock_llm.script("text of", "done", times=3)

        async def go():
            async with runtime:
                handles = [await runtime.start(handle, [f"T-{n}"]) for n in range(3)]
                return [await one.wait() for one in handles]

        assert [run.output[2] for run in runtime.sync(go())] == ["done"] * 3

    def test_nothing_is_run(runtime):
        assert runtime.acts == []

    def test_no_runtime():
        pass
"""

ASYNC = """
    import pytest
    from flows import handle

    @pytest.mark.anyio
    @pytest.mark.parametrize("ticket", ["T-1", "T-2"])
    async def test_it(runtime, mock_llm, ticket):
        mock_llm.script(f"text of {ticket}", "done")
        run = await runtime.run(handle, ticket)
        assert run.output[2] == "done"

    @pytest.fixture
    def anyio_backend():
        return "asyncio"
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with workflows."""
    pytester.makepyfile(flows=FLOWS)
    pytester.syspathinsert()
    return pytester


def test_a_sound_test_passes_wherever_it_crashes(project: pytest.Pytester) -> None:
    """Runs, child runs, waiting runs and started ones end as if nothing had happened, ids and uuids too."""
    project.makepyfile(test_flows=SOUND)

    result = project.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(passed=5)
    assert tried(result)["test"] == 3
    assert tried(result)["crash point"] > 50


GOES_ON = """
    from reenact import continue_as_new, step, wait_signal, workflow

    @step
    async def note(said: str) -> str:
        return said

    @workflow
    async def watch(seen: list[str] | None = None) -> list[str]:
        said = await note(await wait_signal("say", str))
        if said == "enough":
            return seen or []
        continue_as_new([*(seen or []), said])

    def test_all_at_once(runtime):
        first = runtime.run_sync(watch)
        for said in ("one", "two", "enough"):
            runtime.sync(runtime.signal(first.id, "say", said))
        assert runtime.sync(runtime.resume(first.id)).output == ["one", "two"]

    def test_one_a_life(runtime):
        run = runtime.run_sync(watch)
        for said in ("one", "two", "enough"):
            runtime.sync(runtime.signal(run.id, "say", said))
            run = runtime.sync(runtime.resume(run.id))
        assert run.output == ["one", "two"]
"""


@pytest.mark.parametrize("how", ["--crash-everywhere", "--crash-everywhere=pairs"])
def test_runs_that_go_on_as_others_pass_wherever_they_crash(pytester: pytest.Pytester, how: str) -> None:
    """What was sent to the first of them, and what each has not taken, is with the one that lives."""
    pytester.makepyfile(test_goes_on=GOES_ON)

    result = pytester.runpytest_inprocess(how, "--crash-limit", "80", *QUIETLY)

    result.assert_outcomes(passed=2)
    assert tried(result)["crash point"] > 20


def test_a_sound_test_passes_after_two_crashes(project: pytest.Pytester) -> None:
    """So they do when the process that resumes them dies, too; the limit bounds how many pairs are tried."""
    project.makepyfile(test_flows=SOUND)

    result = project.runpytest_inprocess("--crash-everywhere=pairs", "--crash-limit", "60", *QUIETLY)

    result.assert_outcomes(passed=5)
    assert 60 < tried(result)["crash point"] <= 3 * 60


def test_a_sound_test_passes_in_any_order(project: pytest.Pytester) -> None:
    """And so they do in another order of what happens at once."""
    project.makepyfile(test_flows=SOUND)

    result = project.runpytest_inprocess("--shuffle", "1-5", *QUIETLY)

    result.assert_outcomes(passed=5)
    assert tried(result) == {"test": 3, "order": 15}


ERRORS = """
    import pytest
    from reenact import llm, step, workflow
    from reenact.errors import BadRequestError, ProviderError, ServerError

    NO, LATER = BadRequestError("mock", "no"), ServerError("mock", "later")

    @step
    async def apologise(why: str) -> str:
        return f"sorry: {why}"

    @workflow
    async def careful() -> str:
        try:
            return await llm("smart", "Deal with it")
        except ProviderError as error:
            return await apologise(type(error).__name__)

    @pytest.mark.parametrize(
        "script",
        [
            {"error": NO},
            {"answer": NO},
            {"answer": lambda request: NO},
            {"answer": "as far as this", "error": NO, "after": 2},
        ],
    )
    def test_one_error(runtime, mock_llm, script):
        mock_llm.script("Deal", **script)
        assert runtime.run_sync(careful).output == "sorry: BadRequestError"
        assert mock_llm.calls == 1

    def test_errors_and_then_an_answer(runtime, mock_llm):
        mock_llm.script("Deal", "done", errors=[LATER, LATER])
        assert runtime.run_sync(careful).output == "done"
        assert mock_llm.calls == 3

    @pytest.mark.parametrize("last", ["sorry: BadRequestError", "done"])
    def test_scripts_one_after_the_other(runtime, mock_llm, last):
        mock_llm.script("Deal", error=LATER)
        mock_llm.script("Deal", LATER)
        mock_llm.script("Deal", "done" if last == "done" else NO)
        assert runtime.run_sync(careful).output == last
        assert mock_llm.calls == 3

    def test_all_attempts_fail(runtime, mock_llm):
        mock_llm.script("Deal", error=LATER, times=4)
        assert runtime.run_sync(careful).output == "sorry: ServerError"
        assert mock_llm.calls == 4
"""


@pytest.mark.parametrize("crash", ["--crash-everywhere", "--crash-everywhere=pairs"])
def test_an_error_is_answered_again_like_an_answer(pytester: pytest.Pytester, crash: str) -> None:
    """However it is scripted: what died with the process is not used up, what is on record is."""
    pytester.makepyfile(test_errors=ERRORS)

    result = pytester.runpytest_inprocess(crash, *QUIETLY)

    result.assert_outcomes(passed=8)
    assert tried(result)["crash point"] > 40


def test_tests_of_any_loop_plugin_are_run_again(project: pytest.Pytester) -> None:
    """A test that anyio runs is run again by anyio; fixtures are set up anew each time."""
    pytest.importorskip("anyio")
    project.makepyfile(test_flows=ASYNC)

    result = project.runpytest_inprocess("--crash-everywhere", "--shuffle", "3", *QUIETLY)

    result.assert_outcomes(passed=2)
    assert tried(result)["test"] == 2
    assert tried(result)["crash point"] >= 20


def test_with_xdist_the_counts_add_up(project: pytest.Pytester) -> None:
    """Each process runs its own tests again; the one that reports adds up what they tried."""
    pytest.importorskip("xdist")
    project.makepyfile(test_flows=SOUND)

    alone = project.runpytest_subprocess("--crash-everywhere")
    together = project.runpytest_subprocess("--crash-everywhere", "-n", "2")

    together.assert_outcomes(passed=5)
    assert tried(together) == tried(alone)


def test_the_limit_spreads_what_is_tried(project: pytest.Pytester) -> None:
    """With fewer crashes than there are points, the first and the last are among them."""
    project.makepyfile(test_flows=SOUND)

    result = project.runpytest_inprocess("--crash-everywhere", "--crash-limit", "4", "-k", "alone", *QUIETLY)

    result.assert_outcomes(passed=1, deselected=4)
    assert tried(result)["crash point"] == 4


def test_a_run_that_had_failed_is_taken_up_again(project: pytest.Pytester) -> None:
    """Killed before anything of it is on record, the resumption of a run that had failed is done again."""
    project.makepyfile(
        test_it="""
        from flows import handle

        def test_failed_and_resumed(runtime, mock_llm):
            mock_llm.fail_on("deal")
            failed = runtime.run_sync(handle, "T-1")
            assert failed.status == "failed"
            mock_llm.with_response("deal", "done")
            assert runtime.sync(runtime.resume(failed.id)).output[2] == "done"
        """
    )

    result = project.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(passed=1)
    assert tried(result)["crash point"] > 10


def test_a_failure_names_its_point_and_repeats(project: pytest.Pytester) -> None:
    """The report says where the process died and what was in flight; its command fails the same way."""
    project.makepyfile(
        test_it="""
        from reenact import NotDone, step, tool, workflow

        sent = []

        async def never_sent(to: str) -> str:
            raise NotDone

        @tool(effect="once", reconcile=never_sent)
        async def send(to: str) -> str:
            sent.append(to)
            return "sent"

        @workflow
        async def mailing() -> str:
            return await send("me")

        def test_mail(runtime):
            assert runtime.run_sync(mailing).output == "sent"
        """
    )

    swept = project.runpytest_inprocess("--crash-everywhere", *QUIETLY)
    # on CI pytest's summary repeats the whole message
    (line,) = {line for line in swept.outlines if line.startswith("repeat with: pytest ")}
    repeated = project.runpytest_inprocess(*line.removeprefix("repeat with: pytest ").split(), *QUIETLY)

    swept.assert_outcomes(failed=1)
    repeated.assert_outcomes(failed=1)
    wanted = "*send#0 (test_it.py:15) may happen once, and its work was begun 2 times*"
    swept.stdout.fnmatch_lines(["killed before write 2 (crash point 2):" + wanted])
    repeated.stdout.fnmatch_lines(["killed before write 2 (crash point 2):" + wanted])
    swept.stdout.fnmatch_lines(["in flight when the process died: send#0 (once, test_it.py:15)"])
    assert tried(repeated)["crash point"] == 1


def test_a_once_step_is_decided_about_by_somebody_who_knows(project: pytest.Pytester) -> None:
    """A step in doubt that was done is not done again, one that was not is; so the sweep needs no person."""
    project.makepyfile(
        test_it="""
        from reenact import step, tool, workflow

        @tool(effect="once")
        async def pay(cents: int) -> dict[str, int]:
            paid.append(cents)
            return {"receipt": len(paid)}

        @workflow
        async def paying() -> dict[str, int]:
            return await pay(5)

        paid = []

        def test_pay(runtime):
            paid.clear()
            assert runtime.run_sync(paying).output == {"receipt": 1}
            assert paid == [5]
        """
    )

    result = project.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(passed=1)


def test_a_tests_own_assertions_count(project: pytest.Pytester) -> None:
    """What a workflow does outside of steps it does again when resumed; a test can say that it matters."""
    project.makepyfile(
        test_it="""
        from reenact import step, workflow

        sent = []

        @step
        async def look() -> None: ...

        @workflow
        async def mailing() -> None:
            sent.append("mail")
            await look()

        def test_mail(runtime):
            sent.clear()
            assert runtime.run_sync(mailing).status == "succeeded"
            assert sent == ["mail"]
        """
    )

    result = project.runpytest_inprocess("--crash-everywhere", *QUIETLY)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["killed *: the test fails in call", "*assert sent == *"])

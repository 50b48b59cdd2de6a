"""The runtime of tests: every verb, on whichever loop runs, and what a test sees of a run."""

import asyncio
import socket
from decimal import Decimal
from typing import Any

import pytest
from pytest_reenact import TestRun, TestRuntime
from pytest_reenact.clock import VirtualClock
from pytest_reenact.memory import MemoryStore
from pytest_reenact.mock_llm import MockLlm
from pytest_reenact.network import NetworkRefusedError
from reenact import (
    Allow,
    Deny,
    Resolution,
    approve,
    current,
    llm,
    policy,
    sleep,
    step,
    tool,
    wait_signal,
    workflow,
)
from reenact.errors import DivergenceError, PolicyDeniedError, UsageError


@tool(effect="once")
async def refund(order: str) -> str:
    return f"refunded {order}"


@workflow(name="runtime-handle")
async def handle(order: str) -> str:
    return await llm("smart", f"Deal with {order}", tools=[refund])


@workflow(name="runtime-outer")
async def outer(order: str) -> str:
    return await handle(order)


@workflow(name="runtime-ask")
async def ask() -> bool:
    return bool(await approve("fine?"))


@workflow(name="runtime-named")
async def named() -> list[Any]:
    here = current()
    return [here.run_id, here.trace_id, here.random(), str(here.uuid4()), here.now()]


def agree(mock_llm: MockLlm) -> None:
    mock_llm.script("Deal with", tool_calls=[("refund", {"order": "T-1"})], cost_usd="0.02")
    mock_llm.script("refunded T-1", "done", cost_usd="0.01")


def test_what_a_test_sees_of_a_run(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Output, status, steps, effects and cost need no await."""
    agree(mock_llm)

    run = runtime.run_sync(handle, "T-1")

    assert (run.output, run.status) == ("done", "succeeded")
    assert [one.path for one in run.steps()] == ["llm#0", "llm#0/refund#0", "llm#0/round#0"]
    assert [one.kind for one in run.steps("tool")] == ["tool"]
    assert [one.path for one in run.steps("llm#0/*#0")] == ["llm#0/refund#0", "llm#0/round#0"]
    assert run.step("llm").status == "succeeded"
    assert run.effects("refund") == 1
    assert run.cost == Decimal("0.03")
    assert mock_llm.calls == 2
    with pytest.raises(LookupError, match="has no step 'other'"):
        run.step("other")


def test_child_runs_count(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """Effects and steps of child runs are the parent's, too; each run has its own view."""
    agree(mock_llm)

    run = runtime.run_sync(outer, "T-1")

    assert run.effects("refund") == 1
    assert run.cost == Decimal("0.03")
    assert [child.output for child in run.children] == ["done"]
    assert "child run" in run.tree()
    assert "refund#0" in run.tree()


def test_ids_are_the_same_each_time(reenact_runtime: Any) -> None:
    """Ids, keys, chance and time come out the same from the same seed, and others from another."""
    made = [
        reenact_runtime(seed=seed, store=MemoryStore(), clock=VirtualClock()).run_sync(named).output
        for seed in ("one", "one", "two")
    ]

    assert made[0] == made[1]
    assert not set(made[0][:4]) & set(made[2][:4])


def test_a_fresh_one_does_the_same_again(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """What a test did can be done again, act by act, with the same ids and the scripts unused."""
    agree(mock_llm)
    first = runtime.run_sync(handle, "T-1")

    again = runtime.fresh(MemoryStore())
    second: TestRun = again.sync(again.do(runtime.acts[0]))

    assert [act.verb for act in runtime.acts] == ["run"]
    assert (second.id, second.output) == (first.id, first.output)
    assert [e.input_hash for e in second.view.entries] == [e.input_hash for e in first.view.entries]


def test_a_run_is_seen_as_its_verb_left_it(runtime: TestRuntime) -> None:
    """Steps and child runs that nobody has looked at yet do not change with what is done to a run later."""
    waiting = runtime.run_sync(ask)
    runtime.sync(runtime.approve(waiting.id, True))
    ended = runtime.sync(runtime.resume(waiting.id))

    seen = [[one.status for one in run.steps()] for run in (waiting, ended)]

    assert seen == [["waiting"], ["succeeded"]]
    assert len(waiting.view.entries) < len(ended.view.entries)
    assert ended == runtime.seen[ended.id]
    assert waiting != ended


async def a_look_at(run: TestRun) -> list[str]:
    return [one.path for one in run.steps()]


def test_a_run_is_looked_at_on_any_loop(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """What a test sees of a run belongs to no event loop, and is the same on a second look."""
    agree(mock_llm)
    run = runtime.run_sync(outer, "T-1")

    paths = asyncio.run(a_look_at(run))

    assert paths == [one.path for one in run.steps()]
    assert [child.cut_off for child in run.children] == [{}]


def test_verbs_of_runs_that_wait(runtime: TestRuntime) -> None:
    """A run that waits is given back; answered and resumed it ends."""
    run = runtime.run_sync(ask)
    assert run.status == "waiting"
    assert "approve" in run.waits_for or run.waits_for
    assert "waits for" in repr(run)

    runtime.sync(runtime.approve(run.id, True))
    ended = runtime.sync(runtime.resume(run.id))

    assert ended.output is True
    assert runtime.sync(runtime.verify(run.id)) == len(ended.view.entries)
    assert [record.id for record in runtime.sync(runtime.list())] == [run.id]
    assert runtime.sync(runtime.show(run.id)).output is True


def test_replay_asks_nobody(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A run on record is replayed to the same end without a single call."""
    agree(mock_llm)
    run = runtime.run_sync(handle, "T-1")

    replayed = runtime.sync(runtime.replay(run.id))

    assert replayed.output == run.output
    assert mock_llm.calls == 2


def test_forks_and_reruns(runtime: TestRuntime, mock_llm: MockLlm) -> None:
    """A run is forked at a step with another outcome, and re-run without asking again."""
    agree(mock_llm)
    run = runtime.run_sync(handle, "T-1")

    forked = runtime.sync(runtime.fork(run.id, "llm#0/round#0", outputs={"llm#0/round#0": "other"}))
    again = runtime.sync(runtime.rerun(run.id, allow_once=True))

    assert (forked.output, again.output) == ("other", "done")
    assert len({run.id, forked.id, again.id}) == 3
    assert again.effects("refund") == 0
    assert mock_llm.calls == 2


def test_other_code_diverges(runtime: TestRuntime) -> None:
    """A replay by code that asks for something else is an error with both sides."""

    @workflow(name="grows")
    async def before() -> str:
        await sleep(1)
        return "x"

    @workflow(name="grows")
    async def after() -> str:
        return str(await approve("really?"))

    run = runtime.run_sync(before)

    with pytest.raises(DivergenceError):
        runtime.sync(runtime.replay(run.id, after))


def test_runs_that_are_started(runtime: TestRuntime) -> None:
    """A run can be started, told and waited for; several at once."""

    @workflow
    async def echo() -> str:
        return str(await wait_signal("say"))

    async def scene() -> list[str]:
        async with runtime:
            handles = [await runtime.start(echo) for _ in range(3)]
            for number, one in enumerate(handles):
                await runtime.signal(one.id, "say", f"n{number}")
            return [(await one.wait()).output for one in handles]

    assert runtime.sync(scene()) == ["n0", "n1", "n2"]


def test_a_run_that_is_cancelled(runtime: TestRuntime) -> None:
    """A started run is cancelled at once."""

    async def scene() -> TestRun:
        handle = await runtime.start(ask)
        await runtime.cancel(handle.id, "no more")
        return await handle.wait()

    assert runtime.sync(scene()).status == "cancelled"


def test_what_is_left_running_is_resumable(runtime: TestRuntime) -> None:
    """A run that the test leaves running is given back when the loop ends."""

    async def leave() -> str:
        return (await runtime.start(ask)).id

    run_id = runtime.sync(leave())
    runtime.sync(runtime.approve(run_id))

    assert runtime.sync(runtime.resume(run_id)).output is True


def test_a_step_in_doubt_is_resolved(runtime: TestRuntime) -> None:
    """A step that may not be repeated and was cut off waits for a decision, and takes it."""

    @step(effect="once")
    async def pay() -> str:
        started.set()
        await asyncio.Event().wait()
        return "paid"

    @workflow
    async def buy() -> str:
        return await pay()

    async def cut_off() -> str:
        handle = await runtime.start(buy)
        await started.wait()
        return handle.id

    started = asyncio.Event()
    run_id = runtime.sync(cut_off())
    doubtful = runtime.sync(runtime.resume(run_id))
    runtime.sync(runtime.resolve(run_id, "pay", Resolution(done=True, value="paid by hand")))

    ended = runtime.sync(runtime.resume(run_id))

    assert doubtful.status == "in_doubt"
    assert ended.output == "paid by hand"
    assert ended.effects("pay") == 1


def test_policies_are_in_force(reenact_runtime: Any, mock_llm: MockLlm) -> None:
    """Policies judge what scripted models are asked; decisions are there to be asserted on."""

    @policy("no-parcels", stage="request", version="1")
    async def no_parcels(request: Any, context: Any) -> Any:
        return Deny("parcels") if "parcel" in request.messages[-1].text else Allow()

    runtime = reenact_runtime(policies=[no_parcels])
    run = runtime.run_sync(handle, "a parcel")

    assert run.status == "failed"
    assert isinstance(run.error, PolicyDeniedError)
    assert [(one.policy, one.verdict) for one in run.decisions] == [("no-parcels", "deny")]
    assert run.steps("llm")[0].status == "denied"
    assert run.effects("llm") == 0
    assert mock_llm.calls == 0


def test_one_runtime_for_runs_at_once(runtime: TestRuntime) -> None:
    """Runs that a test gathers share one runtime, and leave none open."""

    @workflow
    async def doze(seconds: float) -> float:
        await sleep(seconds)
        return seconds

    async def scene() -> list[float]:
        runs = await asyncio.gather(*(runtime.run(doze, float(n)) for n in range(20)))
        assert runtime._opened is not None
        assert not runtime._opened.usable
        return [run.output for run in runs]

    assert runtime.sync(scene()) == [float(n) for n in range(20)]


def test_names_of_workflows_are_given_back(pytester: pytest.Pytester) -> None:
    """A workflow that a test defines under a taken name is not found under it by the next test."""
    pytester.makepyfile(
        """
        from reenact.workflows import WORKFLOWS
        from reenact import workflow

        @workflow(name="taken")
        async def first() -> str:
            return "first"

        def test_one(runtime):
            @workflow(name="taken")
            async def second() -> str:
                return "second"

            assert runtime.run_sync(second).output == "second"

        def test_two():
            assert WORKFLOWS["taken"] is first
        """
    )

    ended = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:randomly")

    ended.assert_outcomes(passed=2)


def test_no_loop_is_left_behind(runtime: TestRuntime) -> None:
    """A test that is no coroutine leaves the process without a current loop, as it was."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()

    runtime.run_sync(named)

    loops = asyncio.events._get_running_loop()
    assert loops is None


async def test_sync_where_a_loop_runs_says_what_to_do(runtime: TestRuntime) -> None:
    """In a coroutine, run_sync says to await instead."""
    with pytest.raises(UsageError, match=r"await runtime\.run"):
        runtime.run_sync(named)


@pytest.mark.parametrize("where", [("93.184.216.34", 80), ("example.com", 443)])
def test_no_network(runtime: TestRuntime, where: tuple[str, int]) -> None:
    """A connection that leaves this machine is refused, and says how to allow it."""
    with socket.socket() as out, pytest.raises(NetworkRefusedError, match="network=True"):
        out.connect(where)
    with pytest.raises(NetworkRefusedError):
        socket.getaddrinfo("example.com", 80)


def test_no_network_in_a_step(runtime: TestRuntime) -> None:
    """A step that reaches out fails with the reason, not as a network that is down."""

    @step
    async def fetch() -> str:
        await asyncio.open_connection("example.com", 80)
        return "never"

    @workflow
    async def flow() -> str:
        return await fetch()

    run = runtime.run_sync(flow)

    assert run.status == "failed"
    assert isinstance(run.error, NetworkRefusedError)


def test_the_loopback_is_no_network(runtime: TestRuntime) -> None:
    """A test may start servers of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as out:
        out.connect(server.getsockname())
        assert out.getpeername() == server.getsockname()
    assert socket.getaddrinfo("localhost", 80)

"""Recorded runs on the code of now: each is tried, each says where it parts."""

from typing import Any

import attrs
import pytest
from pytest_reenact.memory import MemoryStore
from reenact import LlmRequest, Modify, Status, approve, llm, policy, step, workflow
from reenact.errors import RunNotFoundError
from reenact.llm import Part
from reenact.workflows import WORKFLOWS
from reenact_inspect import check
from reenact_inspect.checks import unfinished, with_children
from reenact_inspect.commands.check_page import check_page, grouped
from reenact_inspect.commands.page import Page
from reenact_inspect.spelling import check_json

Opened = Any
Fake = Any

code: dict[str, Any] = {"text": "one", "skip": False, "tone": "kind"}
ran: list[str] = []


@pytest.fixture(autouse=True)
def as_it_was() -> None:
    code.update(text="one", skip=False, tone="kind")
    ran.clear()


@step
async def note(text: str) -> str:
    ran.append(text)
    return text.upper()


@workflow(name="check-handle")
async def handle(ticket: str) -> str:
    if not code["skip"]:
        await note(code["text"])
    return await llm("fake:one", f"answer in a {code['tone']} tone: {ticket}")


@workflow(name="check-other")
async def other() -> str:
    return await note("other")


@workflow(name="check-parent")
async def parent(ticket: str) -> str:
    return await handle(ticket)


@workflow(name="check-waits")
async def waits() -> bool:
    await note(code["text"])
    return await approve("ship?")


async def test_every_run_is_tried_and_none_is_run(opened: Opened, fake: Fake) -> None:
    """One that diverges does not keep the others from being tried; nothing is called or written."""
    async with opened() as runtime:
        runs = [await runtime.run(handle, "a"), await runtime.run(other), await runtime.run(handle, "b")]
        before = dict(runtime.store.journals)  # type: ignore[attr-defined]  # of the store for tests
        calls, _ = fake.calls, ran.clear()
        code.update(text="uno")

        report = await check(runtime, *(run.id for run in runs))

        assert [one.verdict for one in report.runs] == ["diverges", "agrees", "diverges"]
        assert not report.agrees
        assert (fake.calls, ran) == (calls, [])
        assert runtime.store.journals == before  # type: ignore[attr-defined]


async def test_a_divergence_has_both_inputs_and_both_places(opened: Opened) -> None:
    """As facts, so that a program can tell them."""
    async with opened() as runtime:
        run = await runtime.run(handle, "a")
        code.update(text="uno")
        report = await check(runtime, run.id)

    error = report.runs[0].divergence
    assert error is not None
    assert error.then is not None
    assert error.now is not None
    assert (error.path, error.then.kind, error.then.name) == ("note#0", "step", "note")
    assert error.inputs == ({"text": "one"}, {"text": "uno"})
    assert error.then.site.startswith(error.now.site.partition(":")[0])
    told = check_json(report)["runs"][0]
    assert told["input"] == [{"at": "$.text", "how": "changed", "a": "one", "b": "uno", "text": "-one\n+uno"}]
    assert told["then"]["site"] == error.then.site


async def test_a_step_that_is_gone_shows_what_is_asked_for_instead(opened: Opened) -> None:
    """Both are named, of whatever kind."""
    async with opened() as runtime:
        run = await runtime.run(handle, "a")
        code.update(skip=True)
        report = await check(runtime, run.id)

    page = check_page(report, Page(80)).text()
    assert "then step note#0" in page
    assert "now  llm llm#0" in page


async def test_without_names_all_unfinished_runs_are_checked(opened: Opened) -> None:
    """Those that wait included, and those that have ended not."""
    async with opened() as runtime:
        await runtime.run(other)
        waiting = await runtime.run(waits)
        assert [one.id for one in await unfinished(runtime)] == [waiting.id]
        good = await check(runtime)
        code.update(text="uno")
        bad = await check(runtime)

    assert [one.run.id for one in good.runs] == [waiting.id]
    assert good.agrees
    assert [one.verdict for one in bad.runs] == ["diverges"]


async def test_child_runs_are_checked_with_their_parent_and_once(opened: Opened) -> None:
    """Their code may have changed while that of the parent has not."""
    async with opened() as runtime:
        run = await runtime.run(parent, "a")
        code.update(tone="stern")
        report = await check(runtime, run.id)
        family = await with_children(runtime, [run.record, *[one.run for one in report.runs]])

    assert [(one.run.workflow, one.verdict) for one in report.runs] == [
        ("check-parent", "agrees"),
        ("check-handle", "diverges"),
    ]
    assert len(family) == 2


async def test_code_that_is_not_there_leaves_a_run_unchecked(opened: Opened) -> None:
    """Which is no agreement, and says which name is near."""
    async with opened() as runtime:
        run = await runtime.run(other)
        kept = WORKFLOWS.pop("check-other")
        WORKFLOWS["check-othre"] = kept
        try:
            report = await check(runtime, run.id)
        finally:
            WORKFLOWS["check-other"] = WORKFLOWS.pop("check-othre")

    assert [one.verdict for one in report.runs] == ["unchecked"]
    assert not report.agrees
    assert "did you mean 'check-othre'?" in report.runs[0].problem
    assert "could not be tried" in check_page(report, Page(80)).text()


async def test_a_damaged_run_is_unchecked_and_the_others_are_tried(
    opened: Opened, store: MemoryStore
) -> None:
    """Damage, or a finder that fails: the others are tried, and this is no agreement."""
    async with opened() as runtime:
        bad, good = await runtime.run(other), await runtime.run(other)
        store.journals[bad.id][1] = store.journals[bad.id][2]

        def find(record: Any) -> Any:
            if record.id == good.id:
                raise RuntimeError("broken finder")
            return other

        report = await check(runtime, bad.id, good.id, find=find)

    assert [one.verdict for one in report.runs] == ["unchecked", "unchecked"]
    assert "is missing" in report.runs[0].problem
    assert report.runs[1].problem == "RuntimeError: broken finder"


async def test_a_run_that_is_not_there_is_an_error(opened: Opened) -> None:
    """A gate that checks nothing because of a typing error would be open."""
    async with opened() as runtime:
        with pytest.raises(RunNotFoundError):
            await check(runtime, "nowhere")


async def test_what_a_policy_scrubbed_is_not_set_beside_what_the_code_has(opened: Opened) -> None:
    """The report goes into logs; the code's own input is not scrubbed."""

    @policy("scrub", stage="request", version="1")
    def scrub(request: LlmRequest, context: Any) -> Any:
        parts = [Part(type="text", text="[name]")]
        messages = [attrs.evolve(one, parts=parts) for one in request.messages]
        return Modify(attrs.evolve(request, messages=messages), "took out a name")

    async with opened(policies=[scrub]) as runtime:
        run = await runtime.run(handle, "Ada Lovelace")
        code.update(tone="stern")
        report = await check(runtime, run.id)

    shown = check_page(report, Page(80)).text() + str(check_json(report)) + str(report.runs[0].divergence)
    assert report.runs[0].verdict == "diverges"
    assert "Lovelace" not in shown
    assert "scrubbed" in shown


async def test_runs_that_part_in_the_same_way_are_shown_once(opened: Opened) -> None:
    """The others are named beside it."""
    async with opened() as runtime:
        runs = [await runtime.run(handle, f"ticket {number}") for number in range(12)]
        await runtime.run(other)
        code.update(text="uno")
        report = await check(runtime, *(run.id for run in runs))

    assert [len(group) for group in grouped(report.with_verdict("diverges"))] == [12]
    page = check_page(report, Page(100)).text()
    assert page.count("then") == 1
    assert "and 3 more" in page
    assert "0 of 12 runs agree with this code, 12 diverge" in page


async def test_no_runs_are_no_failure(opened: Opened) -> None:
    """There is nothing that new code could break."""
    async with opened() as runtime:
        report = await check(runtime)

    assert report.agrees
    assert check_page(report, Page(80)).text() == "there are no runs to check"


async def test_a_run_that_diverges_at_its_end_says_how_it_ends_now(opened: Opened) -> None:
    """There is no step to show."""

    @workflow(name="check-other")
    async def ends_otherwise() -> str:
        return (await note("other")).lower()

    async with opened() as runtime:
        run = await runtime.run(other)
        report = await check(runtime, run.id, find=lambda record: ends_otherwise)
    WORKFLOWS["check-other"] = other

    page = check_page(report, Page(80)).text()
    assert 'then succeeded with "OTHER"' in page
    assert 'now  succeeded with "other"' in page
    assert report.runs[0].run.status is Status.SUCCEEDED

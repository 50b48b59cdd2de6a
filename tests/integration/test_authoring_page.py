"""The page on what `reenact` exports: every name is on it, as it is; its workflow runs."""

import ast
import asyncio
import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, Optional, get_overloads

import attrs
import name_tables
import pytest
import reenact
from documents import document
from fill_reference import Region, regions
from reenact import Runtime, llm, step, workflow
from reenact.errors import ChangedInputError, DivergenceError, NotStorableError
from reenact.records import Status

from conftest import Fake, Opened

PAGE = document("docs/reference/authoring.md")
REGIONS = list(regions(PAGE.text))
FUNCTIONS = [region for region in REGIONS if region.kind == "function"]
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.text, re.MULTILINE | re.DOTALL))
CONFIG = {"models": {"smart": "fake:any"}}


@pytest.mark.parametrize("region", REGIONS, ids=lambda region: f"{region.kind} {region.what}")
def test_a_part_says_what_the_code_does(region: Region) -> None:
    """Signatures, arguments, defaults, errors, methods. `fill_reference.py` makes it so."""
    assert region.problems() == []


def test_every_name_is_on_the_page() -> None:
    """Each that is exported has a part of its own, or a row; none is there that is not exported."""
    named = [name for region in REGIONS for name in region.what.split()] + ["hookimpl"]

    assert sorted(named) == sorted(reenact.__all__)
    assert "hookimpl" in SECTIONS


# --- signatures -----------------------------------------------------------------------------------


def calls_of(region: Region) -> list[ast.FunctionDef]:
    """Return the signatures that stand in a part, read by Python."""
    found = re.search(r"^```text\n(.*?)^```$", region.body, re.DOTALL | re.MULTILINE)
    assert found is not None
    spelled = re.sub(rf"^{region.what}\(", f"def {region.what}(", found[1], flags=re.MULTILINE)
    tree = ast.parse(re.sub(r"^(def .*|\).*)(?<![(,])$", r"\1: ...", spelled, flags=re.MULTILINE))
    return [one for one in tree.body if isinstance(one, ast.FunctionDef)]


def shape_of(signature: inspect.Signature) -> list[tuple[str, str, bool]]:
    """Return the parameters of a signature: name, kind, whether there is a default."""
    return [(p.name, p.kind.name, p.default is not p.empty) for p in signature.parameters.values()]


@pytest.mark.parametrize("region", FUNCTIONS, ids=lambda region: region.what)
def test_a_signature_is_that_of_the_function(region: Region) -> None:
    """Read back by Python, it has the same parameters, of the same kinds, with the same defaults."""
    function = getattr(reenact, region.what)
    real = [inspect.signature(one) for one in get_overloads(function) or [function]]

    shown = []
    for call in calls_of(region):
        names: dict[str, Any] = {}
        call.returns = None
        for argument in ast.walk(call.args):
            if isinstance(argument, ast.arg):
                argument.annotation = None
        exec(compile(ast.unparse(call), region.what, "exec"), {"bool": bool, "Any": Any}, names)  # noqa: S102  # the page's own
        shown.append(inspect.signature(names[region.what]))

    assert [shape_of(one) for one in shown] == [shape_of(one) for one in real]
    for one, other in zip(shown, real, strict=True):
        for name, parameter in other.parameters.items():
            assert one.parameters[name].default == parameter.default


@pytest.mark.parametrize("region", FUNCTIONS, ids=lambda region: region.what)
def test_every_argument_is_explained(region: Region) -> None:
    """Those of every overload; of a tool, the options that a step has are explained there."""
    function = getattr(reenact, region.what)
    if function.__module__ == "asyncio.tasks" or region.what in ("system", "user", "assistant"):
        return  # not ours, or said by the sentence
    said = set(name_tables.read_docstring(function).arguments)
    if region.what == "tool":
        said |= set(name_tables.read_docstring(reenact.step).arguments)
    if "sampling" in said:
        said |= {"max_tokens", "temperature", "top_p", "stop", "seed", "options"}
    taken = {
        name for one in get_overloads(function) or [function] for name in inspect.signature(one).parameters
    }

    assert taken - said == set()


def test_a_changed_signature_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument more, and a default that is another."""
    (region,) = (one for one in FUNCTIONS if one.what == "complete")

    async def complete(request: str, *, name: str = "llm2", depth: int = 1) -> None:
        """Ask a model once, as one step."""

    monkeypatch.setattr(reenact, "complete", complete)

    (problem,) = region.problems()
    assert 'complete(request: str, *, name: str = "llm2", depth: int = 1) -> None' in problem


@pytest.mark.parametrize(
    ("wanted", "spelled"),
    [
        (Optional[int], "int | None"),  # noqa: UP045  # it is another thing before Python 3.14
        (int | None, "int | None"),
        (Literal["a", 1], 'Literal["a", 1]'),
        (Callable[[int], None], "Callable[[int], None]"),
        (Callable[..., Any], "Callable[..., Any]"),
        (Mapping[str, list[Any]], "Mapping[str, list[Any]]"),
        ("Later", "Later"),
    ],
)
def test_types_are_spelled_alike_everywhere(wanted: Any, spelled: str) -> None:
    """Whatever a version of Python calls them."""
    assert name_tables.spelled_type(wanted) == spelled


# --- sections -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [region.what for region in FUNCTIONS])
def test_a_function_says_what_is_on_record_and_where_to_read_on(name: str) -> None:
    """In its section, in words."""
    (section,) = (text for title, text in SECTIONS.items() if name in title.split(", "))

    assert "n record" in section
    assert re.search(r"\]\(.+\.md", section) or name in ("system", "user", "assistant")


def test_its_links_lead_somewhere() -> None:
    """To files of the repository, and to headings of this page."""
    anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in SECTIONS}

    assert PAGE.broken_links() == []
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.text)) <= anchors
    assert {block.language for block in PAGE.blocks()} == {"python", "text"}


# --- what happens ---------------------------------------------------------------------------------


def kinds(run: Any) -> dict[str, str]:
    """Return the kinds of the steps of a run, by path."""
    return {one.path: one.kind for one in run.steps}


async def test_its_workflow_runs(opened: Opened, fake: Fake) -> None:
    """The block of Python, as it stands; its steps are on record where the page says."""
    (block,) = PAGE.blocks("python")
    names: dict[str, Any] = {"__name__": "authoring_page"}
    exec(compile(block.text, str(PAGE.path), "exec"), names)  # noqa: S102  # the page's own
    fake.answer = lambda request: "On Monday."

    async with opened(reenact.config.resolved(CONFIG)) as runtime:
        run = await runtime.run(names["handle"], ["T-1", "T-2"])
        await runtime.signal(run.id, "sender", "Ada")
        run = await runtime.resume(run.id, names["handle"])
        view = await runtime.show(run.id)

    assert run.output.startswith("Ada: On Monday. (")
    assert kinds(view) == {
        "parallel#0[T-1]/fetch#0": "step",
        "parallel#0[T-2]/fetch#0": "step",
        "llm#0": "llm",
        "timer#0": "timer",
        "sender#0": "signal",
    }


@step
async def authoring_page_first(value: Any) -> int:
    return 1


@step
async def authoring_page_second(value: Any) -> int:
    return 2


seen: list[type[BaseException]] = []
asked: list[Any] = []


@workflow(name="authoring-page-errors")
async def asks() -> None:
    try:
        fn, value = asked[-1]
        await fn(value)
    except (Exception, asyncio.CancelledError) as error:
        seen.append(type(error))
        raise
    await reenact.approve("go on?")


async def test_what_workflow_code_does_not_see(opened: Opened) -> None:
    """Another step, or another input: the resume ends, and the run stays as it was."""
    seen.clear()
    asked.append((authoring_page_first, 1))

    async with opened() as runtime:
        run = await runtime.run(asks)
        asked.append((authoring_page_second, 1))
        with pytest.raises(DivergenceError):
            await runtime.resume(run.id, asks)
        asked.append((authoring_page_first, 2))
        with pytest.raises(ChangedInputError):
            await runtime.resume(run.id, asks, on_changed_input="fail")
        view = await runtime.show(run.id)

    assert seen == []
    assert view.record.status is Status.WAITING


async def test_what_workflow_code_sees(opened: Opened) -> None:
    """An input that cannot be stored, and a cancellation."""
    seen.clear()
    asked.append((authoring_page_first, {1: "no text"}))

    async with opened() as runtime:
        run = await runtime.run(asks)

        assert isinstance(run.error, NotStorableError)

        asked.append((reenact.wait_signal, "news"))
        waiting = await runtime.run(asks)
        await runtime.cancel(waiting.id)
        ended = await runtime.resume(waiting.id, asks)

    assert ended.status is Status.CANCELLED
    assert seen == [NotStorableError, asyncio.CancelledError]


async def test_the_paths_of_a_tool_loop(opened: Opened, fake: Fake) -> None:
    """Rounds, tools and repairs stand under the first call, as the page says."""

    @reenact.tool
    async def look_up(order: str) -> str:
        return order

    @workflow(name="authoring-page-loop")
    async def talks() -> list[int]:
        if reenact.patched("newer"):
            await authoring_page_first(1)
        return await llm("fake:any", "go", tools=[look_up], output=list[int])

    call = reenact.Part(type="tool_call", id="1", name="look_up", arguments={"order": "T-1"})
    answers = iter([reenact.assistant(call), reenact.assistant("none"), reenact.assistant("[1]")])
    fake.answer = lambda request: reenact.LlmResponse(message=next(answers), model="any")

    async with opened() as runtime:
        run = await runtime.run(talks)
        view = await runtime.show(run.id)

    assert run.output == [1]
    assert kinds(view) == {
        ":patched[newer]": "decision",
        "authoring_page_first#0": "step",
        "llm#0": "llm",
        "llm#0/look_up#0": "tool",
        "llm#0/round#0": "llm",
        "llm#0/repair#0": "llm",
    }


def test_a_runtime_is_a_desk() -> None:
    """So it has what a desk has; what a run's types have is what they are made of."""
    assert issubclass(Runtime, reenact.Desk)
    assert [field.name for field in attrs.fields(reenact.Resolution)] == name_tables.members(
        reenact.Resolution
    )

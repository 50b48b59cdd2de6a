"""The SDLC example with all four policies on: personal data, injection, budget, rates."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from click.testing import CliRunner
from reenact import LlmRequest, LlmResponse, Plugins, Run, Runtime, Status
from reenact.config import load
from reenact.errors import PolicyDeniedError
from reenact.opening import load_module, provider_options
from reenact.seams import CallContext
from reenact.views import RunView
from reenact_cli.root import root

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "sdlc"
ADDRESS, PHONE = "jo.doe@example.com", "+49 30 901820"
PLACEHOLDER = re.compile(r"\[\[EMAIL_\w+\]\]")


@attrs.define
class Writer:
    """The scripted agents, of whom the one that writes the change log names who reported the ticket.

    Attributes:
        scripted: The provider that knows what they say.
        asked: What they have read.
    """

    scripted: Any
    asked: list[LlmRequest] = attrs.field(factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scripted, name)

    async def complete(self, model: str, request: LlmRequest, context: CallContext) -> LlmResponse:
        """Answer as scripted, with the reporter's address as the model has read it."""
        self.asked.append(request)
        response: LlmResponse = await self.scripted.complete(model, request, context)
        text = "\n".join(message.text for message in request.messages)
        named = PLACEHOLDER.search(text)
        if named is None or "Your task: CHANGELOG.md" not in text:
            return response
        said = response.text.replace("what was saved.", f"what was saved (thanks, {named[0]}).")
        (part,) = response.message.parts
        message = attrs.evolve(response.message, parts=(attrs.evolve(part, text=said),))
        return attrs.evolve(response, message=message)


@attrs.frozen
class Done:
    """A run of the example.

    Attributes:
        run: How it ended.
        view: Its record.
        agents: Who was asked.
    """

    run: Run
    view: RunView
    agents: Writer


@asynccontextmanager
async def opened(folder: Path, *overrides: str) -> AsyncIterator[tuple[Runtime, Writer]]:
    """Open the guarded example, kept in *folder*."""
    settings = [f"journal.path={json.dumps(str(folder / 'journal.db'))}", "providers.scripted.latency_s=0"]
    config = load(EXAMPLE / "reenact.toml", profile="guarded", overrides=[*settings, *overrides], environ={})
    async with AsyncExitStack() as stack:
        offered, options = provider_options(config, Plugins(), "scripted")
        agents = Writer(await stack.enter_async_context(offered.offer.open(options)))
        providers: Any = {"scripted": agents}
        yield await stack.enter_async_context(Runtime.open(config, providers=providers)), agents


async def developed(folder: Path, *overrides: str) -> Done:
    """Run the example on the ticket from outside, say yes if it asks, and return what is left."""
    workflow = load_module("workflow.py", EXAMPLE)
    async with opened(folder, *overrides) as (runtime, agents):
        run = await (
            await runtime.start(workflow.develop, ["from-outside.md"], run_id="guarded", suspend=True)
        ).wait()
        if run.status is Status.WAITING:
            await runtime.approve(run.id, True)
            run = await runtime.resume(run.id)
        return Done(run, await runtime.show(run.id), agents)


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the example works, for the time of a test."""
    monkeypatch.setenv("SDLC_WORK", str(tmp_path / "work"))


async def test_what_the_ticket_tells_of_people_stays_here(tmp_path: Path) -> None:
    """No model reads it and no record of a call has it; the patch has it all the same."""
    done = await developed(tmp_path)

    assert done.run.output.verdict == "approved"
    read = "\n".join(message.text for request in done.agents.asked for message in request.messages)
    assert ADDRESS not in read
    assert PHONE not in read
    assert len(set(PLACEHOLDER.findall(read))) == 1
    calls = [step for step in done.view.steps if step.kind == "llm"]
    recorded = json.dumps([[step.input, step.output] for step in calls], default=str)
    assert ADDRESS not in recorded
    assert PLACEHOLDER.search(recorded)
    patch = Path(done.run.output.patch).read_text(encoding="utf-8")
    assert f"(thanks, {ADDRESS})" in patch
    assert not PLACEHOLDER.search(patch)


async def test_every_call_is_judged_by_all_four(tmp_path: Path) -> None:
    """In the order of the chain; what the ticket orders the agents to do is flagged in each call."""
    done = await developed(tmp_path)

    calls = [step for step in done.view.steps if step.kind == "llm"]
    assert len(calls) == len(done.agents.asked) == 7
    for step in calls:
        decided = [(one.policy, one.stage, one.verdict) for one in step.decisions]
        assert decided[:2] == [("pii", "request", "modify"), ("injection", "request", "modify")], step.path
        assert decided[2:] == [
            ("budget", "admit", "allow"),
            ("ratelimit", "admit", "allow"),
            ("budget", "settle", "allow"),
            ("ratelimit", "settle", "allow"),
        ]


def shown(folder: Path, *words: str) -> str:
    """Return what ``reenact show`` prints."""
    place = ["--config", str(EXAMPLE / "reenact.toml"), "--profile", "guarded"]
    journal = f"journal.path={json.dumps(str(folder / 'journal.db'))}"
    done = CliRunner().invoke(root, ["show", *words, *place, "--set", journal])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_show_tells_what_the_policies_did(tmp_path: Path) -> None:
    """Of the run what was changed, of a step everything: policy, version, stage, verdict, reason, time."""
    asyncio.run(developed(tmp_path))

    run, step = shown(tmp_path, "guarded"), shown(tmp_path, "guarded", "plan#0")

    (told,) = re.findall(r"^  plan#0  request: modify by pii (.*)$", run, re.MULTILINE)
    assert re.fullmatch(r"\S+, replaced 1 EMAIL, 1 PHONE \([\d,]+ µs\)", told)
    assert "request: modify by injection" in run
    assert "decisions to allow are not shown" in run
    assert re.search(r"policy    admit: allow by budget \S+ \([\d,]+ µs\)\n", step)
    assert re.search(r"policy    settle: allow by ratelimit \S+ \([\d,]+ µs\)\n", step)
    assert ADDRESS not in step


def test_the_budget_holds(tmp_path: Path) -> None:
    """A run that may spend less is refused the call that does not fit, and has spent no more."""
    done = asyncio.run(developed(tmp_path, 'policies.budget.limits=[{ usd = 0.02, per = "run" }]'))

    assert done.run.error is not None
    refused = [one for step in done.view.steps for one in step.decisions if one.verdict == "deny"]
    assert {one.policy for one in refused} == {"budget"}
    assert "of 0.02 USD of the budget per run are used or reserved" in refused[0].reason
    assert done.run.cost_usd is not None
    assert Decimal(0) < done.run.cost_usd <= Decimal("0.02")
    assert "deny by budget" in shown(tmp_path, "guarded")


async def test_the_rate_limit_holds(tmp_path: Path) -> None:
    """No more calls than the window allows; without patience the next one is refused."""
    limits = "policies.ratelimit.limits=[{ requests = 2, window_s = 3600 }]"
    done = await developed(tmp_path, limits, "policies.ratelimit.wait_s=0")

    assert len(done.agents.asked) == 2
    refused = [one for step in done.view.steps for one in step.decisions if one.verdict == "deny"]
    assert {one.policy for one in refused} == {"ratelimit"}


async def test_a_key_in_the_ticket_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets are not replaced but refused, before anybody is asked."""
    ticket = tmp_path / "ticket.md"
    ticket.write_text("# Rotate keys\n\nThe old one is AKIAIOSFODNN7EXAMPLQ.\n", encoding="utf-8")
    workflow = load_module("workflow.py", EXAMPLE)
    async with opened(tmp_path) as (runtime, agents):
        run = await runtime.run(workflow.develop, str(ticket))

    assert isinstance(run.error, PolicyDeniedError)
    assert run.error.policy == "pii"
    assert "AKIA" not in run.error.reason
    assert agents.asked == []

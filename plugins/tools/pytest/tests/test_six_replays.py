"""A run that was recorded with a provider is replayed where that provider is not installed."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_reenact.conformance.answers import AWKWARD, PARALLEL
from pytest_reenact.conformance.play import Play
from pytest_reenact.conformance.script import Script
from pytest_reenact.conformance.server import Server
from reenact import Config, Plugins, Runtime, Status
from reenact.config import JournalOptions
from reenact.opening import load_module
from reenact.seams import Provider

VENDORS = ("anthropic", "cohere", "gemini", "mistral", "ollama", "openai")
GONE = ("reenact_http", "httpx", "httpcore", *(f"reenact_{vendor}" for vendor in VENDORS))

FLOW = '''
from typing import Any
from reenact import LlmRequest, complete, llm, tool, user, workflow

@tool
async def find_parcel(id: str, deep: Any = None) -> str:
    """Find a parcel."""
    return f"parcel {id}"

@tool
async def now() -> str:
    """Say the time."""
    return "noon"

@workflow
async def ask() -> dict[str, Any]:
    request = LlmRequest(model="it:m", messages=[user("first")])
    streamed = await complete(request, on_event=lambda event: None)
    answer = await llm("it:m", "then", tools=[find_parcel, now])
    parts = [[part.type, part.text] for part in streamed.message.parts]
    return {"streamed": streamed.text, "parts": parts, "answer": answer}
'''

REPLAY = """
import asyncio, importlib.metadata, importlib.util, json, sys
sys.path[:0] = json.loads(sys.argv[1])
folder, run_id, gone = sys.argv[2], sys.argv[3], json.loads(sys.argv[4])
assert not [name for name in gone if importlib.util.find_spec(name)]
from pathlib import Path
from reenact import Config, Plugins, Runtime
from reenact.config import JournalOptions
from reenact.opening import load_module
assert not Plugins().offers("provider"), Plugins().offers("provider")
flow = load_module("flow.py", Path(folder))
config = Config(journal_options={"path": folder + "/journal.db"}, root=Path(folder))

async def main():
    async with Runtime.open(config) as runtime:
        run = await runtime.replay(run_id, flow.ask)
        print(json.dumps([run.status, run.output]))

asyncio.run(main())
"""


def config(folder: Path) -> Config:
    """Return a configuration with a journal in *folder*."""
    return Config(journal=JournalOptions(), journal_options={"path": str(folder / "journal.db")}, root=folder)


@pytest.fixture(scope="session")
def without_providers(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A path on which everything is that is installed here, but providers and what they need."""
    farm = tmp_path_factory.mktemp("site")
    for place in {Path(module.__file__).parents[1] for module in map(importlib.import_module, NEEDED)}:
        for one in _kept(place):
            target = farm / one.name
            if not target.exists():
                target.symlink_to(one)
    return [str(farm)]


NEEDED = ("attrs", "msgspec", "cattrs", "pluggy", "aiosqlite", "reenact", "reenact_sqlite")


def _kept(place: Path) -> Iterator[Path]:
    """Yield what may stay: no provider, nothing that leads to one."""
    for one in place.iterdir():
        name = one.name.lower()
        leads_there = name.startswith((*GONE, "reenact_scripted")) or name.endswith(".pth")
        if not leads_there:
            yield one


class TestSixReplays(Play):
    """Whoever answered, the journal is enough."""

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_a_replay_needs_no_plugin(
        self, vendor: str, tmp_path: Path, without_providers: list[str]
    ) -> None:
        """A fresh process without the plugin replays a run with streams and tools to the same output."""
        plugin = pytest.importorskip(f"reenact_{vendor}")
        doubles = importlib.import_module(f"pytest_reenact.conformance.vendors.{vendor}")
        (offer,) = plugin.reenact_providers()
        self.double = getattr(doubles, f"{vendor.capitalize()}Double")(offer)
        reasoning = "Let me see." if "reasoning" in self.double.has else ""
        (tmp_path / "flow.py").write_text(FLOW, encoding="utf-8")
        flow = load_module("flow.py", tmp_path)
        replies = [
            self.says_in_pieces(Script(reasoning=reasoning, text=AWKWARD)),
            self.says(Script(text="I look.", calls=PARALLEL)),
            self.says(Script(text="It is on its way.")),
        ]

        async def act(provider: Provider, server: Server) -> Any:
            plugins = Plugins(extra=[importlib.import_module("reenact_sqlite")], installed=False)
            async with Runtime.open(config(tmp_path), plugins=plugins, providers={"it": provider}) as runtime:
                run = await runtime.run(flow.ask)
                assert len(server.received) == len(replies)
                return run

        run = self.scene(replies, act)
        done = subprocess.run(
            [
                *(sys.executable, "-I", "-S", "-c", REPLAY),
                *(json.dumps(without_providers), str(tmp_path), run.id, json.dumps(GONE)),
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )

        assert run.status is Status.SUCCEEDED, run.error
        assert run.output["answer"] == "It is on its way."
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == ["succeeded", run.output]

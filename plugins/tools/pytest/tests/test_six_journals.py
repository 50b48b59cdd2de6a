"""What of a call goes on record, with each of the six: the raw answer if it is wanted, never a key."""

import importlib
import logging
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pytest_reenact.conformance.play import PROMPT, Play
from pytest_reenact.conformance.script import KEY, Script
from pytest_reenact.conformance.server import Reply, Server
from reenact import Config, LlmRequest, Plugins, Runtime, complete, user, workflow
from reenact.codec import plain
from reenact.config import RuntimeOptions
from reenact.seams import Provider

VENDORS = ("anthropic", "cohere", "gemini", "mistral", "ollama", "openai")
LONG = "So it goes. " * 500


@workflow
async def ask_once(stream: bool = False) -> str:
    listener = (lambda event: None) if stream else None
    request = LlmRequest(model="it:m", messages=[user(PROMPT)])
    return (await complete(request, on_event=listener)).text


class TestSixJournals(Play):
    """The journal has what is needed to repeat a call, and nothing secret."""

    def prepare(self, vendor: str) -> None:
        """Play with *vendor*."""
        plugin = pytest.importorskip(f"reenact_{vendor}")
        doubles = importlib.import_module(f"pytest_reenact.conformance.vendors.{vendor}")
        (offer,) = plugin.reenact_providers()
        self.double = getattr(doubles, f"{vendor.capitalize()}Double")(offer)

    def recorded(
        self, replies: list[Reply], folder: Path, *, stream: bool = False, **table: Any
    ) -> tuple[Any, Any]:
        """Return a run of one call, and the view of it."""

        async def act(provider: Provider, _: Server) -> tuple[Any, Any]:
            plugins = Plugins(extra=[importlib.import_module("reenact_sqlite")], installed=False)
            config = Config(
                runtime=RuntimeOptions(llm_attempts=len(replies)),
                journal_options={"path": str(folder / "journal.db")},
                root=folder,
            )
            async with Runtime.open(config, plugins=plugins, providers={"it": provider}) as runtime:
                run = await runtime.run(ask_once, stream)
                return run, await runtime.show(run.id)

        return self.scene(replies, act, **table)

    @pytest.mark.parametrize("vendor", VENDORS)
    @pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
    def test_the_raw_answer_is_kept_if_asked(self, vendor: str, stream: bool, tmp_path: Path) -> None:
        """With keep_raw the step's output has what the vendor sent, kept apart as content."""
        self.prepare(vendor)
        script = Script(text=LONG)
        reply = self.says_in_pieces(script) if stream else self.says(script)

        _, kept = self.recorded([reply], tmp_path, stream=stream, keep_raw=True)
        _, bare = self.recorded([reply], tmp_path, stream=stream)

        (outcome,) = [entry for entry in kept.entries if entry.path == "llm#0" and entry.output]
        assert len(bytes(outcome.output)) < len(LONG)
        assert "So it goes." in str(kept.step("llm").output["raw"])
        assert "raw" not in bare.step("llm").output

    @pytest.mark.parametrize("vendor", VENDORS)
    def test_no_key_goes_on_record(
        self, vendor: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What a vendor repeats of key and prompt is in no log and no error, and no key is on disk."""
        self.prepare(vendor)
        quoting = self.double.failure("server", f"boom for {KEY} who asked {PROMPT}")
        caplog.set_level(logging.DEBUG)

        run, view = self.recorded([quoting, quoting], tmp_path, keep_raw=True)

        said = f"{caplog.text} {run.error} {run.error!r} {getattr(run.error, '__notes__', '')}"
        failures = [msgspec.json.encode(entry.failure).decode() for entry in view.entries if entry.failure]
        assert len(failures) >= 2
        assert not any(secret in text for secret in (KEY, PROMPT) for text in (said, *failures))
        shown = msgspec.json.encode(plain([[step.input, step.output] for step in view.steps])).decode()
        on_disk = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert KEY not in shown
        assert KEY.encode() not in on_disk
        assert PROMPT in shown

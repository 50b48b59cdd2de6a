"""``reenact chat``: ask a model one question, on record."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact.llm import LlmEvent
    from reenact.records import RunRecord
    from reenact.runtime import Runtime
    from reenact.views import Run

_TEXT_BYTES_MAX = 10_000_000


@verb("chat", short_help="Ask a model one question.")
@click.argument("model")
@click.argument("text", required=False)
@click.option("--system", default="", metavar="TEXT", help="What the model is told first.")
@click.option("--max-tokens", type=click.IntRange(1), help="The most it may write.")
@click.option("--temperature", type=float, help="How freely it picks its words, in the vendor's range.")
@click.option("--run-id", metavar="ID", help="Name the run; a known one with the same question is that run.")
def chat(
    session: Session,
    model: str,
    text: str | None,
    system: str,
    max_tokens: int | None,
    temperature: float | None,
    run_id: str | None,
) -> int:
    """Ask MODEL one question and print its answer as it comes.

    MODEL is an alias of the configuration or provider:model. Without TEXT, or with -, the
    question is read from stdin. It is a run of one step: on record, policed, and repeated by
    'reenact replay last' without asking anybody.
    """
    arguments = {
        "model": model,
        "text": _read(text),
        "system": system,
        "max_tokens": max_tokens,
        "temperature": temperature,
    }
    return session.run(lambda: _chat(session, arguments, run_id))


def _read(text: str | None) -> str:
    """Return the question: what is given, or what stdin has."""
    from reenact.errors import UsageError

    if text in (None, "-"):
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("there is no question: write it behind the model, or pipe it in")
        data = sys.stdin.buffer.read(_TEXT_BYTES_MAX + 1)
        if len(data) > _TEXT_BYTES_MAX:
            raise UsageError(f"the question on stdin is longer than {_TEXT_BYTES_MAX:,} bytes")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"the question on stdin is not UTF-8 (byte {error.start})") from error
    if not (text or "").strip():
        raise UsageError("the question is empty")
    return str(text)


async def _chat(session: Session, arguments: dict[str, Any], run_id: str | None) -> int:
    from reenact_cli.chatting import chat as asked
    from reenact_cli.chatting import listening, target_of
    from reenact_cli.driving import told_if_stopped

    check_model(session, arguments["model"])
    named = run_id or ""
    with told_if_stopped(session, lambda: named):
        async with session.runtime() as runtime:
            await runtime.models.provider(runtime.models.targets(arguments["model"])[0].provider)
            mouth = _mouth(session, runtime)

            async def begin() -> "Run":
                nonlocal named
                with listening(mouth.say if mouth.speaks else None):
                    handle = await runtime.start(
                        asked, kwargs=arguments, run_id=run_id, target=target_of("chat"), suspend=True
                    )
                named = handle.id
                return await handle.wait()

            return await _drive(session, runtime, begin, mouth)


def check_model(session: Session, model: str) -> None:
    """Refuse a model that nobody serves before there is a run.

    Raises:
        ConfigError: If it is neither an alias nor ``provider:model``, or its provider's table is wrong.
        NotInstalledError: If no plugin offers its provider.
    """
    from reenact.models import targets_of
    from reenact.opening import provider_options

    for target in targets_of(session.config.models, model):
        provider_options(session.config, session.plugins, target.provider)


async def _drive(session: Session, runtime: "Runtime", begin: Any, mouth: "Mouth") -> int:
    from reenact_cli.chatting import chat as asked
    from reenact_cli.driving import conclude, make_driver
    from reenact_cli.progress import Progress

    driver = make_driver(session, yes=False, wait=False, progress=Progress())
    unwatch = runtime.observe(mouth.watch)
    try:
        run = await driver.drive(runtime, begin, asked)
    finally:
        unwatch()
        mouth.finish()
    code = await conclude(session, runtime, run, said=mouth.spoke)
    if not session.as_json:
        _tell_used(run.record)
    return code


def _tell_used(record: "RunRecord") -> None:
    from reenact_cli import words
    from reenact_cli.output import tell

    used = words.tokens(record.tokens_in, record.tokens_out)
    if used:
        price = (words.cost(record.cost_usd) or "free") if record.cost_usd else "price unknown"
        tell(f"used    {used} tokens, {price}")


def _mouth(session: Session, runtime: "Runtime") -> "Mouth":
    """Return what prints the answer; silent if a policy has yet to see it, or JSON is wanted."""
    return Mouth(speaks=not (session.as_json or runtime.models.chain.of("response")))


class Mouth:
    """Prints an answer as it comes, controls spelled out.

    Args:
        speaks: Whether it prints at all.

    Attributes:
        spoke: Whether what has been printed is the whole answer.
    """

    def __init__(self, *, speaks: bool) -> None:
        self.speaks = speaks
        self.spoke = False
        self._open = False

    def say(self, event: "LlmEvent") -> None:
        """Print a piece of the answer."""
        from reenact.trace import neutral

        from reenact_cli.output import say_piece

        if event.type == "text" and event.text:
            say_piece(neutral(event.text, keep_newlines=True))
            self._open = True
            self.spoke = True

    def watch(self, run: Any, entries: "Sequence[Any]") -> None:  # noqa: ARG002  # as observers are called
        """Say that an attempt failed whose answer had begun, as the runtime's observer."""
        from reenact_cli.output import tell
        from reenact_cli.words import clean

        for entry in entries:
            if entry.failure is None or not entry.path or entry.status.ended:
                continue
            self.finish()
            self.spoke = False
            tell(f"an attempt failed, going on: {clean(entry.failure.message, 300)}")

    def finish(self) -> None:
        """End the line that is being printed."""
        from reenact_cli.output import say_piece

        if self._open:
            say_piece("\n")
            self._open = False

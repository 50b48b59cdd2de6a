"""A provider that answers from a file: no key, no network, the same answers every time."""

import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
from reenact.errors import ConfigError
from reenact.hookspecs import hookimpl
from reenact.seams import Offer, Provider

from reenact_scripted.provider import Scripted
from reenact_scripted.script import Answer, Entry, Error, ToolCall, read_script

__all__ = [
    "Answer",
    "Entry",
    "Error",
    "Scripted",
    "ScriptedOptions",
    "ToolCall",
    "open_scripted",
    "read_script",
    "reenact_providers",
]


@attrs.frozen(kw_only=True)
class ScriptedOptions:
    """``[providers.scripted]``.

    Attributes:
        answers: The file of answers, TOML or JSON; a relative path starts at the configuration's folder.
        latency_s: How long an answer takes that does not say so itself, in seconds.
        log: A file that gets one line of JSON for each call; none by default.
    """

    answers: Path
    latency_s: float = attrs.field(default=0.0, validator=attrs.validators.ge(0))
    log: Path | None = None


@asynccontextmanager
async def open_scripted(options: ScriptedOptions) -> AsyncIterator[Scripted]:
    """Read the file of answers, and answer from it.

    Raises:
        ConfigError: If it cannot be read, or something in it is wrong.
    """
    entries = read_script(options.answers)
    log = None if options.log is None else _open_log(options.log)
    try:
        yield Scripted(entries, options.answers.name, latency_s=options.latency_s, log=log)
    finally:
        if log is not None:
            os.close(log)


def _open_log(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be opened: {error.strerror}", "providers.scripted.log") from error


@hookimpl
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer the provider as ``scripted``."""
    yield Offer("scripted", open_scripted, ScriptedOptions, doc="answers from a file, for demos and tests")

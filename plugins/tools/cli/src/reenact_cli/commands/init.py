"""``reenact init``: a configuration, and an example that runs without a key."""

from pathlib import Path
from typing import Any

import click

from reenact_cli.session import Session, verb

CONFIG = "reenact.toml"
EXAMPLE = "example.py"
ANSWERS = "answers.toml"


@verb("init", short_help="Write a configuration and an example.")
@click.argument("folder", default=".")
@click.option("--bare", is_flag=True, help="Only the configuration, without the example.")
def init(session: Session, folder: str, bare: bool) -> int:
    """Write reenact.toml into FOLDER, and a small workflow whose model answers from a file.

    A file that exists is left as it is.
    """
    from reenact.errors import UsageError

    here = Path(folder)
    files = {CONFIG: config_text(bare=bare)} if bare else {CONFIG: config_text(), **_example()}
    there = [name for name in files if (here / name).exists() or (here / name).is_symlink()]
    if CONFIG in there:
        raise UsageError(f"{here / CONFIG} exists; it is not overwritten")
    if there:
        raise UsageError(f"{here / there[0]} exists; it is not overwritten, --bare writes only {CONFIG}")
    written = _write(here, files)
    _conclude(session, here, written, bare=bare)
    return 0


def _write(folder: Path, files: dict[str, str]) -> list[str]:
    from reenact.errors import StoreError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise StoreError(str(folder), f"it cannot be written: {error.strerror}") from error
    return list(files)


def _conclude(session: Session, here: Path, written: list[str], *, bare: bool) -> None:
    from reenact_cli.output import say_json, tell
    from reenact_cli.words import clean, quoted

    if session.as_json:
        say_json({"folder": str(here.resolve()), "written": written})
        return
    for name in written:
        tell(f"written  {clean(here / name)}")
    if not bare:
        tell(f"try      reenact run {quoted(str(here / EXAMPLE))}:hello name=Ada")


# --- what is written ------------------------------------------------------------------------------


def config_text(*, bare: bool = False) -> str:
    """Return the configuration: every table with a remark on what it is for.

    Args:
        bare: Name no model and no provider.
    """
    parts: list[tuple[str, dict[str, Any]]] = [
        (_JOURNAL, {"journal": {"store": "sqlite", "path": ".reenact/journal.db", "synchronous": "full"}}),
        (_RUNTIME, {"runtime": {"on_changed_input": "reexecute", "grace_s": 10.0, "llm_attempts": 4}}),
        (_MODELS, {} if bare else {"models": {"smart": "scripted:example"}}),
        (_PROVIDERS, {} if bare else {"providers": {"scripted": {"answers": ANSWERS}}}),
        (_POLICIES, {"policies": {"chain": []}}),
    ]
    return "\n".join(_part(remark, table) for remark, table in parts)


_JOURNAL = """\
Where runs are kept; the path starts at this folder. synchronous = "normal" is faster, and a
power cut may take the last commits."""
_RUNTIME = "How runs are run. 'reenact doctor' shows all values and where they came from."
_MODELS = """\
[models]: for each name that the code asks for, which model answers: "provider:model", or a
list of such to try in order."""
_PROVIDERS = """\
[providers.NAME]: the options of a provider. A key is named here and never written down:
key = { env = "NAME" }."""
_POLICIES = "Policies see every call, in this order; 'reenact plugins' shows which there are."


def _part(remark: str, table: dict[str, Any]) -> str:
    import tomli_w

    return "".join(f"# {line}\n" for line in remark.splitlines()) + tomli_w.dumps(table)


def _example() -> dict[str, str]:
    return {EXAMPLE: _EXAMPLE_CODE, ANSWERS: _ANSWERS_TEXT}


_EXAMPLE_CODE = '''\
"""A workflow: an ordinary async function whose steps are on record."""

from reenact import llm, parallel, step, workflow


@step
async def look_up(name: str) -> str:
    """Stands for anything that touches the world: a query, a file, a request."""
    return f"{name} likes short sentences."


@workflow(version="1")
async def hello(name: str, languages: int = 2) -> str:
    fact = await look_up(name)
    drafts = await parallel(lambda n: llm("smart", f"Draft {n}: greet {name}. {fact}"), range(languages))
    return await llm("smart", "Pick the best greeting:\\n" + "\\n".join(drafts))
'''

_ANSWERS_TEXT = """\
# What the scripted provider answers, instead of a model. To ask a real one, set it in reenact.toml:
#   [models]
#   smart = "openai:gpt-5-mini"

[[answer]]
prompt = "Pick the best greeting"
text = "Hello, and welcome."

[[answer]]
prompt = "Draft 0"
text = "Hello, and welcome."
latency_s = 0.3

[[answer]]
prompt = "Draft"
text = "Hi there."
latency_s = 0.5
"""

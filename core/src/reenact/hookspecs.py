"""Every hook there is. Hooks register; the kernel calls what they hand over.

A hook is synchronous and returns offers. A plugin is a module named by an entry
point of the group ``reenact``.
"""

from collections.abc import Iterable
from typing import Any

import pluggy

from reenact.judging import Policy
from reenact.seams import Executor, Exporter, Offer, Provider, Watch
from reenact.stores import Store

PROJECT = "reenact"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def reenact_stores() -> Iterable[Offer[Store]]:
    """Offer stores.

    .. code-block:: python

        @hookimpl
        def reenact_stores():
            yield Offer("sqlite", open_sqlite, SqliteOptions)

    Returns:
        Offers whose names no other store uses.
    """
    return ()


@hookspec
def reenact_providers() -> Iterable[Offer[Provider]]:
    """Offer providers of language models.

    .. code-block:: python

        @hookimpl
        def reenact_providers():
            yield Offer("openai", open_openai, OpenaiOptions, doc="OpenAI and compatible servers")

    Returns:
        Offers whose names no other provider uses.
    """
    return ()


@hookspec
def reenact_policies() -> Iterable[Offer[Policy]]:
    """Offer policies.

    .. code-block:: python

        @attrs.frozen
        class Options:
            words: list[str] = attrs.field(factory=list)

        class NoCompetitors:
            stages = frozenset({"request"})

            def __init__(self, options):
                self.words = [word.lower() for word in options.words]

            async def evaluate(self, value, context):
                text = " ".join(message.text for message in value.messages).lower()
                named = next((word for word in self.words if word in text), None)
                return Deny(f"names {named}") if named else Allow()

        @asynccontextmanager
        async def open_it(options):
            yield NoCompetitors(options)

        @hookimpl
        def reenact_policies():
            yield Offer("no-competitors", open_it, Options, version="1")

    Returns:
        Offers whose names no other policy uses.
    """
    return ()


@hookspec
def reenact_exporters() -> Iterable[Offer[Exporter]]:
    """Offer exporters.

    .. code-block:: python

        @hookimpl
        def reenact_exporters():
            yield Offer("jsonl", open_jsonl, JsonlOptions)

    Returns:
        Offers whose names no other exporter uses.
    """
    return ()


@hookspec
def reenact_executors() -> Iterable[Offer[Executor]]:
    """Offer executors.

    .. code-block:: python

        @hookimpl
        def reenact_executors():
            yield Offer("workers", open_workers, WorkerOptions)

    Returns:
        Offers whose names no other executor uses.
    """
    return ()


@hookspec
def reenact_watches() -> Iterable[Offer[Watch]]:
    """Offer watches: what looks on while workflow code runs.

    .. code-block:: python

        @attrs.frozen
        class Options:
            pass

        class Longest:
            def __init__(self):
                self.findings = []
                self.longest_s = 0.0

            def look_on(self, turn):
                begun = time.perf_counter()
                turn()
                self.longest_s = max(self.longest_s, time.perf_counter() - begun)

        @asynccontextmanager
        async def open_it(options):
            yield Longest()

        @hookimpl
        def reenact_watches():
            yield Offer("longest", open_it, Options)

    Returns:
        Offers whose names no other watch uses.
    """
    return ()


@hookspec
def reenact_commands() -> Iterable[Any]:
    """Offer commands of ``reenact``.

    An entry point that has the command's name is found without loading other plugins. With
    ``reenact_cli.plugin`` a command has what the built-in ones have: the shared options, RUN
    as they take it, ``--json``, errors in words, exit codes.

    .. code-block:: python

        @hookimpl
        def reenact_commands():
            from reenact_cli.plugin import argument, say, verb

            @verb("owner", short_help="Say who has a run.")
            @argument("run_id", metavar="RUN")
            def owner(session, run_id):
                async def work():
                    async with session.desk() as desk:
                        say((await desk.find(run_id)).owner or "nobody")
                    return 0

                return session.run(work)

            yield owner

    Returns:
        ``click.Command`` objects whose names no other plugin uses.
    """
    return ()

"""What every command has: the shared options, and what they open.

A command is made with `verb`, which adds the shared options and hands the command a
`Session` instead of them.
"""

import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reenact_cli.interrupts import INTERRUPTS, Interrupted
from reenact_cli.words import quoted

if TYPE_CHECKING:
    from reenact.config import Config
    from reenact.desk import Desk
    from reenact.plugins import Plugins
    from reenact.runtime import Runtime
    from reenact.stores import Store

T = TypeVar("T")

MEMORY = ":memory:"


class Session:
    """One command's shared options, and what they open.

    Args:
        as_json: Print JSON.
        debug: Show tracebacks and what the runtime logs.
        config_file: The configuration file; the nearest if None.
        profile: The profile to lay over it.
        overrides: ``PATH=VALUE`` of the command line.
        models: ``ALIAS=provider:model``, or ``provider:model`` for every alias.
        determinism: ``warn``, ``error`` or ``off``: what the determinism check does; as configured if empty.
    """

    def __init__(
        self,
        *,
        as_json: bool = False,
        debug: bool = False,
        config_file: str | None = None,
        profile: str = "",
        overrides: Sequence[str] = (),
        models: Sequence[str] = (),
        determinism: str = "",
    ) -> None:
        self.as_json = as_json
        self.debug = debug
        self._file = config_file
        self._profile = profile
        self._overrides = tuple(overrides)
        self._checked = (f'watches.determinism.mode="{determinism}"',) if determinism else ()
        self._models = tuple(models)

    @property
    def options(self) -> list[str]:
        """The options that a command needs to find the same journal again."""
        named = (
            ("--config", self._file),
            ("--profile", self._profile),
            *(("--set", one) for one in self._overrides),
        )
        return [word for option, value in named if value for word in (option, value)]

    @property
    def again(self) -> str:
        """The same options, as they are typed."""
        return "".join(f" {quoted(word)}" for word in self.options)

    def taken_changes(self, *names: str) -> dict[str, str]:
        """Take what was set for a run and not for the configuration out of the overrides.

        Args:
            names: What may be set: ``model`` itself, or what stands below ``input``.
        """
        taken = {}
        for given in self._overrides:
            key, equals, text = given.partition("=")
            whole, dot, _ = key.partition(".")
            if equals and whole in names and bool(dot) == (whole == "input"):
                taken[key] = text
        self._overrides = tuple(one for one in self._overrides if one.partition("=")[0] not in taken)
        return taken

    # --- configuration

    @cached_property
    def config(self) -> "Config":
        """The configuration."""
        from reenact.config import load

        file = Path(self._file) if self._file else None
        overrides = (*self._overrides, *self._checked)
        config = load(file, profile=self._profile, overrides=overrides)
        if self._models:
            overrides = (*overrides, *self._model_overrides(config))
            config = load(file, profile=self._profile, overrides=overrides)
        return config

    def _model_overrides(self, config: "Config") -> list[str]:
        from reenact.errors import UsageError

        made = []
        for given in self._models:
            alias, equals, model = given.partition("=")
            if equals and ":" not in alias:
                made.append(f"models.{alias}={model}")
            elif config.models:
                made += [f"models.{alias}={given}" for alias in config.models]
            else:
                raise UsageError(
                    f"--model {given}: the configuration names no models; give the name that the code uses: "
                    f"--model NAME={given}"
                )
        return made

    @cached_property
    def plugins(self) -> "Plugins":
        """What is installed."""
        from reenact.plugins import Plugins

        return Plugins(disabled=self.config.plugins.disabled)

    @property
    def root(self) -> Path:
        """The project's folder: that of the configuration file, absolute."""
        return self.config.root.resolve()

    # --- what is opened

    def journal_file(self) -> Path | None:
        """Return the file of the journal, if the store keeps one."""
        from reenact.opening import options_of

        offered = self.plugins.find("store", self.config.journal.store)
        path = getattr(options_of(offered, self.config.journal_options, "journal", self.config), "path", None)
        return path if isinstance(path, Path) and path.name != MEMORY else None

    @asynccontextmanager
    async def desk(self) -> AsyncIterator["Desk"]:
        """Open the journal to look at it or to tell runs something; a missing one is not made.

        Raises:
            UsageError: If there is no journal yet.
        """
        from reenact.desk import Desk
        from reenact.errors import UsageError
        from reenact.opening import open_store

        file = self.journal_file()
        if file is not None and not file.exists():
            raise UsageError(
                f"there is no journal at {file}; 'reenact run' makes it, --config names another project"
            )
        async with AsyncExitStack() as stack:
            yield Desk(await open_store(self.config, self.plugins, stack))

    @asynccontextmanager
    async def store(self) -> AsyncIterator["Store"]:
        """Open the journal to write to it; a missing one is made."""
        from reenact.opening import open_store

        async with AsyncExitStack() as stack:
            yield await open_store(self.config, self.plugins, stack)

    @asynccontextmanager
    async def runtime(self) -> AsyncIterator["Runtime"]:
        """Open a runtime; leaving it gives its runs back."""
        from reenact.runtime import Runtime

        if self.config.watches:
            from reenact_cli.watching import hold_back

            hold_back()
        async with Runtime.open(self.config, plugins=self.plugins) as runtime:
            yield runtime

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in an event loop that signals end in an orderly way."""
        from reenact_cli.logs import set_up

        set_up(debug=self.debug)
        try:
            return INTERRUPTS.run(work)
        except Interrupted as stopped:
            raise click.exceptions.Exit(stopped.exit_code) from None

    @property
    def at_a_terminal(self) -> bool:
        """Whether a person can be asked: keyboard in, screen out, and no JSON wanted."""
        return not self.as_json and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


# --- commands


class Verb(click.Command):
    """A command with the shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_shared_options())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line; ``--check-determinism`` alone takes no word that follows it."""
        bare = "--check-determinism"
        return super().parse_args(ctx, [f"{bare}=warn" if one == bare else one for one in args])

    def invoke(self, ctx: click.Context) -> Any:
        """Hand the command a session in place of the shared options."""
        taken = {option.name: ctx.params.pop(str(option.name)) for option in _shared_options()}
        own = {
            "models": ctx.params.pop("models", ()),
            "determinism": ctx.params.pop("determinism", None) or "",
        }
        ctx.obj = Session(**taken, **own)
        return super().invoke(ctx)


def _shared_options() -> list[click.Option]:
    return [
        click.Option(
            ["--config", "config_file"],
            metavar="FILE",
            help="The configuration; the nearest reenact.toml if not given.",
        ),
        click.Option(["--profile"], default="", metavar="NAME", help="Lay this profile over it."),
        click.Option(
            ["--set", "overrides"], multiple=True, metavar="PATH=VALUE", help="Set one value; TOML."
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON, errors too."),
        click.Option(["--debug"], is_flag=True, help="Show tracebacks and logs."),
    ]


def verb(name: str, **attrs: Any) -> Callable[[Callable[..., Any]], Verb]:
    """Make a function a command; its first argument is the `Session`."""

    def made(fn: Callable[..., Any]) -> Verb:
        command: Verb = click.command(name, cls=Verb, **attrs)(click.pass_obj(fn))
        return command

    return made


model_option = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="[NAME=]PROVIDER:MODEL",
    help="Ask this model for NAME; for every name of [models] without one.",
)

determinism_option = click.option(
    "--check-determinism",
    "determinism",
    type=click.Choice(["warn", "error", "off"]),
    default=None,
    metavar="[=warn|error|off]",
    help="Name the lines of workflow code that a replay may not repeat; with =error, exit with 3 for them.",
)

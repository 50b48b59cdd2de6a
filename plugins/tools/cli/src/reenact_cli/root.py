"""The group of all commands: the built-in ones, then those that plugins offer.

A built-in command is imported when it is asked for, plugins only when a name is none
of the built-in ones or a list of all is wanted. So a plugin can add a command, and
cannot take the place of one.
"""

import importlib
import keyword
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reenact_cli.output import tell
from reenact_cli.report import guarded
from reenact_cli.words import clean

if TYPE_CHECKING:
    from reenact.plugins import Plugins

BUILT_IN: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a configuration and an example."),
    "run": ("run", "Run a workflow."),
    "chat": ("chat", "Ask a model one question."),
    "ls": ("ls", "List runs."),
    "show": ("show", "Show a run, or one step of it."),
    "tail": ("tail", "Follow a run that another process runs."),
    "resume": ("resume", "Carry on where a run stopped."),
    "recover": ("recover", "Resume all runs whose process is gone."),
    "fork": ("forking", "Run on from a step of a run, as another run."),
    "rerun": ("forking", "Run today's code over an old run; only what changed is run."),
    "replay": ("replay", "Run the code over a record; call nothing."),
    "cancel": ("telling", "Ask a run to end."),
    "approve": ("telling", "Answer a run that waits for a person."),
    "signal": ("telling", "Send a run a signal."),
    "resolve": ("telling", "Decide about a step in doubt."),
    "providers": ("providers", "Show providers of models, and whether they answer."),
    "plugins": ("plugins", "Show what is installed, and the policies in force."),
    "doctor": ("doctor", "Check configuration, journal and machine."),
    "export": ("portable", "Write a run into one JSON file."),
    "import": ("portable", "Take exported runs into the journal."),
    "gc": ("gc", "Remove runs that ended long ago."),
    "backup": ("keeping", "Copy the journal while it is in use."),
    "verify": ("keeping", "Check that journals are what was written."),
}
"""For each command the module that has it, and what it does."""


class Root(click.Group):
    """Finds commands late, and turns what they raise into words and exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # as click has it
        """Return all names: the built-in ones in order of use, then those of plugins."""
        return [*BUILT_IN, *sorted(_plugin_commands())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command of that name."""
        if cmd_name in BUILT_IN:
            module = importlib.import_module(f"reenact_cli.commands.{BUILT_IN[cmd_name][0]}")
            found: click.Command = getattr(module, _function(cmd_name))
            return found
        return _plugin_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; say which one may be meant, if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from reenact.errors import did_you_mean

            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List all commands without importing the built-in ones."""
        rows = [(name, doc) for name, (_, doc) in BUILT_IN.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
        offered = _plugin_commands()
        if offered:
            with formatter.section("Commands of plugins"):
                formatter.write_dl(
                    [(clean(n), clean(c.get_short_help_str(60))) for n, c in sorted(offered.items())]
                )

    def main(  # type: ignore[override]  # it always exits
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line and exit."""
        argv = list(sys.argv[1:] if args is None else args)
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        extra["standalone_mode"] = False
        sys.exit(guarded(lambda: super(Root, self).main(argv, prog_name or "reenact", **extra), argv))


def _plugin_command(name: str) -> click.Command | None:
    """Return the command of that name that a plugin offers; None if none does."""
    found: click.Command | None = _plugins().command(name)
    return found


def _function(name: str) -> str:
    """Return what the function of a command is called."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _plugin_commands() -> dict[str, click.Command]:
    """Return the commands that plugins offer; what they may not have is said and left out."""
    return chosen_commands(_plugins())


def _plugins() -> "Plugins":
    from reenact.config import load
    from reenact.errors import ConfigError
    from reenact.plugins import Plugins

    try:
        disabled = load().plugins.disabled
    except ConfigError:
        disabled = []  # the command that needs it says so
    return Plugins(disabled=disabled)


def chosen_commands(plugins: Any) -> dict[str, click.Command]:
    """Return the commands of *plugins* by name, without those whose name is taken.

    A plugin whose commands cannot be had counts as broken; ``reenact plugins`` says why.
    """
    found: dict[str, click.Command] = {}
    for command in plugins.commands():
        name = command.name or ""
        if name in BUILT_IN:
            tell(f"warning: a plugin offers a command {clean(name)!r}; the built-in one stays")
        elif name in found:
            tell(f"warning: two plugins offer a command {clean(name)!r}; the first one stays")
        else:
            found[name] = command
    return found


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"reenact {version('reenact-core')} (reenact-cli {version('reenact-cli')})")
        ctx.exit()


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Say which version."
)
def root() -> None:
    """Run AI workflows that survive a crash, and replay them.

    RUN is a run's id, the beginning of one, or 'last'.
    """

"""What the commands of plugins are made of: the same as the built-in ones.

A plugin imports this module, and nothing else of the command line, in its hook
`reenact_commands`: so it needs the command line only where there is one.
"""

from click import ClickException, UsageError, argument, option

from reenact_cli import codes
from reenact_cli.journals import run_json, step_json
from reenact_cli.output import console, draw, say, say_json, tell
from reenact_cli.session import Session, verb
from reenact_cli.spans import Span
from reenact_cli.targets import load_place, load_recorded, load_target
from reenact_cli.words import clean, clean_lines, cost, duration, moment, quoted, tokens, value_text

__all__ = [
    "ClickException",
    "Session",
    "Span",
    "UsageError",
    "argument",
    "clean",
    "clean_lines",
    "codes",
    "console",
    "cost",
    "draw",
    "duration",
    "load_place",
    "load_recorded",
    "load_target",
    "moment",
    "option",
    "quoted",
    "run_json",
    "say",
    "say_json",
    "step_json",
    "tell",
    "tokens",
    "value_text",
    "verb",
]

"""Spans of time, as they are typed."""

from typing import Any

import click

_UNITS_S = {"m": 60, "h": 3600, "d": 86400}


class Span(click.ParamType):  # type: ignore[type-arg]  # generic in some versions of click only
    """A span of time, such as ``90m``, ``12h`` or ``7d``; in seconds."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds."""
        if isinstance(value, int):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if unit not in _UNITS_S or not (number.isdecimal() and number.isascii()):
            self.fail(
                f"{value!r} is no span of time; expected a number and m, h or d, such as 12h", param, ctx
            )
        return int(number) * _UNITS_S[unit]

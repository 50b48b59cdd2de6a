"""``reenact doctor``: check configuration, journal and machine, and say what was found."""

from typing import TYPE_CHECKING, Any

from reenact_cli.session import Session, verb

if TYPE_CHECKING:
    from reenact_cli.checking import Finding

_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}


@verb("doctor", short_help="Check configuration, journal and machine.")
def doctor(session: Session) -> int:
    """Show each value of the configuration and where it came from, and check what it leads to.

    Looks and changes nothing. Exits with 1 if there is a problem; a warning is none.
    """
    return session.run(lambda: _doctor(session))


async def _doctor(session: Session) -> int:
    from reenact_cli.checking import check, settings

    findings = await check(session)
    values = settings(session.config)
    if session.as_json:
        from reenact_cli.output import say_json

        say_json(
            {
                "settings": [{"path": p, "value": v, "source": s} for p, v, s in values],
                "findings": [{"about": f.about, "level": f.level, "text": f.text} for f in findings],
            }
        )
    else:
        _print(values, findings)
    return 1 if any(one.level == "problem" for one in findings) else 0


def _print(values: list[tuple[str, Any, str]], findings: "list[Finding]") -> None:
    from reenact_cli.output import say
    from reenact_cli.words import clean

    widest = max((len(path) for path, _, _ in values), default=0)
    for path, value, source in values:
        say(f"{clean(path):<{min(widest, 40)}}  {clean(repr(value), 80)}  ({clean(source)})")
    say("")
    for one in findings:
        say(f"{_MARKS[one.level]} {one.about:<12} {clean(one.text)}")

"""What watches found while workflow code ran: said at the end, in the order in which it was found."""

import logging
from typing import Any

import attrs
from reenact.runtime import Runtime
from reenact.seams import Finding

from reenact_cli import codes
from reenact_cli.output import tell
from reenact_cli.words import clean

_WATCHES_LOG = "reenact.determinism"


def found_by(runtime: Runtime) -> list[Finding]:
    """Return what the watches of a runtime have found so far."""
    return [finding for watch in runtime.watches for finding in watch.findings]


def hold_back() -> None:
    """Have findings said at the end, and not logged in between as well."""
    logging.getLogger(_WATCHES_LOG).setLevel(logging.ERROR)


def tell_findings(findings: list[Finding]) -> None:
    """Say what was found, a line each."""
    for finding in findings:
        tell(f"{'error' if finding.grave else 'warning'}: {clean(finding)}")


def findings_json(findings: list[Finding]) -> list[dict[str, Any]]:
    """Return findings as ``--json`` shows them."""
    return [attrs.asdict(finding) for finding in findings]


def code_with(findings: list[Finding], code: int) -> int:
    """Return the exit code: *code*, unless it is 0 and something grave was found."""
    return codes.DIVERGED if code == codes.OK and any(one.grave for one in findings) else code

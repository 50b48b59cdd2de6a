"""What the runtime logs, on stderr: warnings, and everything with ``--debug``."""

import logging
import sys
from typing import Any

from reenact.trace import NeutralFormatter, TraceFilter


class _Stderr(logging.StreamHandler[Any]):
    """Writes to what stderr is now, which a live display may have replaced."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


def set_up(*, debug: bool) -> None:
    """Have the runtime's logger write to stderr, controls neutralised."""
    logger = logging.getLogger("reenact")
    if not any(isinstance(handler, _Stderr) for handler in logger.handlers):
        handler = _Stderr()
        handler.addFilter(TraceFilter())
        handler.setFormatter(NeutralFormatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)
    logger.propagate = False
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)

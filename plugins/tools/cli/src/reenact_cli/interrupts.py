"""What Ctrl-C and SIGTERM do: once, an orderly end; twice, out at once.

The first signal cancels the command's task, which gives its runs back; where no
event loop is running (at import, at a prompt) it raises `Interrupted` instead. The
second one leaves without asking anybody: whatever was acknowledged is in the
journal, and what was not will be found in doubt or run again.

Handlers are set with `signal.signal` and not on the event loop, so that the second
signal works when user code blocks the loop.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from types import FrameType
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_EXIT_BASE = 128
_SHOW_CURSOR = b"\x1b[?25h\r\n"


class Interrupted(KeyboardInterrupt):
    """The process was asked to end.

    Attributes:
        signum: By which signal.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """130 for SIGINT, 143 for SIGTERM."""
        return _EXIT_BASE + self.signum


class Interrupts:
    """Takes the signals of this process.

    Attributes:
        received: The first signal that came; 0 if none did.
    """

    def __init__(self) -> None:
        self.received = 0
        self._calm: Callable[[], None] | None = None
        self._terminal: list[Any] | None = None

    def install(self) -> None:
        """Take SIGINT and SIGTERM, unless this process was started with them ignored."""
        self._terminal = _terminal_state()
        for signum in SIGNALS:
            if signal.getsignal(signum) is not signal.SIG_IGN:
                signal.signal(signum, self._handle)

    def _handle(self, signum: int, _: FrameType | None) -> None:
        if self.received:
            self._leave(signum)
        self.received = signum
        if self._calm is None:
            raise Interrupted(signum)
        self._calm()

    def _leave(self, signum: int) -> NoReturn:
        """Leave without waiting for anything."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        with contextlib.suppress(Exception):
            self._restore()
        os._exit(_EXIT_BASE + signum)

    def _restore(self) -> None:
        """Leave the terminal as it was found: echo on, cursor shown."""
        if self._terminal is not None:
            import termios

            termios.tcsetattr(0, termios.TCSANOW, self._terminal)
        if os.isatty(2):
            os.write(2, _SHOW_CURSOR)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run *work* in an event loop; the first signal cancels it.

        Raises:
            Interrupted: If a signal ended it.
        """
        import asyncio  # late: '--version' needs none

        async def calmly() -> T:
            task, loop = asyncio.current_task(), asyncio.get_running_loop()
            assert task is not None  # noqa: S101  # a coroutine that runs has one

            def calm() -> None:
                loop.call_soon_threadsafe(task.cancel)

            self._calm = calm
            try:
                return await work()
            except asyncio.CancelledError:
                if self.received and _threads_left():
                    self._leave(self.received)  # or a step in a thread would be waited for to its end
                raise
            finally:
                self._calm = None

        try:
            return asyncio.run(calmly())
        except asyncio.CancelledError:
            if not self.received:
                raise
            raise Interrupted(self.received) from None

    @contextlib.contextmanager
    def at_a_prompt(self) -> Iterator[None]:
        """Have the first signal raise `Interrupted` where it comes, since the loop stands still."""
        calm, self._calm = self._calm, None
        try:
            if self.received:  # it came just before, when the loop was to see to it
                raise Interrupted(self.received)
            yield
        finally:
            self._calm = calm


def _threads_left() -> bool:
    import threading

    here = threading.current_thread()
    return any(one is not here and not one.daemon for one in threading.enumerate())


def _terminal_state() -> list[Any] | None:
    try:
        import termios

        return termios.tcgetattr(0) if sys.stdin is not None and os.isatty(0) else None
    except (ImportError, OSError):
        return None
    except Exception:  # termios.error, whose name is only known where it exists
        return None


INTERRUPTS = Interrupts()
"""Those of this process."""

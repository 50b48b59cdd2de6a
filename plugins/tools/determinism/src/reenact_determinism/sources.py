"""What a replay may not repeat: clocks, chance, the environment, files, the network, threads.

Two tables. Functions written in C are known when they are called; functions written in
Python when they begin, so that ``os.environ["X"]``, which is no call, is seen too. Only
the innermost function needs to be known: ``uuid.uuid4()`` and ``tempfile.mkdtemp()`` are
found because both end in ``os.urandom``.
"""

import _socket
import _thread
import builtins
import datetime
import io
import os
import random
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from types import BuiltinFunctionType, CodeType, FrameType, MethodDescriptorType, ModuleType
from typing import Any

import attrs


def words(text: str) -> frozenset[str]:
    """Return the words of *text*."""
    return frozenset(text.split())


UNKNOWN = object()
"""Stands for an argument that cannot be seen."""

REMEDIES = {
    "clock": "current().now() is the run's time; what must be the real time is read in a @step",
    "time zone": "name the time zone, as in datetime.fromtimestamp(seconds, tz=UTC)",
    "random": "current().random() is repeated on replay; so is random.Random(seed), if the seed is",
    "uuid": "current().uuid4() is repeated on replay",
    "environment": "read it in a @step, or before the run and give it to the workflow as an argument",
    "file": "do it in a @step",
    "network": "do it in a @step",
    "thread": "do it in a @step; one that is not async runs in a thread of its own",
    "process": "do it in a @step",
    "sleep": "await asyncio.sleep(), which is durable; this holds up every run of the process",
    "locale": "do it in a @step",
    "input": "approve() and wait_signal() wait for people, durably",
    "identity": "it differs from process to process; use a name or a number of your own",
    "set order": "it differs from process to process; iterate over sorted(…)",
}
"""What to do instead, by kind."""


@attrs.frozen
class Source:
    """Something a replay may not repeat.

    Attributes:
        kind: One of the keys of `REMEDIES`.
        name: What it is called in messages.
        direct: It matters only if the user's own code does it, not a library's.
        applies: Says whether a call counts, from its first argument and the number of them (-1: not known).
    """

    kind: str
    name: str
    direct: bool = False
    applies: Callable[[Any, int], bool] | None = None


def _fewer(than: int) -> Callable[[Any, int], bool]:
    return lambda _, count: 0 <= count < than


def _is_naive(moment: Any, _: int) -> bool:
    return getattr(moment, "tzinfo", UNKNOWN) is None


# --- functions in C -------------------------------------------------------------------------------

_TIME = {
    "clock": "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns "
    "thread_time thread_time_ns clock_gettime clock_gettime_ns",
    "time zone": "localtime mktime ctime tzset",
    "sleep": "sleep",
}
_TIME_IF_FEWER = {"gmtime": 1, "asctime": 1, "strftime": 2}

_OS = {
    "random": "urandom getrandom",
    "clock": "times",
    "environment": "getpid getppid getpgid getpgrp getsid getuid geteuid getgid getegid getgroups getlogin "
    "uname cpu_count process_cpu_count getcwd getcwdb getloadavg sched_getaffinity sysconf confstr ctermid "
    "ttyname get_terminal_size putenv unsetenv umask nice getpriority isatty",
    "process": "fork forkpty fork1 posix_spawn posix_spawnp execv execve system kill killpg wait wait3 wait4 "
    "waitpid waitid abort _exit startfile spawnv spawnve pidfd_open",
    "file": "open close read write pread pwrite readv writev lseek pipe pipe2 dup dup2 access chdir fchdir "
    "chmod fchmod lchmod chown fchown lchown link symlink readlink listdir scandir mkdir mkfifo mknod rmdir "
    "remove unlink rename replace stat lstat fstat statvfs fstatvfs truncate ftruncate utime sync fsync "
    "fdatasync sendfile copy_file_range getxattr setxattr listxattr removexattr memfd_create",
}
_SOCKET = (
    "getaddrinfo getnameinfo gethostbyname gethostbyname_ex gethostbyaddr gethostname sethostname "
    "getservbyname getservbyport if_nameindex socketpair"
)
_SOCKET_METHODS = words(
    "connect connect_ex bind listen accept _accept send sendall sendto sendmsg recv recv_into "
    "recvfrom recvfrom_into recvmsg recvmsg_into"
)
_LOCALE = "setlocale localeconv nl_langinfo strcoll strxfrm getencoding"
_DATES = {
    "now": Source("clock", "datetime.now()"),
    "utcnow": Source("clock", "datetime.utcnow()"),
    "today": Source("clock", "today()"),
    "fromtimestamp": Source("time zone", "fromtimestamp() without a time zone", applies=_fewer(2)),
}
_MOMENTS = {
    "astimezone": Source("time zone", "astimezone() without a time zone", applies=_fewer(1)),
    "timestamp": Source("time zone", "timestamp() of a time without a time zone", applies=_is_naive),
}
_CHANCE = frozenset({"random", "getrandbits", "seed"})


def _named(module: ModuleType, kind: str, names: str, called: str = "") -> Iterator[tuple[Any, Source]]:
    for name in names.split():
        function = getattr(module, name, None)
        if function is not None:
            yield function, Source(kind, f"{called or module.__name__}.{name}()")


def c_functions() -> dict[Any, Source]:
    """Return the functions written in C, by themselves."""
    import _locale
    import _posixsubprocess
    import sqlite3

    system: ModuleType = sys.modules[os.name]
    found: dict[Any, Source] = {
        builtins.open: Source("file", "open()"),
        io.open_code: Source("file", "open()"),
        builtins.input: Source("input", "input()"),
        builtins.id: Source("identity", "id()", direct=True),
        _thread.get_ident: Source("identity", "threading.get_ident()", direct=True),
        _posixsubprocess.fork_exec: Source("process", "starting a process"),
        sqlite3.connect: Source("file", "sqlite3.connect()"),
        io.FileIO: Source("file", "io.FileIO()"),
    }
    from_the_clock = getattr(sys.modules.get("_uuid"), "generate_time_safe", None)
    if from_the_clock is not None:
        found[from_the_clock] = Source("uuid", "uuid.uuid1()")
    for name in ("start_new_thread", "start_new", "start_joinable_thread"):
        function = getattr(_thread, name, None)
        if function is not None:
            found[function] = Source("thread", "starting a thread")
    tables = [(time, _TIME, "time"), (system, _OS, "os")]
    for module, kinds, called in tables:
        for kind, names in kinds.items():
            found.update(_named(module, kind, names, called))
    for name, least in _TIME_IF_FEWER.items():
        found[getattr(time, name)] = Source("clock", f"time.{name}()", applies=_fewer(least))
    found.update(_named(_socket, "network", _SOCKET, "socket"))
    found.update(_named(_locale, "locale", _LOCALE, "locale"))
    return found


C_TYPES = frozenset({BuiltinFunctionType, MethodDescriptorType, type})
"""The types of what is written in C and called; nothing else need be looked up."""

_MODULE_OR_NONE = (ModuleType, type(None))


class CFunctions:
    """Knows functions written in C, bound to whatever they are bound to."""

    def __init__(self) -> None:
        self._functions = c_functions()

    def find(self, called: Any, first: Any) -> Source | None:
        """Return what a call is, if it is one that matters; *first* is its first argument, or `UNKNOWN`."""
        kind = type(called)
        if kind is BuiltinFunctionType:
            owner = called.__self__
            if isinstance(owner, _MODULE_OR_NONE):
                return self._functions.get(called)
            return _method(called.__name__, owner)
        if kind is MethodDescriptorType:
            return _method(called.__name__, first)
        return self._functions.get(called) if kind is type else None


def _method(name: str, owner: Any) -> Source | None:
    """Return what the method *name* of *owner* is; most are harmless, and told by their name alone."""
    if name in _CHANCE:
        return Source("random", f"random.{name}()") if owner is _shared_random() else None
    if name in _DATES and isinstance(owner, type) and issubclass(owner, datetime.date):
        return _DATES[name]
    if name in _MOMENTS and isinstance(owner, datetime.datetime):
        return _MOMENTS[name]
    if name in _SOCKET_METHODS and isinstance(owner, _socket.socket):
        return Source("network", f"socket.{name}()")
    if owner is sys.stdin and name.startswith("read"):
        return Source("input", f"sys.stdin.{name}()")
    return None


def _shared_random() -> Any:
    return getattr(random, "_inst", None)


# --- functions in Python --------------------------------------------------------------------------

_ENVIRON = (
    "__getitem__ __setitem__ __delitem__ __iter__ __len__ __repr__ copy setdefault __or__ __ror__ __ior__"
)


def _without_seed(frame: FrameType) -> bool:
    return frame.f_locals.get("x") is None


def _of_shared(frame: FrameType) -> bool:
    return frame.f_locals.get("self") is _shared_random()


@attrs.frozen
class PySource:
    """A function written in Python that a replay may not repeat.

    Attributes:
        code: Its code.
        source: What it is.
        applies: Says whether a call counts, from the frame that has just begun.
    """

    code: CodeType
    source: Source
    applies: Callable[[FrameType], bool] | None = None


def py_functions() -> dict[int, PySource]:
    """Return the functions written in Python, by the identity of their code."""
    import platform
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

    found: dict[int, PySource] = {}

    def add(function: Any, source: Source, applies: Callable[[FrameType], bool] | None = None) -> None:
        code = getattr(function, "__code__", None)
        if isinstance(code, CodeType):
            found[id(code)] = PySource(code, source, applies)

    for name in _ENVIRON.split():
        add(getattr(type(os.environ), name, None), Source("environment", "os.environ"))
    add(platform.uname, Source("environment", "platform.uname()"))  # it remembers what it has read
    add(random.Random.__init__, Source("random", "random.Random() without a seed"), _without_seed)
    add(random.Random.seed, Source("random", "random.seed()"), _of_shared)
    add(socket.socket.__init__, Source("network", "socket.socket()"))
    add(ThreadPoolExecutor.submit, Source("thread", "ThreadPoolExecutor.submit()"))
    add(ProcessPoolExecutor.submit, Source("process", "ProcessPoolExecutor.submit()"))
    return found


# --- what it is called ----------------------------------------------------------------------------

_KINDS_BY_MODULE = {
    "uuid": "uuid",
    "random": "random",
    "secrets": "random",
    "subprocess": "process",
    "multiprocessing": "process",
    "threading": "thread",
    "concurrent": "thread",
    "tempfile": "file",
    "pathlib": "file",
    "shutil": "file",
    "socket": "network",
    "ssl": "network",
    "http": "network",
    "urllib": "network",
    "requests": "network",
    "urllib3": "network",
    "httpx": "network",
    "httpcore": "network",
    "aiohttp": "network",
    "locale": "locale",
    "getpass": "input",
}
_PATHS = frozenset({"posixpath", "ntpath", "genericpath"})


def kind_of(source: Source, modules: Iterable[str]) -> str:
    """Return the kind of what was done: that of the first known library it went through."""
    kinds = (_KINDS_BY_MODULE.get(module.partition(".")[0]) for module in modules)
    return next((kind for kind in kinds if kind), source.kind)


def spell_call(module: str, qualname: str) -> str:
    """Return how a function of a library is called in user code: ``pathlib.Path.read_text()``."""
    parts = [part for part in module.split(".") if not part.startswith("_")]
    owner = "os.path" if module in _PATHS else ".".join(parts)
    name = qualname.removesuffix(".__init__").removesuffix(".__new__").replace(".<locals>", "")
    if owner == "random":
        name = name.removeprefix("Random.")
    if name.startswith(("_Environ.", "Mapping.", "MutableMapping.")):
        return "os.environ"
    if owner == "pathlib":
        name = name.replace("PathBase", "Path")
    return f"{owner}.{name}()" if owner else f"{name}()"

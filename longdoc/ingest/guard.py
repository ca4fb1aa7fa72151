"""What a parser may not do while it has a file in hand, and how much it may take of the machine.

Python tells an audit hook (PEP 578) what its code is about to do. While the guard holds, it refuses to open a socket, start a program, and
write, rename or remove anything outside the worker's own folder, so that nothing a file says is fetched, executed or followed. Native code
does not ask the hook; what the kernel refuses it stands in confine.py. The limits are soft ones of the process (setrlimit), lifted when the
parse is over: address space, open files, and bytes of a written file, which is none.

A format that stands on another program names it: `with programs("soffice"): subprocess.run(...)`. It runs with the worker's limits and
without a network, may write into the worker's folder (`tempfile` makes its files there), and is killed with the worker as long as it stays
in its process group: do not start it in a session of its own.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from longdoc.errors import LimitError, UnreadableError
from longdoc.protocols import Limits

OPEN_FILES = 256
"""Files that a worker may have open at once while it parses."""
SCRATCH = 1 << 30
"""Bytes of one file that a program which a format stands on may write."""
STATM = Path("/proc/self/statm")
"""Where Linux tells the pages that a process has: of address space, then in memory."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.remove": ((0, 1),), "os.rmdir": ((0, 1),), "os.mkdir": ((0, 2),), "os.rename": ((0, 2), (1, 3)), "os.link": ((0, 2), (1, 3)),
    "os.symlink": ((1, 2),), "os.truncate": ((0, None),), "os.chmod": ((0, 2),), "os.chown": ((0, 3),), "os.utime": ((0, 3),),
}  # fmt: skip
"""Where among an event's arguments the paths stand, and the open folders that they start from."""
_SOCKETS = {"socket.__new__", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.bind", "socket.connect"}
_PROGRAMS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile"}
_FORKS = {"os.system", "os.fork", "os.forkpty", "pty.spawn"}


@dataclass(slots=True)
class _Held:
    """What holds in this process; a hook belongs to the process and cannot be taken away, so there is one."""

    path: str | None = None
    folder: str = ""
    programs: frozenset[str] = frozenset()
    hooked: bool = False


_held = _Held()


def settle(folder: str) -> None:
    """Make `folder` the place of this process' temporary files, and write no core files: they would hold text of documents."""
    _held.folder = os.path.realpath(folder)
    tempfile.tempdir = _held.folder
    if not _held.hooked:
        sys.addaudithook(_refuse)
        _held.hooked = True
    _set_limit("RLIMIT_CORE", 0)


def hold(path: str, limits: Limits) -> None:
    """From now on this process has the file at `path` in hand."""
    _set_limit("RLIMIT_NOFILE", OPEN_FILES)
    _set_limit("RLIMIT_FSIZE", 0)
    if STATM.is_file():
        import resource

        # Beyond what the process has already; where the system does not tell that, there is no limit.
        _set_limit("RLIMIT_AS", int(STATM.read_text().split()[0]) * resource.getpagesize() + limits.memory)
    _held.path = path


def release() -> None:
    """The file is parsed, and nothing holds any more."""
    _held.path = None
    for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
        _set_limit(name, None)


def tidy() -> None:
    """Empty the folder of temporary files."""
    for left in os.scandir(_held.folder):
        if left.is_dir(follow_symlinks=False):
            shutil.rmtree(left.path, ignore_errors=True)
        else:
            os.unlink(left.path)


def leave() -> None:
    """Remove the folder of temporary files; nobody else does where the parent was killed."""
    with suppress(OSError):
        tidy()
        os.rmdir(_held.folder)


@contextmanager
def programs(*names: str) -> Iterator[None]:
    """Let the parser in hand start these programs, known by their file names, and write into its folder; only a worker is held."""
    before = _held.programs
    _held.programs = before | frozenset(names)
    if _held.path is not None:
        _set_limit("RLIMIT_FSIZE", SCRATCH)
    try:
        yield
    finally:
        _held.programs = before
        if _held.path is not None and not before:
            _set_limit("RLIMIT_FSIZE", 0)


def limit_of(error: OSError, path: str) -> LimitError | None:
    """The limit that made a call of the system fail, None if it was none."""
    if error.errno == errno.EMFILE:
        return LimitError(f"{path}: needs more than the limit of {OPEN_FILES} open files")
    if error.errno == errno.EFBIG:
        most = SCRATCH if _held.programs else 0
        return LimitError(f"{path}: would have written more than the limit of {most} bytes")
    return None


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if _held.path is None:
        return
    if event == "open":
        path, _, flags = arguments
        if isinstance(flags, int) and flags & _WRITING and not _own(path):
            _raise(f"write {path!r}")
    elif event in _CHANGES:
        for place, start in _CHANGES[event]:
            if not _own(arguments[place], -1 if start is None else arguments[start]):
                _raise(f"change {arguments[place]!r}")
    elif event in _SOCKETS:
        _raise("use the network")
    elif event in _PROGRAMS:
        # The first argument may be None: the program is then the first word of the command.
        command = arguments[0] or (arguments[1][0] if len(arguments) > 1 and arguments[1] else "")
        if Path(os.fsdecode(command)).name not in _held.programs:
            _raise(f"start the program {os.fsdecode(command)!r}")
    elif event in _FORKS:
        _raise("start a program")


def _own(path: object, start: int = -1) -> bool:
    """Whether it lies in the worker's folder; `start` is the open folder that a path is relative to, -1 for the current one. What is open
    already may be changed, and where the system does not tell which folder is open that is taken to be the worker's."""
    if not isinstance(path, str | bytes | os.PathLike):
        return True
    name = os.fsdecode(path)
    if start >= 0 and not os.path.isabs(name):
        opened = f"/proc/self/fd/{start}"
        if not os.path.exists(opened):
            return True
        name = os.path.join(os.readlink(opened), name)
    real = os.path.realpath(name)
    return real in (os.devnull, _held.folder) or real.startswith(_held.folder + os.sep)


def _raise(what: str) -> None:
    """An OSError too, so that a library which can do without goes on."""
    raise UnreadableError(f"{_held.path}: reading it would {what}, which no parser may; please report it")


def _set_limit(name: str, soft: int | None) -> None:
    """The soft limit, so that it can be lifted; None: as high as it goes."""
    if sys.platform == "win32":
        return
    import resource

    which = getattr(resource, name)
    hard = resource.getrlimit(which)[1]
    if soft is None:
        soft = hard
    elif hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(which, (soft, hard))

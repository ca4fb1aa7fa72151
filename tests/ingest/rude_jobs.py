"""What a parser must not do, for the tests of the guard; light to import, since it is imported in a worker."""

import ctypes
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from longdoc.ingest.guard import programs
from longdoc.ingest.worker import Watch

LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform != "win32" else None


class Evil:
    """Unpickled, it would call `os.mkdir`."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def act(path: str, what: str, place: str = "", watch: Watch | None = None) -> Any:
    """Does what its name says."""
    return globals()[f"_{what}"](place, watch)


def _fetch(place: str, _: Watch | None) -> None:
    urllib.request.urlopen(place, timeout=5)


def _look_up(place: str, _: Watch | None) -> None:
    socket.getaddrinfo("example.invalid", 80)


def _start(place: str, _: Watch | None) -> None:
    subprocess.run([sys.executable, "-c", f"open({place!r}, 'w')"], check=True)


def _shell(place: str, _: Watch | None) -> None:
    os.system(f"touch {place}")


def _fork(place: str, _: Watch | None) -> None:
    if os.fork() == 0:
        os._exit(0)


def _write(place: str, _: Watch | None) -> None:
    Path(place).write_text("taken over")


def _remove(place: str, _: Watch | None) -> None:
    Path(place).unlink()


def _rename(place: str, _: Watch | None) -> None:
    os.rename(place, f"{place}.moved")


def _native_write(place: str, watch: Watch | None) -> int:
    """Without Python's knowledge, and after the parse, when no limit of written bytes holds."""
    assert watch is not None
    watch.entered("read")
    assert LIBC is not None
    return LIBC.open(place.encode(), os.O_WRONLY | os.O_CREAT, 0o600)


def _native_remove(place: str, _: Watch | None) -> int:
    assert LIBC is not None
    return LIBC.unlink(place.encode())


def _native_socket(place: str, _: Watch | None) -> list[int]:
    """Descriptors of sockets of the families IPv4, IPv6, netlink and local."""
    assert LIBC is not None
    return [LIBC.socket(int(family), int(socket.SOCK_STREAM if family != 16 else socket.SOCK_RAW), 0) for family in (2, 10, 16, 1)]


def _scratch(place: str, _: Watch | None) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"more than nothing")


def _many_files(place: str, _: Watch | None) -> None:
    kept = [open(__file__, "rb") for _each in range(1000)]  # noqa: SIM115
    raise AssertionError(f"{len(kept)} files are open")


def _convert(place: str, _: Watch | None) -> str:
    """As a format that stands on another program does."""
    output = Path(tempfile.gettempdir()) / "converted.txt"
    with programs(Path(sys.executable).name), tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "profile").mkdir()
        (Path(folder) / "profile" / "settings").write_text("no macros")
        subprocess.run([sys.executable, "-c", f"open({str(output)!r}, 'w').write('converted')"], check=True)
        return output.read_text()


def _left_behind(place: str, _: Watch | None) -> list[str]:
    return os.listdir(tempfile.gettempdir())


def _program_online(place: str, _: Watch | None) -> str:
    code = "import socket\ntry:\n    socket.socket()\nexcept PermissionError:\n    print('refused')"
    with programs(Path(sys.executable).name):
        return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def _program_that_stays(place: str, _: Watch | None) -> int:
    with programs("sleep"):
        return subprocess.Popen(["sleep", "600"]).pid


def _evil(place: str, _: Watch | None) -> Any:
    return Evil(place)


def _harmless(place: str, _: Watch | None) -> str:
    return "harmless"


def _pid(place: str, _: Watch | None) -> int:
    return os.getpid()

"""RTF, OpenDocument and the old Office formats, converted by LibreOffice where it is installed, then read as DOCX, XLSX or PPTX.

LibreOffice runs without a screen, with a profile of its own that forbids macros, links and the network, and ends with this process or
at the time limit, whichever is first. Boxes are not told.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

from longdoc.errors import DamagedError, LimitError, UnsupportedError
from longdoc.ingest.guard import programs
from longdoc.protocols import Ingestor, Limits, Parsed
from longdoc.registry import load

WRITER, CALC, IMPRESS = "docx", "xlsx", "pptx"
TARGETS = {
    ".rtf": WRITER, ".doc": WRITER, ".dot": WRITER, ".odt": WRITER, ".ott": WRITER, ".fodt": WRITER, ".wpd": WRITER,
    ".ods": CALC, ".ots": CALC, ".odp": IMPRESS, ".otp": IMPRESS, ".ppt": IMPRESS, ".pps": IMPRESS,
}  # fmt: skip
"""What a kind of file is converted to."""
_PACKAGES = {WRITER: "libreoffice-writer-nogui", CALC: "libreoffice-calc-nogui", IMPRESS: "libreoffice-impress-nogui"}
_MIMETYPES = {b"text": ".odt", b"spreadsheet": ".ods", b"presentation": ".odp"}
_STREAMS = {"WordDocument": ".doc", "PowerPoint Document": ".ppt"}
_PROGRAMS = ("soffice", "libreoffice")
_HELD_BACK_SECONDS = 5
_DIES_WITH_PARENT = 1
_RESTART, _STARTS = 81, 3
"""The exit code by which it asks to be started again, as with a new profile; how often that is done."""
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableActiveContent" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetProxyType" oor:op="fuse"><value>2</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPProxyPort" oor:op="fuse"><value>9</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyName" oor:op="fuse"><value>127.0.0.1</value></prop></item>
<item oor:path="/org.openoffice.Inet/Settings"><prop oor:name="ooInetHTTPSProxyPort" oor:op="fuse"><value>9</value></prop></item>
</oor:items>
"""  # noqa: E501  as LibreOffice writes it


class OfficeIngestor:
    """Reads RTF, ODT, ODS, ODP, DOC, PPT and WordPerfect files through LibreOffice."""

    format = "office"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """The converted document, as its own ingestor reads it.

        Raises: UnsupportedError without LibreOffice, with what to install; DamagedError; LimitError.
        """
        suffix = kind_of(data, name)
        target = TARGETS[suffix]
        program = find_program()
        if program is None:
            advice = f"install it (apt-get install {_PACKAGES[target]}), or save the file as {target.upper()} or PDF"
            raise UnsupportedError(f"{name}: a {suffix[1:].upper()} file is read through LibreOffice, which is not installed: {advice}")
        with programs(Path(program).name), tempfile.TemporaryDirectory(prefix="longdoc-office-") as folder:
            converted = _convert(program, data, Path(folder), suffix, name, limits)
        reader: Ingestor = load("ingestors", target)()
        parsed = reader.parse(converted, name=name, password=password, limits=limits)
        metadata = {**parsed.metadata, "original_format": suffix[1:], "read_as": target}
        return replace(parsed, format=self.format, metadata=metadata)


def find_program() -> str | None:
    """LibreOffice's own program rather than the script that starts it, so that it can be ended."""
    for name in _PROGRAMS:
        found = shutil.which(name)
        if found is not None:
            own = Path(found).resolve().with_name("soffice.bin")
            return str(own) if own.is_file() else found
    return None


def kind_of(data: bytes, name: str) -> str:
    """The suffix that LibreOffice knows such a file by, told from its content, else from its name."""
    if data.startswith(b"{\\rtf"):
        return ".rtf"
    if data.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                mimetype = archive.read("mimetype")[:200] if "mimetype" in archive.namelist() else b""
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            raise DamagedError(f"{name}: a damaged OpenDocument file ({error}); open it and save it anew") from error
        return next((suffix for mark, suffix in _MIMETYPES.items() if b"opendocument." + mark in mimetype), ".odt")
    for stream, suffix in _STREAMS.items():
        if stream.encode("utf-16-le") in data:
            return suffix
    own = PurePosixPath(name).suffix.lower()
    return own if own in TARGETS else ".doc"


def _convert(program: str, data: bytes, folder: Path, suffix: str, name: str, limits: Limits) -> bytes:
    source, made, profile = folder / f"source{suffix}", folder / "made", folder / "profile"
    source.write_bytes(data)
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_PROFILE, encoding="utf-8")
    target = TARGETS[suffix]
    command = [
        *("--headless", "--invisible", "--norestore", "--nologo", "--nodefault"),
        *("--nofirststartwizard", "--nolockcheck", "--convert-to", target, "--outdir", str(made), str(source)),
    ]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
        "SAL_USE_VCLPLUGIN": "svp",
    }
    deadline = time.monotonic() + max(1.0, limits.seconds - _HELD_BACK_SECONDS)
    code = _RESTART
    for start in range(_STARTS):
        if code == _RESTART:
            # Its local socket is named after the profile's place, and a worker cannot remove the one that the last start has left.
            profile = profile.rename(folder / f"profile-{start}")
            started = [program, f"-env:UserInstallation={profile.as_uri()}", *command]
            code = _run(started, folder, environment, deadline, name, limits)
    found = next(iter(made.glob(f"*.{target}")), None) if made.is_dir() else None
    if found is None:
        raise DamagedError(
            f"{name}: LibreOffice does not read it (exit code {code}); open it and save it anew, "
            f"or install {_PACKAGES[target]} if that is what is missing"
        )
    size = found.stat().st_size
    if size > limits.file_size:
        raise LimitError(f"{name}: converted it has {size} bytes, the limit is {limits.file_size}; raise max_file_size to read it")
    return found.read_bytes()


def _run(command: list[str], folder: Path, environment: dict[str, str], deadline: float, name: str, limits: Limits) -> int:
    """The exit code of LibreOffice. Raises: LimitError if it is not done by the deadline."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_tied_to_parent(limits.memory),
    )
    try:
        return process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise LimitError(
            f"{name}: not converted by LibreOffice within the limit of {limits.seconds:g} s for a file; raise timeout to read it"
        ) from error
    finally:
        _end(process)


def _tied_to_parent(memory: int) -> Callable[[], None] | None:
    """What the child does before it becomes LibreOffice: on Linux it dies with this process, and takes no more than `memory` bytes."""
    if sys.platform != "linux":
        return None
    import resource

    control = ctypes.CDLL(None).prctl

    def tie() -> None:
        control(_DIES_WITH_PARENT, signal.SIGKILL)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (memory if hard == resource.RLIM_INFINITY else min(memory, hard), hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    return tie


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it has started."""
    with contextlib.suppress(ProcessLookupError):  # it may have ended, and nothing of it be left
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

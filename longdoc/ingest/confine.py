"""What a worker may never do again, whatever code runs in it: the kernel is asked to refuse it, for native code and for child programs too.

Linux alone has ways that need no privileges and no package, and a process that has gone through them cannot go back:

- no_new_privs (https://docs.kernel.org/userspace-api/no_new_privs.html): a program that is started gains no rights.
- seccomp (https://docs.kernel.org/userspace-api/seccomp_filter.html): no socket but a local one, no look into other processes, no mounts.
- Landlock (https://docs.kernel.org/userspace-api/landlock.html): nothing is written, removed or created outside the worker's own folder,
  but that an empty folder beside it may be removed, and a local socket made where LibreOffice insists on making one.

Reading files is not refused: libraries read their own data, and readers their models. Elsewhere guard.py is all that there is.
"""

from __future__ import annotations

import contextlib
import ctypes
import glob
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
REFUSE = 0x00050001
"""The call fails with EPERM."""
AF_UNIX = 1

ARCHITECTURES = {
    "x86_64": (
        0xC000003E,
        41,
        # ptrace, chroot, mount, umount2, pivot_root, init_module, delete_module, kexec_load, add_key, request_key, keyctl, unshare,
        # perf_event_open, open_by_handle_at, setns, process_vm_readv, process_vm_writev, finit_module, bpf, userfaultfd, io_uring_setup,
        # pidfd_getfd
        (101, 161, 165, 166, 155, 175, 176, 246, 248, 249, 250, 272, 298, 304, 308, 310, 311, 313, 321, 323, 425, 438),
    ),
    "aarch64": (
        0xC00000B7,
        198,
        (117, 51, 40, 39, 41, 105, 106, 104, 217, 218, 219, 97, 241, 265, 268, 270, 271, 273, 280, 282, 425, 438),
    ),
}
"""AUDIT_ARCH, the number of socket(2), and the numbers of the calls that are refused."""

LANDLOCK_CREATE, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION = 1
PATH_BENEATH = 1
WRITE_FILE = 1 << 1
REMOVE_FOLDER, MAKE_SOCKET = 1 << 4, 1 << 9
SOCKETS = ("/tmp", "/var/tmp")
"""Where LibreOffice makes the local socket by which a second one would find it, whatever TMPDIR says (sal/osl/unx/pipe.cxx)."""
CHANGES = WRITE_FILE | sum(1 << bit for bit in range(4, 13))
"""Write a file; remove or make a file, folder, link, socket or device."""
REFER, TRUNCATE = 1 << 13, 1 << 14
SCOPES = 1 << 0
"""Abstract local sockets lead to no process that is not held by the same rules."""


def confine(folder: str) -> tuple[str, ...]:
    """Hold this process to it from now on, `folder` the one that it may write into; the names of the ways that the system has.

    To be called before a thread is started: those that run are not held by all of it.
    """
    if sys.platform != "linux":
        return ()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return ()
    held = ["no_new_privs"]
    if _landlock(libc, folder):
        held.append("landlock")
    if _seccomp(libc):
        held.append("seccomp")
    return tuple(held)


def _seccomp(libc: ctypes.CDLL) -> bool:
    known = ARCHITECTURES.get(platform.machine())
    if known is None:
        return False
    architecture, open_socket, refused = known
    load_number, load_architecture, load_first_argument = (0x20, 0, 0, 0), (0x20, 0, 0, 4), (0x20, 0, 0, 16)
    allow, refuse = (0x06, 0, 0, ALLOW), (0x06, 0, 0, REFUSE)
    program = [
        load_architecture,
        (0x15, 1, 0, architecture),
        refuse,
        load_number,
        # Numbers from here on are another calling convention of x86.
        (0x35, 0, 1, 0x40000000),
        refuse,
    ]
    for number in refused:
        program += [(0x15, 0, 1, number), refuse]
    program += [(0x15, 1, 0, open_socket), allow, load_first_argument, (0x15, 0, 1, AF_UNIX), allow, refuse]
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    instructions = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(instructions)))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0)


def _landlock(libc: ctypes.CDLL, folder: str) -> bool:
    version = libc.syscall(LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return False
    rights = CHANGES | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    # Later kernels take a longer record: files; then network, which seccomp refuses already; then scopes.
    attributes = struct.pack("<QQQ", rights, 0, SCOPES) if version >= 6 else struct.pack("<Q", rights)
    rules = libc.syscall(LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return False
    try:
        # The folder itself goes when the worker ends: to remove it is a change of the folder around it, which may only be of empty folders.
        around = os.path.dirname(os.path.realpath(folder))
        places = [(folder, rights), (os.devnull, rights & (WRITE_FILE | TRUNCATE)), (around, REMOVE_FOLDER)]
        for path, allowed in places + [(place, MAKE_SOCKET) for place in SOCKETS if os.path.isdir(place)]:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                if libc.syscall(LANDLOCK_ADD_RULE, rules, PATH_BENEATH, struct.pack("<Qi", allowed, place), 0) != 0:
                    return False
            finally:
                os.close(place)
        return bool(libc.syscall(LANDLOCK_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def remove_dead_sockets() -> None:
    """Remove the sockets of LibreOffices that are no more; a worker may make one but not remove it. For a process that is not confined."""
    for place in SOCKETS:
        for path in glob.glob(f"{place}/OSL_PIPE_*"):
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
                try:
                    asking.connect(path)
                except ConnectionRefusedError:
                    os.unlink(path)

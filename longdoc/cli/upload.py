"""Results at an fsspec address: written to a folder here, and copied there when they are whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from longdoc.cli.options import Output
from longdoc.errors import LongdocError, MissingExtraError, UsageError


@contextmanager
def reachable(output: Output) -> Iterator[Output]:
    """`output` with a local place for an address; what is written there is copied at the end, if all went well.

    Raises: UsageError or MissingExtraError for an address that is none; LongdocError if it cannot be written to.
    """
    if output.out is None or "://" not in output.out:
        yield output
        return
    from fsspec.core import url_to_fs

    try:
        files, root = url_to_fs(output.out)
    except ImportError as error:
        raise MissingExtraError(f"--out {output.out}: {error}") from error
    except ValueError as error:
        raise UsageError(f"--out {output.out}: not an address that fsspec knows ({error})") from error
    several = output.out.endswith("/") or len((output.format or "").split(",")) > 1
    with tempfile.TemporaryDirectory(prefix="longdoc-") as scratch:
        own = scratch + "/" if several else str(Path(scratch) / PurePosixPath(root).name)
        yield replace(output, out=own)
        above = root.rstrip("/") if several else root.rpartition("/")[0]
        try:
            for file in sorted(Path(scratch).rglob("*")):
                if file.is_file():
                    target = f"{above}/{file.relative_to(scratch).as_posix()}"
                    files.makedirs(target.rpartition("/")[0], exist_ok=True)
                    files.put_file(str(file), target)
        except OSError as error:
            raise LongdocError(f"--out {output.out}: cannot be written ({error})") from error

"""The command line: parse, call the pipeline, print. Nothing else.

Nothing heavy is imported before a command runs, so that `longdoc --help` answers in a moment.
"""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Run the command line on `sys.argv`; leaves with the exit code."""
    try:
        _main()
    except KeyboardInterrupt:
        sys.exit(130)


def _main() -> None:
    from longdoc.cli.commands import app

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Results are UTF-8 whatever the locale says; an undecodable byte in a path becomes \udcXX, which JSON can carry.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    app(prog_name="longdoc")

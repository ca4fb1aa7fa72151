"""The command line: parse, call the pipeline, print. Nothing else.

Nothing heavy is imported before a command runs, so that `longdoc --help` answers in a moment.
"""

from __future__ import annotations

import io
import sys

FATAL = 4
INTERRUPTED = 130


def main() -> None:
    """Run the command line on `sys.argv`; leaves with the exit code."""
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - Python's own exit code for a crash, 1, means a finding here
        import traceback

        traceback.print_exc()
        print(f"longdoc: a fault in longdoc ({type(error).__name__}); please report it with what stands above", file=sys.stderr)
        sys.exit(FATAL)


def run() -> None:
    """Run the command line; what goes wrong unforeseen is raised."""
    from longdoc.cli.commands import app

    if isinstance(sys.stdout, io.TextIOWrapper):
        # Results are UTF-8 whatever the locale says; an undecodable byte in a path becomes \udcXX, which JSON can carry.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    app(prog_name="longdoc")

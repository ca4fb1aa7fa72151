"""The command line: parse, call the pipeline, print. Nothing else.

Nothing heavy is imported before a command runs, so that `longdoc --help` answers in a moment.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line on `sys.argv`; leaves with the exit code."""
    from longdoc.cli.commands import app

    app(prog_name="longdoc")

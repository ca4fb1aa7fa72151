"""The commands under one roof, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from longdoc import __version__
from longdoc.cli import INTERRUPTED
from longdoc.cli.options import Common, expand
from longdoc.cli.output import ClosedPipeError
from longdoc.errors import LongdocError


class Commands(TyperGroup):
    """A command group that turns what commands raise into a message on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command named.

        Raises: typer.Exit with the exit code of what went wrong.
        """
        try:
            return super().invoke(ctx)
        except LongdocError as error:
            if isinstance(ctx.obj, Common) and ctx.obj.verbose:
                import traceback

                traceback.print_exc()
            print(f"longdoc: {error}", file=sys.stderr)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            print("longdoc: interrupted; what was finished is kept. Run the same command again to go on.", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from error
        except ClosedPipeError as error:
            # Python would complain about the closed pipe once more when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read folders of long documents: summaries, clauses and answers, each with the page it came from.",
    epilog=(
        "Exit codes: 0 done, 1 a grave finding of review, 2 wrong usage or setting, 3 some input failed, 4 fatal, 130 interrupted. "
        "Results go to stdout or --out, all else to stderr."
    ),
)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        print(f"longdoc {__version__}")
        raise typer.Exit


@app.callback()
@expand
def everything(
    common: Common,
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Options that may stand before the command's name."""

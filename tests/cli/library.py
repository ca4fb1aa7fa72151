"""Small documents of every kind, made here, and the command line run in process on them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from longdoc.cli.commands import app

CONTRACT = """SERVICES AGREEMENT

This Services Agreement (the "Agreement") is entered into as of March 1, 2021 by and between Alder Systems, Inc., a Delaware
corporation ("Provider"), and Birch Retail LLC, a New York limited liability company ("Customer").

1. Services

1.1 Scope. Provider shall perform the services described in Exhibit A with reasonable skill and care.

1.2 Exclusivity. During the Term, Customer shall purchase the services exclusively from Provider.

2. Term and Termination

2.1 Term. This Agreement begins on March 1, 2021 and continues for three (3) years unless terminated earlier. It renews
automatically for successive one (1) year periods unless either party gives ninety (90) days' written notice.

2.2 Termination for Convenience. Customer may terminate this Agreement without cause upon sixty (60) days' prior written notice.

3. Fees

3.1 Fees. Customer shall pay Provider $12,500 per month within thirty (30) days of each invoice.

4. Liability

4.1 Cap on Liability. Except for breach of confidentiality, neither party's total liability shall exceed the fees paid in the
twelve (12) months before the claim.

4.2 Insurance. Provider shall maintain commercial general liability insurance of at least $1,000,000 per occurrence.

5. General

5.1 Governing Law. This Agreement is governed by the laws of the State of New York, without regard to conflicts of law.

5.2 Assignment. Neither party may assign this Agreement without the prior written consent of the other party.
"""

POLICY = """# Records Policy

Birch keeps records for as long as the law asks, and no longer.

## Retention

Invoices are kept for seven years. Payroll records are kept for four years. Door camera footage is erased after 30 days.

## Deletion

Every department head confirms once a year that expired records were destroyed. The archive team runs the shredder on Fridays.
"""

AMENDMENT = [
    ("heading", "First Amendment to the Services Agreement"),
    (
        "text",
        'This First Amendment is made as of June 15, 2022 between Alder Systems, Inc. ("Provider") and Birch Retail LLC ("Customer").',
    ),
    ("heading", "1. Fees"),
    ("text", "The monthly fee in Section 3.1 of the Agreement is increased to $14,000 from July 1, 2022."),
    ("heading", "2. Governing Law"),
    ("text", "This Amendment is governed by the laws of the State of Delaware."),
]


@dataclass(frozen=True)
class Result:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Longdoc = Callable[..., Result]


def run(*arguments: str | Path) -> Result:
    """Run a command line in process; anything but an exit is an error of the test."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="longdoc", catch_exceptions=False)
    return Result(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class Library:
    """Three documents that have been read into a corpus. Tests look, they change nothing."""

    folder: Path
    store: Path

    @property
    def contract(self) -> Path:
        return self.folder / "contract.txt"

    @property
    def amendment(self) -> Path:
        return self.folder / "nested" / "amendment.docx"

    @property
    def policy(self) -> Path:
        return self.folder / "policy.md"

    def run(self, *arguments: str | Path) -> Result:
        """Run a command on this corpus."""
        return run("--store", self.store, *arguments)


def make_documents(folder: Path) -> None:
    """Write contract.txt, policy.md and nested/amendment.docx."""
    (folder / "nested").mkdir(parents=True)
    (folder / "contract.txt").write_text(CONTRACT, encoding="utf-8")
    (folder / "policy.md").write_text(POLICY, encoding="utf-8")
    make_docx(folder / "nested" / "amendment.docx")


def make_docx(path: Path) -> None:
    """Write the amendment as a Word file."""
    import docx

    document = docx.Document()
    for kind, text in AMENDMENT:
        if kind == "heading":
            document.add_heading(text, level=1)
        else:
            document.add_paragraph(text)
    document.save(os.fspath(path))


def make_pdf(path: Path, pages: list[str]) -> None:
    """Write a PDF with a page of lines for each text; an empty text gives a page that is a picture."""
    from PIL import Image
    from reportlab.lib.pagesizes import letter
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(os.fspath(path), pagesize=letter, invariant=True)
    for text in pages:
        if not text:
            canvas.drawInlineImage(Image.new("L", (40, 60), 128), 72, 72, width=400, height=600)
        for number, line in enumerate(text.splitlines()):
            canvas.drawString(72, 720 - 14 * number, line)
        canvas.showPage()
    canvas.save()

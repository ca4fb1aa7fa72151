"""Builds the example documents that are not written by hand: `python examples/sources/make.py [FOLDER]`.

The same sources give the same bytes: dates are fixed, PDFs are not compressed, and no font is embedded.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nda
import paper
import services_agreement

DOCUMENTS = Path(__file__).parent.parent / "documents"
BUILDERS = {"nda.docx": nda.build, "paper.pdf": paper.build, "services-agreement.pdf": services_agreement.build}


def build_all(folder: Path) -> list[Path]:
    """Write every built document into `folder`."""
    written = []
    for name, build in BUILDERS.items():
        path = folder / name
        path.write_bytes(build())
        written.append(path)
    return written


if __name__ == "__main__":
    for path in build_all(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS):
        print(path)

"""Tesseract as an OCR engine: the program `tesseract` (4 or later), one process a page, one thread.

Its table (TSV) names for each word its block, paragraph and line. A page that it is not sure of is looked at again for the way that it
is turned, with Tesseract's own detection of orientation where that is installed (osd.traineddata).
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess

from PIL import Image

from longdoc.errors import LimitError, NeedsOcrError
from longdoc.ingest.ocr_words import UNSURE, Seen, SeenWord

PROGRAM = "tesseract"
_WORD_LEVEL = "5"
_ROTATE = re.compile(r"^Rotate: (\d+)$", re.MULTILINE)


def is_installed() -> bool:
    """Whether the program is found."""
    return shutil.which(PROGRAM) is not None


def installed_languages() -> list[str]:
    """The languages that it has models of. Raises: NeedsOcrError if it does not run."""
    listed = _run(["--list-langs"], b"", 60.0)
    return [line.strip() for line in listed.splitlines()[1:] if line.strip()]


class Tesseract:
    """`languages` as Tesseract spells them: "eng", or several as "eng+deu"."""

    name = PROGRAM

    def __init__(self, languages: str) -> None:
        self._languages = languages

    def read(self, picture: Image.Image, *, dpi: float, seconds: float) -> Seen:
        """See OcrEngine."""
        seen = self._words(picture, dpi, seconds)
        if seen.confidence >= UNSURE:
            return seen
        turns = _turns(picture, dpi, seconds)
        if not turns:
            return seen
        turned = self._words(picture.rotate(90 * turns, expand=True), dpi, seconds)
        return Seen(turned.lines, turns) if turned.confidence > seen.confidence else seen

    def _words(self, picture: Image.Image, dpi: float, seconds: float) -> Seen:
        command = ["-", "-", "--dpi", f"{dpi:.0f}", "-l", self._languages, "--psm", "3", "tsv"]
        table = _run(command, _as_pnm(picture), seconds)
        lines: dict[tuple[str, ...], list[SeenWord]] = {}
        for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
            text = (row["text"] or "").strip()
            if row["level"] != _WORD_LEVEL or not text:
                continue
            left, top, width, height = (float(row[key]) for key in ("left", "top", "width", "height"))
            confidence = min(1.0, max(0.0, float(row["conf"]) / 100))
            word = SeenWord(text, confidence, left, top, left + width, top + height)
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
        return Seen(list(lines.values()))


def _turns(picture: Image.Image, dpi: float, seconds: float) -> int:
    """Quarter turns against the clock that the picture needs; 0 too where there is too little text to tell."""
    try:
        told = _run(["-", "-", "--dpi", f"{dpi:.0f}", "--psm", "0"], _as_pnm(picture), seconds)
    except NeedsOcrError:
        # "Too few characters", or a Tesseract that came without its detection of orientation.
        return 0
    found = _ROTATE.search(told)
    # It tells degrees with the clock.
    return -int(found[1]) // 90 % 4 if found else 0


def _as_pnm(picture: Image.Image) -> bytes:
    output = io.BytesIO()
    picture.convert("L").save(output, format="PPM")
    return output.getvalue()


def _run(arguments: list[str], data: bytes, seconds: float) -> str:
    """What the program prints. Raises: LimitError, NeedsOcrError with what it says when it fails."""
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run([PROGRAM, *arguments], input=data, capture_output=True, timeout=seconds, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise LimitError(f"tesseract was not done within {seconds:g} s") from error
    except OSError as error:
        raise NeedsOcrError(f"tesseract cannot be run ({error.strerror}); check its installation") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        raise NeedsOcrError(f"tesseract ended with code {done.returncode}: {said}")
    return done.stdout.decode("utf-8", "replace")

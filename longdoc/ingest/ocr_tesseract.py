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

from PIL import Image, ImageFilter

from longdoc.errors import LimitError, NeedsOcrError
from longdoc.ingest.guard import programs
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
        if _is_sideways(seen):
            # Text that runs up or down a page it may read as it is, but not in the order of its lines.
            return self._turned(picture, (1, 3), seen, dpi, seconds)
        if seen.confidence >= UNSURE:
            return seen
        # Grain keeps it from finding any line; a soft picture has none.
        soft = picture.convert("L").filter(ImageFilter.GaussianBlur(1))
        softened = self._words(soft, dpi, seconds)
        if softened.confidence > seen.confidence:
            seen = softened
        if seen.confidence >= UNSURE:
            return seen
        turns = _turns(soft, dpi, seconds)
        return self._turned(soft, (turns,) if turns else (), seen, dpi, seconds)

    def _turned(self, picture: Image.Image, ways: tuple[int, ...], seen: Seen, dpi: float, seconds: float) -> Seen:
        """The surest of what is `seen` and what is read of the picture turned, up to the first that is sure enough."""
        best = Seen(seen.lines, 0) if not _is_sideways(seen) else Seen([])
        for turns in ways:
            found = self._words(picture.rotate(90 * turns, expand=True), dpi, seconds)
            if found.confidence > best.confidence:
                best = Seen(found.lines, turns)
            if best.confidence >= UNSURE:
                break
        return best

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


def _is_sideways(seen: Seen) -> bool:
    """Whether most longer words are higher than wide."""
    words = [word for line in seen.lines for word in line if len(word.text) > 3]
    return 2 * sum(word.y1 - word.y0 > word.x1 - word.x0 for word in words) > len(words)


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
        with programs(PROGRAM):
            done = subprocess.run([PROGRAM, *arguments], input=data, capture_output=True, timeout=seconds, env=environment, check=False)
    except subprocess.TimeoutExpired as error:
        raise LimitError(f"tesseract was not done within {seconds:g} s") from error
    except OSError as error:
        raise NeedsOcrError(f"tesseract cannot be run ({error.strerror}); check its installation") from error
    if done.returncode != 0:
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:300]
        raise NeedsOcrError(f"tesseract ended with code {done.returncode}: {said}")
    return done.stdout.decode("utf-8", "replace")

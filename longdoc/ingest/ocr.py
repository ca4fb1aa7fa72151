"""Pages without a usable text layer are read from their picture, by Tesseract or rapidocr, and look to what follows as if they had one.

Which engine: the one that the settings name; "auto" takes what is installed, Tesseract first, which reads clean print faster at the same
error, and rapidocr for pages that Tesseract is not sure of, where it is the better one (benchmarks/ocr.py, benchmarks/RESULTS.md).

Without an engine nothing is passed over in silence: the pages are named, with what to install.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image

from longdoc.errors import ConfigError, LimitError, MissingExtraError, NeedsOcrError
from longdoc.ingest import ocr_rapid, ocr_tesseract
from longdoc.ingest.ocr_lines import Composed, compose
from longdoc.ingest.ocr_straight import Placement, is_blank, straighten
from longdoc.ingest.ocr_words import UNSURE, OcrEngine, Seen
from longdoc.ingest.worker import WATCH
from longdoc.protocols import OcrOptions

POINTS = 72.0
INSTALL = "pip install 'longdoc[ocr]', or the program tesseract (on Debian and Ubuntu: apt-get install tesseract-ocr)"
FEWEST_WORDS = 4
"""Words below which what an engine is not sure of is no text, but what it makes of a photograph."""
SLOWEST = 60.0
"""Seconds that an engine may take for one look at a page."""


@dataclass(frozen=True, slots=True)
class PictureText:
    """What was read of a picture: characters and lines in points of the upright page, `width` and `height` of that page, the box of the
    word that begins at each offset in points of the page as shown, the engine and how sure it is (None where nothing was found).

    `blank`: there is nothing to read. `problem` says why a page could not be read.
    """

    composed: Composed
    width: float
    height: float
    boxes: dict[int, tuple[float, float, float, float]]
    engine: str
    confidence: float | None
    blank: bool = False
    problem: str | None = None

    @property
    def is_unsure(self) -> bool:
        """Whether a person should look at it."""
        return self.confidence is not None and self.confidence < UNSURE


def engines_of(options: OcrOptions) -> list[OcrEngine]:
    """The engines to read with, the first one first; none if OCR is off or, with "auto", nothing is installed.

    Raises: MissingExtraError for an engine that is named and not installed.
    """
    return [_engine(name, options.languages) for name in _names(options)]


def _names(options: OcrOptions) -> list[str]:
    if options.engine == "auto":
        return [name for name, module in (("tesseract", ocr_tesseract), ("rapidocr", ocr_rapid)) if module.is_installed()]
    return [] if options.engine == "off" else [options.engine]


def check(options: OcrOptions) -> None:
    """Raises: MissingExtraError or ConfigError where the engine that the settings name, or a language, is not there."""
    if options.engine == "rapidocr" and not ocr_rapid.is_installed():
        raise MissingExtraError("ocr: rapidocr is not installed; pip install 'longdoc[ocr]'")
    if options.engine == "tesseract" and not ocr_tesseract.is_installed():
        raise MissingExtraError("ocr: the program tesseract is not installed (on Debian and Ubuntu: apt-get install tesseract-ocr)")
    if options.engine in ("tesseract", "auto") and options.languages != OcrOptions().languages and ocr_tesseract.is_installed():
        there = ocr_tesseract.installed_languages()
        for language in options.languages.split("+"):
            if language not in there:
                raise ConfigError(
                    f"ocr_languages: tesseract has no language {language!r}, only {', '.join(there)}; on Debian and Ubuntu: "
                    f"apt-get install tesseract-ocr-{language}"
                )


def is_waiting(warnings: Sequence[str], options: OcrOptions) -> bool:
    """Whether a document was read where no engine was installed, and its pages could be read now."""
    return any(INSTALL in warning for warning in warnings) and options.engine == "auto" and bool(_names(options))


def how_to_read(options: OcrOptions) -> str:
    """What a person is to do for pages to be read."""
    if options.engine == "off":
        return "OCR is turned off (ocr = off)"
    return f"for OCR install {INSTALL}"


def read_picture(
    picture: Image.Image, engines: Sequence[OcrEngine], *, number: int, dpi: float, seconds: float, start: int = 0
) -> PictureText:
    """The text of a page's picture of `dpi` pixels an inch; offsets count from `start`. `engines` is not empty.

    The limit on time begins anew for every page.
    """
    WATCH.get().restarted(f"page {number} (OCR)")
    scale = POINTS / dpi
    shown = picture.size
    if is_blank(picture):
        return _nothing(engines[0].name, shown, scale, blank=True)
    straight, angle = straighten(picture)
    best: tuple[Seen, str] | None = None
    problem = None
    for engine in engines:
        try:
            seen = engine.read(straight, dpi=dpi, seconds=min(SLOWEST, seconds / 3))
        except (LimitError, NeedsOcrError) as error:
            problem = str(error)
            continue
        if best is None or seen.confidence > best[0].confidence:
            best = (seen, engine.name)
        if best[0].confidence >= UNSURE:
            break
    if best is None:
        return _nothing(engines[0].name, shown, scale, problem=problem)
    seen, name = best
    placement = Placement(*shown, angle, seen.turns)
    composed = compose(seen.lines, number, scale, start)
    if not composed.lines or (seen.confidence < UNSURE and len(composed.seen) < FEWEST_WORDS):
        return _nothing(name, shown, scale)
    boxes = {}
    for place, word in composed.seen.items():
        x0, y0, x1, y1 = placement.back(word.x0, word.y0, word.x1, word.y1)
        boxes[place] = (x0 * scale, y0 * scale, x1 * scale, y1 * scale)
    width, height = straight.size if seen.turns % 2 == 0 else straight.size[::-1]
    return PictureText(composed, width * scale, height * scale, boxes, name, round(seen.confidence, 3))


def _nothing(engine: str, size: tuple[int, int], scale: float, *, blank: bool = False, problem: str | None = None) -> PictureText:
    return PictureText(Composed("", [], {}), size[0] * scale, size[1] * scale, {}, engine, None, blank, problem)


@cache
def _engine(name: str, languages: str) -> OcrEngine:
    made: dict[str, Callable[[], OcrEngine]] = {
        "rapidocr": ocr_rapid.RapidOcr,
        "tesseract": lambda: ocr_tesseract.Tesseract(languages),
    }
    return made[name]()

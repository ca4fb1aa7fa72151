"""Pictures of pages: PNG, JPEG and TIFF, the latter with many pages.

A picture is read as a PDF that holds nothing else: all that is done for scanned pages holds for it, marks in the picture included.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from longdoc.errors import DamagedError, EmptyFileError, LimitError, NeedsOcrError, UnsupportedError
from longdoc.ingest.ocr import engines_of
from longdoc.ingest.pdf import PdfIngestor
from longdoc.protocols import Limits, Parsed

FORMATS = ("PNG", "JPEG", "TIFF")
MOST_PIXELS = 80_000_000
"""Of a page: A0 at 190 dots an inch. A file of some kilobytes can claim any number."""
LONGEST_PAGE = 11.0
"""Inches that the longer side is taken to have where the file does not tell, or tells what no page has."""
FEWEST_DPI, MOST_DPI = 50, 1200
QUALITY = 92


class PictureIngestor:
    """Reads pictures by OCR."""

    format = "picture"

    def parse(self, data: bytes, *, name: str, password: str | None, limits: Limits) -> Parsed:
        """What is read in the picture, a page each.

        Raises: NeedsOcrError without an engine; UnsupportedError where nothing is found, as in a logo, or with OCR turned off, so that
        a run over a folder passes it over; DamagedError, LimitError.
        """
        try:
            parsed = PdfIngestor().parse(as_pdf(data, name, limits.pages), name=name, password=None, limits=limits)
        except (NeedsOcrError, EmptyFileError) as error:
            if limits.ocr.engine == "off" or engines_of(limits.ocr):
                raise UnsupportedError(f"{name}: a picture; {str(error).removeprefix(f'{name}: ')}") from error
            raise
        # What the PDF made here says of itself says nothing of the file.
        return replace(parsed, format=self.format, title=None, metadata={})


def as_pdf(data: bytes, name: str, most_pages: int = Limits().pages) -> bytes:
    """The same picture or pictures as a PDF. Raises: DamagedError; LimitError for too many pixels or pages."""
    try:
        with warnings.catch_warnings():
            # Pillow's own limit is a warning first; both are about as high as this one.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                count = getattr(picture, "n_frames", 1)
                if count > most_pages:
                    raise LimitError(f"{name}: has {count} pages, the limit is {most_pages}; split it or raise max_pages")
                pages = [_page(frame, name) for frame in ImageSequence.Iterator(picture)]
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise LimitError(f"{name}: {error}; make the picture smaller") from error
    except UnidentifiedImageError as error:
        raise DamagedError(f"{name}: not readable as PNG, JPEG or TIFF though it begins like one; get the file again") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DamagedError(f"{name}: the picture is damaged ({error}); get the file again") from error
    output = io.BytesIO()
    for place, (page, dpi) in enumerate(pages):
        page.save(output, format="PDF", append=place > 0, resolution=dpi, quality=QUALITY)
    return output.getvalue()


def _page(frame: Image.Image, name: str) -> tuple[Image.Image, float]:
    """A frame as it is to be seen, in grey or colour on white, and its dots an inch."""
    pixels = frame.width * frame.height
    if pixels > MOST_PIXELS:
        raise LimitError(f"{name}: has {pixels} pixels, the limit is {MOST_PIXELS}; make the picture smaller")
    dpi = _dpi(frame)
    upright = ImageOps.exif_transpose(frame)
    if upright.mode.startswith("I;16"):
        return upright.point(lambda value: value / 256).convert("L"), dpi
    if upright.mode in ("LA", "PA", "RGBA") or "transparency" in upright.info:
        see_through = upright.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", upright.size, "white"), see_through).convert("RGB"), dpi
    return upright.convert("L" if upright.mode in ("1", "L", "I", "F") else "RGB"), dpi


def _dpi(frame: Image.Image) -> float:
    told = frame.info.get("dpi")
    dpi = float(told[0]) if isinstance(told, tuple) and told else 0.0
    longest = max(frame.size)
    if not FEWEST_DPI <= dpi <= MOST_DPI or longest / dpi < 2:
        return min(max(longest / LONGEST_PAGE, FEWEST_DPI), MOST_DPI)
    return dpi

"""RapidOCR as an OCR engine: PP-OCR's models, which lie in its wheel, on onnxruntime with one thread.

Three settings make it twice as fast here on a CPU without loss on printed pages (benchmarks/ocr.py): lines are looked for in a
picture of at most DETECTION_SIDE pixels, read one by one, since padding costs more than a batch saves, and squeezed to SQUEEZE of their
width. The library's classifier of upside-down lines is left out, which turns good lines over; a page that it is not sure of is turned
instead.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from PIL import Image

from longdoc.errors import LimitError, MissingExtraError, NeedsOcrError
from longdoc.ingest.ocr_words import UNSURE, Seen, SeenWord

DETECTION_SIDE = 1280
SQUEEZE = 0.8
LINE_HEIGHT = 48
"""Pixels that the recogniser wants a line to be high."""
MOST_OVERLOOKED = 80
"""Spots of ink beside the lines found beyond which they are dirt."""
PROBES = 6
"""Lines that are read upside down too where the page is doubtful."""
TALL = 1.5
"""Height by width of a box from which on its text runs up or down."""

Array = Any


def is_installed() -> bool:
    """Whether the packages of the extra `ocr` are there."""
    return all(importlib.util.find_spec(package) is not None for package in ("rapidocr", "onnxruntime"))


class RapidOcr:
    """Loads its models once. Raises: MissingExtraError where a package or a model is missing."""

    name = "rapidocr"

    def __init__(self) -> None:
        try:
            import cv2
            import rapidocr
            from rapidocr.ch_ppocr_det import TextDetector  # noqa: F401  asked for here, so that a miss is told of early
        except ModuleNotFoundError as error:
            raise MissingExtraError(f"OCR with rapidocr needs the package {error.name!r}: pip install 'longdoc[ocr]'") from error
        except ImportError as error:
            # It is there; what it is made of does not fit into the memory that a file may take.
            raise LimitError(f"rapidocr cannot be loaded ({error}); it needs 700 MiB: raise memory_limit") from error
        cv2.setNumThreads(1)
        models = Path(rapidocr.__file__).parent / "models"
        engine = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                # Named by their files: where one is missing, that is an error, and nothing is fetched.
                "Det.model_path": _model(models, "det"),
                "Rec.model_path": _model(models, "rec"),
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECTION_SIDE,
                "Rec.rec_batch_num": 1,
                "Rec.rec_img_shape": [3, LINE_HEIGHT, LINE_HEIGHT],
            }
        )
        self._detect = engine._load_det_model()
        self._recognise = engine._load_rec_model()

    def read(self, picture: Image.Image, *, dpi: float, seconds: float) -> Seen:
        """See OcrEngine; `seconds` are held by the worker that runs it."""
        try:
            return self._read(picture)
        except MemoryError:
            raise
        except Exception as error:
            # What a library of models raises on one page must not cost the others.
            # Its errors hold a traceback; the last line says what it was.
            said = (str(error).strip().splitlines() or [""])[-1][:200]
            raise NeedsOcrError(f"rapidocr failed on it ({type(error).__name__}: {said})") from error

    def _read(self, picture: Image.Image) -> Seen:
        import numpy as np

        pixels = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])
        boxes = self._boxes(pixels)
        if not len(boxes):
            return Seen([])
        turns = 0
        if _is_sideways(boxes):
            turns, pixels = 1, np.ascontiguousarray(np.rot90(pixels))
            boxes = self._boxes(pixels)
        lines = self._lines(pixels, boxes)
        seen = Seen(lines, turns)
        if seen.confidence < UNSURE and self._is_upside_down(pixels, boxes):
            turns, pixels = turns + 2, np.ascontiguousarray(np.rot90(pixels, 2))
            turned = Seen(self._lines(pixels, self._boxes(pixels)), turns)
            return turned if turned.confidence > seen.confidence else seen
        return seen

    def _boxes(self, pixels: Array) -> list[Array]:
        """Quadrilaterals [4, 2] around lines, from the top left corner with the clock."""
        found = self._detect(pixels).boxes
        return [] if found is None else _with_overlooked(_dark(pixels), list(found))

    def _lines(self, pixels: Array, boxes: list[Array]) -> list[list[SeenWord]]:
        if not boxes:
            return []
        from rapidocr.ch_ppocr_rec import TextRecInput

        read = self._recognise(TextRecInput(img=[_crop(pixels, box) for box in boxes], return_word_box=True))
        dark = _dark(pixels)
        found = zip(boxes, read.txts, read.word_results, strict=True)
        return [words for box, text, places in found if (words := _words(box, _ink(dark, box), text, places))]

    def _is_upside_down(self, pixels: Array, boxes: list[Array]) -> bool:
        from rapidocr.ch_ppocr_rec import TextRecInput

        longest = sorted(boxes, key=lambda box: float(box[1][0] - box[0][0]))[-PROBES:]
        crops = [_crop(pixels, box) for box in longest]
        upright = self._recognise(TextRecInput(img=crops)).scores
        turned = self._recognise(TextRecInput(img=[crop[::-1, ::-1] for crop in crops])).scores
        return bool(sum(turned) > sum(upright))


def _model(models: Path, part: str) -> str:
    found = sorted(models.glob(f"*_{part}_*.onnx"))
    if not found:
        raise MissingExtraError(f"{models}: this rapidocr comes without its {part} model; pip install 'longdoc[ocr]' gets one that has it")
    return str(found[-1])


def _is_sideways(boxes: list[Array]) -> bool:
    """Whether most of the text, by the length of its lines, runs up or down."""
    tall = wide = 0.0
    for box in boxes:
        (x0, y0), (x1, y1) = box.min(axis=0), box.max(axis=0)
        if y1 - y0 > TALL * (x1 - x0):
            tall += y1 - y0
        else:
            wide += x1 - x0
    return tall > wide


def _crop(pixels: Array, box: Array) -> Array:
    import cv2
    from rapidocr.utils.process_img import get_rotate_crop_image

    line = get_rotate_crop_image(pixels, box.astype("float32"))
    height, width = line.shape[:2]
    wanted = max(8, round(SQUEEZE * width * LINE_HEIGHT / height))
    return cv2.resize(line, (wanted, LINE_HEIGHT), interpolation=cv2.INTER_AREA if height > LINE_HEIGHT else cv2.INTER_LINEAR)


def _dark(pixels: Array) -> Array:
    """Points [height, width] much darker than the paper."""
    import numpy as np

    grey = pixels[:, :, 0]
    return grey < 0.7 * float(np.percentile(grey[::4, ::4], 90))


def _with_overlooked(dark: Array, boxes: list[Array]) -> list[Array]:
    """The boxes with what the detector passes over because it is small: a bullet goes to the line that it stands before, a digit in a
    table or a page number becomes a box of its own."""
    import cv2
    import numpy as np

    left = dark.astype(np.uint8)
    heights = []
    for box in boxes:
        (x0, y0), (x1, y1) = (map(int, corner) for corner in (box.min(axis=0).clip(0), box.max(axis=0) + 1))
        left[y0:y1, x0:x1] = 0
        heights.append(y1 - y0)
    usual = float(np.median(heights))
    # Letters of a word are joined, lines are not.
    joined = cv2.dilate(left, np.ones((1, max(3, round(0.6 * usual)) | 1), np.uint8))
    _, _, spots, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    found = [
        (x, y, x + width, y + height)
        for x, y, width, height, _ in spots[1:].tolist()
        if 0.2 * usual < height < 1.1 * usual and width < 8 * usual and left[y : y + height, x : x + width].sum() > 0.02 * usual * usual
    ]
    if len(found) > MOST_OVERLOOKED:
        return boxes
    alone = []
    for x0, y0, x1, y1 in found:
        line = next((box for box in boxes if 0 < box[0][0] - x1 < 3 * usual and box[0][1] < (y0 + y1) / 2 < box[3][1]), None)
        if line is not None and x1 - x0 < 2 * usual:
            line[0][0] = line[3][0] = x0
        else:
            alone.append(np.array([[x0, y0 - 3], [x1, y0 - 3], [x1, y1 + 3], [x0, y1 + 3]], np.float32).clip(0))
    return [*boxes, *alone]


def _ink(dark: Array, box: Array) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 of the ink in a box: the detector's boxes are higher than their line, each by another measure."""
    import numpy as np

    (x0, y0), (x1, y1) = (map(int, corner) for corner in (box.min(axis=0).clip(0), box.max(axis=0) + 1))
    part = dark[y0:y1, x0:x1]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    if not len(rows):
        return float(x0), float(y0), float(x1), float(y1)
    # The line is the tallest run of rows that hold ink; what stands apart above and below is of its neighbours.
    runs = np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1)
    line = max(runs, key=len)
    return float(x0 + columns[0]), float(y0 + line[0]), float(x0 + columns[-1] + 1), float(y0 + line[-1] + 1)


def _words(box: Array, ink: tuple[float, float, float, float], text: str, places: Any) -> list[SeenWord]:
    """The words of a line, placed by the steps of the recogniser at which their first and last characters were seen."""
    left, right = float(box[:, 0].min()), float(box[:, 0].max())
    x0, y0, x1, y1 = ink
    sideways = y1 - y0 > TALL * (x1 - x0)
    step = (right - left) / max(places.line_txt_len, 1.0)
    confidences = iter([sure for character, sure in zip(text, places.confs, strict=False) if not character.isspace()])
    words: list[SeenWord] = []
    for characters, columns in zip(places.words, places.word_cols, strict=True):
        sure = [next(confidences) for _ in characters]
        begin, end = (x0, x1) if sideways else (max(x0, left + (columns[0] - 0.5) * step), min(x1, left + (columns[-1] + 1.5) * step))
        words.append(SeenWord("".join(characters), sum(sure) / len(sure), begin, y0, max(end, begin), y1))
    if words and not sideways:
        # The first and the last word end where the ink does: paragraphs are told by their indents.
        words[0] = words[0]._replace(x0=x0)
        words[-1] = words[-1]._replace(x1=max(x1, words[-1].x0))
    return words

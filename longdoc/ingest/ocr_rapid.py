"""RapidOCR as an OCR engine: PP-OCR's models, which lie in its wheel, on onnxruntime with one thread.

Three settings make it three times as fast here on a CPU without loss on printed pages (benchmarks/ocr.py): lines are looked for in a
picture of at most DETECTION_SIDE pixels, read one by one, since padding costs more than a batch saves, and squeezed to SQUEEZE of their
width. The library's classifier of upside-down lines is left out, which turns good lines over; a page that it is not sure of is turned instead.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from PIL import Image

from longdoc.errors import MissingExtraError
from longdoc.ingest.ocr_words import UNSURE, Seen, SeenWord

DETECTION_SIDE = 1280
SQUEEZE = 0.8
LINE_HEIGHT = 48
"""Pixels that the recogniser wants a line to be high."""
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
        except ImportError as error:
            raise MissingExtraError(f"OCR with rapidocr needs the package {error.name!r}: pip install 'longdoc[ocr]'") from error
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
        return [] if found is None else list(found)

    def _lines(self, pixels: Array, boxes: list[Array]) -> list[list[SeenWord]]:
        if not boxes:
            return []
        from rapidocr.ch_ppocr_rec import TextRecInput

        read = self._recognise(TextRecInput(img=[_crop(pixels, box) for box in boxes], return_word_box=True))
        found = zip(boxes, read.txts, read.word_results, strict=True)
        return [words for box, text, places in found if (words := _words(box, text, places))]

    def _is_upside_down(self, pixels: Array, boxes: list[Array]) -> bool:
        from rapidocr.ch_ppocr_rec import TextRecInput

        longest = sorted(boxes, key=lambda box: float(box[1][0] - box[0][0]))[-PROBES:]
        crops = [_crop(pixels, box) for box in longest]
        upright = self._recognise(TextRecInput(img=crops)).scores
        turned = self._recognise(TextRecInput(img=[crop[::-1, ::-1] for crop in crops])).scores
        return sum(turned) > sum(upright)


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
    return cv2.resize(line, (wanted, LINE_HEIGHT), interpolation=cv2.INTER_AREA if LINE_HEIGHT < height else cv2.INTER_LINEAR)


def _words(box: Array, text: str, places: Any) -> list[SeenWord]:
    """The words of a line, placed by the steps of the recogniser at which their first and last characters were seen."""
    (x0, y0), (x1, y1) = (tuple(map(float, corner)) for corner in (box.min(axis=0), box.max(axis=0)))
    sideways = y1 - y0 > TALL * (x1 - x0)
    step = (x1 - x0) / max(places.line_txt_len, 1.0)
    confidences = iter([sure for character, sure in zip(text, places.confs, strict=False) if not character.isspace()])
    words: list[SeenWord] = []
    for characters, columns in zip(places.words, places.word_cols, strict=True):
        sure = [next(confidences) for _ in characters]
        left, right = max(x0, x0 + (columns[0] - 0.5) * step), min(x1, x0 + (columns[-1] + 1.5) * step)
        words.append(SeenWord("".join(characters), sum(sure) / len(sure), x0 if sideways else left, y0, x1 if sideways else right, y1))
    return words

from __future__ import annotations

from pathlib import Path

import pytest

from longdoc.model.clauses import Found
from longdoc.model.measure import curve, outcomes
from longdoc.model.report import Report, calibration
from longdoc.model.targets import Gold

TEXT = "The seller delivers goods. The buyer pays money. The court sits there."
GOLD = (Gold("Duty", 0, 26), Gold("Pay", 27, 48))
FOUND = [Found("duty", 0, 26, 0.95), Found("Duty", 27, 48, 0.93), Found("Pay", 27, 48, 0.3), Found("Pay", 49, 70, 0.001)]


def test_bins_say_how_often_a_probability_came_true() -> None:
    low, high = calibration([(TEXT, GOLD, FOUND)])
    assert (low.count, low.said, low.true) == (1, pytest.approx(0.3), 1.0)
    assert (high.count, high.said, high.true) == (2, pytest.approx(0.94), 0.5)


def test_the_page_has_every_label_and_the_plot(tmp_path: Path) -> None:
    judged = [outcomes(TEXT, GOLD, FOUND)]
    report = Report(
        path=tmp_path / "law & order.safetensors",
        documents=1,
        judged=1,
        sentences=3,
        passages=2,
        seconds=1.0,
        held_out=curve(judged, ["Duty", "Pay"]),
        per_label={label: curve(judged, [label]) for label in ("Duty", "Pay")},
        calibration=calibration([(TEXT, GOLD, FOUND)]),
    )
    report.write()
    page = (tmp_path / "report.html").read_text()
    assert "law &amp; order" in page
    assert "<td>Duty</td><td>1</td><td>100.0</td>" in page
    assert page.count("<circle") == 2
    assert "report.html" in str(report)

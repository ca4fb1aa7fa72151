"""Values of inline facts: signs, scales and transformations."""

import pytest

from longdoc.ingest.xbrl_values import text_value, write_number


@pytest.mark.parametrize(
    ("text", "transform", "scale", "sign", "value"),
    [
        ("391,035", "ixt:num-dot-decimal", "6", None, "391035000000"),
        ("391,035", "ixt:numdotdecimal", "6", "-", "-391035000000"),
        ("1.234,5", "ixt:num-comma-decimal", "3", None, "1234500"),
        ("1 234,5", "ixt:numspacecomma", None, None, "1234.5"),
        ("1,234.50", "ixt:numcommadot", "0", None, "1234.5"),
        ("—", "ixt:fixed-zero", "6", None, "0"),
        ("-", "ixt:zerodash", None, None, "0"),
        ("6.11", None, "0", None, "6.11"),
        ("24.1", "ixt:num-dot-decimal", "-2", None, "0.241"),
        ("0.0", "ixt:num-dot-decimal", "0", "-", "0"),
        ("ninety-two", "ixt-sec:numwordsen", None, None, "92"),
        ("one hundred and five thousand", "ixt-sec:numwordsen", None, None, "105000"),
        ("no", "ixt-sec:numwordsen", "0", None, "0"),
        ("see note", "ixt:num-dot-decimal", "6", None, None),
        ("", "ixt:num-dot-decimal", None, None, None),
        ("1", None, "999999999", None, None),
        ("1", None, "six", None, None),
        ("9" * 100, None, None, None, None),
    ],
)
def test_numbers_are_written_out_in_full(text: str, transform: str | None, scale: str | None, sign: str | None, value: str | None) -> None:
    assert write_number(text, transform, scale, sign) == value


@pytest.mark.parametrize(
    ("text", "transform", "value"),
    [
        ("September 28, 2024", "ixt:date-monthname-day-year-en", "2024-09-28"),
        ("Sept. 28, 2024", "ixt:datemonthdayyearen", "2024-09-28"),
        ("September 28", "ixt:date-monthname-day-en", "--09-28"),
        ("28 September 2024", "ixt:date-day-monthname-year-en", "2024-09-28"),
        ("09/28/2024", "ixt:dateslashus", "2024-09-28"),
        ("28/09/24", "ixt:dateslasheu", "2024-09-28"),
        ("28.9.2024", "ixt:date-day-month-year", "2024-09-28"),
        ("December 31", "ixt:datemonthdayen", "--12-31"),
        ("June 2024", "ixt:date-monthname-year-en", "2024-06"),
        ("the end", "ixt:date-monthname-day-year-en", None),
        ("Smarch 13, 2024", "ixt:date-monthname-day-year-en", None),
        ("five years", "ixt-sec:durwordsen", "P5Y"),
        ("18 months", "ixt-sec:durwordsen", "P18M"),
        ("2.5", "ixt-sec:duryear", "P2.5Y"),
        ("☒", "ixt-sec:boolballotbox", "true"),
        ("☐", "ixt-sec:boolballotbox", "false"),
        ("whatever", "ixt:fixed-true", "true"),
        ("Delaware", "ixt-sec:stateprovnameen", "DE"),
        ("The Nasdaq Stock Market LLC", "ixt-sec:exchnameen", "NASDAQ"),
        ("new", "ixt:unheard-of", None),
    ],
)
def test_texts_become_dates_durations_and_codes_or_nothing(text: str, transform: str, value: str | None) -> None:
    assert text_value(text, transform) == value

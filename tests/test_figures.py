"""Figures and notes of scale as tables write them."""

from decimal import Decimal

import pytest

from longdoc.figures import find_scale, is_per_share, read_figure, writing_of


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234", "1234"),
        ("$ 1,234.5", "1234.5"),
        ("$(0.84)", "-0.84"),
        ("$ (660)", "-660"),
        ("(1,234)", "-1234"),
        ("\u2212 12", "-12"),
        ("-12", "-12"),
        ("\u2014", "0"),
        ("$ \u2014", "0"),
        ("--", "0"),
        (".99", "0.99"),
        ("1\u00a0234", "1234"),
        ("1'234.50", "1234.50"),
        ("5.2 (1)", "5.2"),
        ("1,056(a)", "1056"),
        ("12*", "12"),
        ("(1)", "-1"),
        ("EUR 300", "300"),
        ("300 €", "300"),
    ],
)
def test_a_figure_is_read_as_a_person_reads_it(text: str, value: str) -> None:
    found = read_figure(text)
    assert found is not None
    assert found.value == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "n/a", "NM", "Basic", "25-30", "4% to 5%", "12 34", "February 2, 2019", "2, 2019", "1.2.3", "Note 5", "$", "(a)"]
)
def test_what_is_no_single_figure_is_none(text: str) -> None:
    assert read_figure(text) is None


def test_percentages_multiples_and_scales_of_their_own_are_told_apart() -> None:
    percent, negative, multiple, scaled = (read_figure(text) for text in ("12.5 %", "(4.8%)", "2.5x", "$5 million"))
    assert percent is not None
    assert (percent.value, percent.percent) == (Decimal("12.5"), True)
    assert negative is not None
    assert (negative.value, negative.percent) == (Decimal("-4.8"), True)
    assert multiple is not None
    assert multiple.times
    assert scaled is not None
    assert (scaled.value, scaled.factor, scaled.currency) == (5, 10**6, "USD")


def test_continental_writing_is_known_by_the_figures_beside_it() -> None:
    assert writing_of("1.234,5\t7.000\t12,25") == "continental"
    assert writing_of("1,234.5\t7,000\t12.25") == "english"
    figure = read_figure("7.000", "continental")
    assert figure is not None
    assert figure.value == 7000


@pytest.mark.parametrize(
    ("text", "factor", "currency"),
    [
        ("(in millions)", 10**6, None),
        ("(In thousands, except per share data)", 10**3, None),
        ("(Dollars in millions, except per share amounts)", 10**6, "USD"),
        ("(Millions)", 10**6, None),
        ("$ in millions", 10**6, "USD"),
        ("($ millions)", 10**6, "USD"),
        ("$000s", 10**3, "USD"),
        ("£'000", 10**3, "GBP"),
        ("EUR m", 10**6, "EUR"),
        ("€bn", 10**9, "EUR"),
        ("in thousands of euros", 10**3, "EUR"),
        ("Thousands of U.S. dollars", 10**3, "USD"),
        ("(amounts in millions)", 10**6, None),
        ("Shares used in calculation (000\u2019s)", 10**3, None),
        ("(in 000s)", 10**3, None),
    ],
)
def test_a_note_tells_factor_and_currency(text: str, factor: int, currency: str | None) -> None:
    found = find_scale(text)
    assert found is not None
    assert (found.factor, found.currency) == (factor, currency)


@pytest.mark.parametrize("text", ["Net sales", "$ 5 million", "$ 1,000", "the millions who voted", "December 31, 2018"])
def test_words_without_such_a_note_give_no_scale(text: str) -> None:
    assert find_scale(text) is None


def test_a_note_says_what_it_excepts_and_how_shares_count() -> None:
    found = find_scale("(In millions, except number of stores and per share data)")
    assert found is not None
    assert found.excepts("Stores open at year end")
    assert not found.excepts("Net sales")
    apple = find_scale("(In millions, except number of shares, which are reflected in thousands, and per-share amounts)")
    assert apple is not None
    assert apple.share_factor == 1000


def test_amounts_a_share_are_known_by_their_label_but_not_by_a_par_value() -> None:
    assert is_per_share("Earnings per common share - diluted")
    assert is_per_share("Diluted EPS")
    assert not is_per_share("Common stock, par value $1.00 per share")
    assert not is_per_share("Shares used in per share calculation")

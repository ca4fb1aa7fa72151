from __future__ import annotations

import pytest

from longdoc.dates import find_dates
from longdoc.ingest import parse_bytes
from longdoc.model.places import find_places
from longdoc.model.values import amounts, percentages, periods, read_value
from longdoc.types import Block, Document, Span


def value(text: str, answer: str, label: str = "", before: str = "", after: str = "", kind: str = "paragraph") -> str | None:
    whole = before + text + after
    block = Block(kind=kind, span=Span(start=0, end=len(whole)))
    document = Document(id="d", path="d", format="txt", text=whole, blocks=(block,))
    span = Span(start=len(before), end=len(before) + len(text))
    found = read_value(document, span, answer, label)
    if found is None:
        return None
    assert span.contains(found.citation.span)
    return found.normalised


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("May 31, 1999", "1999-05-31"),
        ("this 8th day of May 2014", "2014-05-08"),
        ("1st day of April, 2007", "2007-04-01"),
        ("24t h day of August 2018", "2018-08-24"),
        ("the first day of June, 2010", "2010-06-01"),
        ("twenty-second day of March 2012", "2012-03-22"),
        ("31 December 2020", "2020-12-31"),
        ("Nov. 02, 2019", "2019-11-02"),
        ("Sept 3rd, 2019", "2019-09-03"),
        ("5/8/14", "2014-05-08"),
        ("12/31/99", "1999-12-31"),
        ("31.12.2020", "2020-12-31"),
        ("2014-05-08", "2014-05-08"),
        ("June 2011", "2011-06"),
    ],
)
def test_dates_become_iso(text: str, iso: str) -> None:
    assert [found[2] for found in find_dates(f"dated {text}, between")] == [iso]


@pytest.mark.parametrize("text", ["30 February 2020", "13/13/2013", "Section 1.2.3", "10.1.2.3", "____ day of ____, 20__", "1/2/3/4"])
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert find_dates(text) == []


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("thirty (30) days", "P30D"),
        ("12 (twelve) months", "P12M"),
        ("25 (twenty-five) days", "P25D"),
        ("a one-year term", "P1Y"),
        ("a month", "P1M"),
        ("a hundred and twenty days", "P120D"),
        ("successive one (1) year terms", "P1Y"),
        ("twelve months", "P12M"),
        ("twenty-four (24) hours", "PT24H"),
        ("two weeks", "P14D"),
        ("one hundred twenty days", "P120D"),
        ("two years (2)", "P2Y"),
        ("four quarters", "P12M"),
        ("in perpetuity", "perpetual"),
        ("two and one-half years", "P2.5Y"),
        ("one and a half years", "P1.5Y"),
        ("12 1/2 months", "P12.5M"),
        ("2½ years", "P2.5Y"),
        ("one thousand and one days", "P1001D"),
    ],
)
def test_periods_become_durations(text: str, iso: str) -> None:
    assert [found[2] for found in periods(text)] == [iso]


def test_two_numbers_joined_by_and_are_not_added_up() -> None:
    assert [found[2] for found in periods("between thirty and sixty days")] == ["P60D"]


def test_business_days_have_no_duration() -> None:
    assert list(periods("within ten (10) business days")) == []


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("$1,000,000", "USD 1000000"),
        ("US$ 3bn", "USD 3000000000"),
        ("USD 5.2 million", "USD 5200000"),
        ("€ 30.50", "EUR 30.5"),
        ("£12", "GBP 12"),
        ("fifty thousand (50,000) dollars", "USD 50000"),
        ("ten dollars", "USD 10"),
        ("HK$7", "HKD 7"),
        ("SEK 100,000", "SEK 100000"),
        ("NT$ 5 million", "TWD 5000000"),
        ("USD 5M", "USD 5000000"),
        ("EUR 5 m", "EUR 5000000"),
        ("1.5m USD", "USD 1500000"),
        ("$2b", "USD 2000000000"),
        ("Rs. 5 crore", "INR 50000000"),
        ("CHF 1'000'000", "CHF 1000000"),
        ("€2.000.000", "EUR 2000000"),
        ("2.000.000,50 EUR", "EUR 2000000.5"),
        ("$5 (b)", "USD 5"),
        ("$100 made", "USD 100"),
        ("USD 1M LIBOR", "USD 1"),
    ],
)
def test_amounts_carry_their_currency(text: str, amount: str) -> None:
    assert [found[2] for found in amounts(f"pay {text} to")] == [amount]


@pytest.mark.parametrize("before", ["(dollars in millions)\n", "(Millions, except per share amounts)\n", "in millions of dollars\n"])
def test_an_amount_in_a_table_is_scaled_by_the_line_above_it(before: str) -> None:
    assert value("Revenue $ 1,204.5", "amount", before=before, kind="table") == "USD 1204500000"
    assert value("Revenue $ 1,204.5", "amount", before=before) == "USD 1204.5"


@pytest.mark.parametrize(
    ("before", "row"),
    [
        ("(in millions, except per share amounts)\n", "Diluted earnings per share $ 1.40"),
        ("(in millions, except per share amounts)\nEarnings per common share:\n", "Diluted $ 1.40"),
        ("(in millions)\n", "Dividends declared per share of common stock $ 1.40"),
        ("(in millions)\nEarnings per share:\nContinuing operations $ 1.38\nAttributable to\nthe shareholders\n", "Net income $ 1.40"),
    ],
)
def test_an_amount_per_share_is_not_scaled(before: str, row: str) -> None:
    assert value(row, "amount", before=before, kind="table") == "USD 1.4"


def test_an_amount_in_a_table_has_the_scale_that_its_cell_has() -> None:
    source = "Costs are in billions.\n\nSales (EUR m):\n\n| | 2023 |\n|--|--|\n| North | EUR 81.4 |\n| Price per share | EUR 5 |\n"
    document = parse_bytes(source.encode(), "t.md").document
    start = source.index("| North")
    row = read_value(document, Span(start=start, end=source.index("|\n| Price")), "amount")
    share = read_value(document, Span(start=source.index("| Price"), end=len(source) - 1), "amount")
    assert [found.normalised for found in (row, share) if found] == ["EUR 81400000", "EUR 5"]


def test_of_several_amounts_the_one_after_the_labels_name_is_read() -> None:
    sentence = "Net sales rose to $782.5 million, and operating income to $91.2 million."
    assert value(sentence, "amount", label="Operating Income") == "USD 91200000"
    assert value(sentence, "amount", label="Dividends") == "USD 782500000"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("20 %", "20%"),
        ("twenty percent (20%)", "20%"),
        ("five (5) per cent", "5%"),
        ("5.25% of sales", "5.25%"),
        ("1/2%", "0.5%"),
        ("12 1/2 %", "12.5%"),
        ("1½%", "1.5%"),
        ("two and one-half percent", "2.5%"),
    ],
)
def test_shares_become_percentages(text: str, share: str) -> None:
    assert [found[2] for found in percentages(text)] == [share]


def test_a_number_without_a_mark_is_no_percentage() -> None:
    assert list(percentages("12 of them in 2014")) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("governed by the laws of the State of New York", "New York"),
        ("the laws of the Province of Ontario and the federal laws of Canada", "Ontario, Canada"),
        ("construed under the laws of England and Wales", "England and Wales"),
        ("This contract is subject to Swiss law.", "Switzerland"),
        ("the laws of the People's Republic of China", "China"),
        ("the laws of the United States of America and of the State of Ohio", "Ohio"),
        ("Disputes in Texas are under the laws of West Virginia", "West Virginia"),
        ("Delaware law applies", "Delaware"),
    ],
)
def test_the_governing_law_is_a_known_place(text: str, place: str) -> None:
    assert value(text, "jurisdiction") == place


def test_a_place_needs_a_capital() -> None:
    assert find_places("a turkey in georgia") == []


@pytest.mark.parametrize(
    ("after", "party"),
    [
        (', a Delaware corporation ("Supplier")', "Northwind Tools, Inc. (Supplier)"),
        (" (hereinafter referred to as the “Buyer”),", "Northwind Tools, Inc. (Buyer)"),
        (' and Contoso LLC ("Buyer")', "Northwind Tools, Inc."),
        ("", "Northwind Tools, Inc."),
    ],
)
def test_a_party_takes_the_role_that_stands_right_behind_it(after: str, party: str) -> None:
    assert value("Northwind  Tools, Inc.", "party", after=after) == party


def test_a_sentence_is_no_party() -> None:
    assert value("This Agreement is made " + "by many people " * 20, "party") is None


RENEWAL = "The term shall renew for successive two (2) year terms unless either party gives sixty (60) days' prior written notice."


@pytest.mark.parametrize(
    ("text", "answer", "label", "expected"),
    [
        (RENEWAL, "duration", "Renewal Term", "P2Y"),
        (RENEWAL, "duration", "Notice Period To Terminate Renewal", "P60D"),
        ("It begins on May 1, 2010 and ends on April 30, 2015.", "date", "Expiration Date", "2015-04-30"),
        ("Made on May 1, 2010 and effective as of June 1, 2010.", "date", "Effective Date", "2010-06-01"),
        ("Made on May 1, 2010 and effective as of June 1, 2010.", "date", "Agreement Date", "2010-05-01"),
        ("It lasts three (3) years from May 1, 2010.", "date", "Expiration Date", "P3Y"),
        ("The supplier shall insure the goods.", "yes_no", "Insurance", "yes"),
        ("Nothing of the kind.", "date", "Agreement Date", None),
        ("Nothing of the kind.", "text", "Document Name", None),
    ],
)
def test_the_value_is_the_one_that_the_label_asks_for(text: str, answer: str, label: str, expected: str | None) -> None:
    assert value(text, answer, label) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Revenue decreased $15.0 billion, or 54%, to $12.7 billion from $27.7 billion.", "USD 12700000000"),
        ("Revenue increased by approximately $0.159 in the quarter.", None),
        ("There was a $3 million decrease, to $7 million.", "USD 7000000"),
        ("Excluding the pass-through of raw material costs of $670 million, revenue rose.", None),
        ("Liability shall not exceed the higher of $5,000 and the fees paid.", "USD 5000"),
        ("The minimum shall be increased to $50,000.", "USD 50000"),
    ],
)
def test_what_something_rose_or_fell_by_is_not_its_amount(text: str, expected: str | None) -> None:
    assert value(text, "amount", "Revenue") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It shall automatically renew for an additional period of three (3) years.", None),
        ("It stays in force for a period of one (1) year, and is renewed for successive periods of one (1) year.", None),
        ("It renews for successive one (1) year terms unless a party objects with sixty (60) days' notice.", "P60D"),
        ("Unless a party tells the other of its intent not to renew within a period of three (3) months, it renews by itself.", "P3M"),
        ("Sixty (60) days must pass until it is over.", "P60D"),
    ],
)
def test_a_term_and_that_of_its_renewal_are_no_period_of_notice(text: str, expected: str | None) -> None:
    document = parse_bytes(text.encode(), "contract.txt").document
    value = read_value(document, Span(start=0, end=len(text)), "duration", "Notice Period To Terminate Renewal")
    assert (value.normalised if value else None) == expected

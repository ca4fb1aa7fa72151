"""What a question asks for, reckoned from accounts; whom it is about; which point of a contract it means."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from longdoc.types import Document, Span
from longdoc_pipelines.accounts import Accounts, Amount, Line, Period
from longdoc_pipelines.accounts.concepts import BY_NAME
from longdoc_pipelines.answers.accounts import answer_from, items_of
from longdoc_pipelines.answers.contracts import topic_of
from longdoc_pipelines.answers.formulas import ITEMS, MEASURES, STAND_INS
from longdoc_pipelines.answers.question import When, understand, when
from longdoc_pipelines.answers.subjects import is_about, names_in, without_names

PLACE = Span(start=0, end=1)


def line(concept: str, values: dict[int, int], scale: int = 10**6) -> Line:
    known = BY_NAME[concept]
    months = 12 if known.flow else 0
    amounts = tuple(
        Amount(Period(year, f"{year}-12-31", months), Decimal(value * scale), Decimal(scale), "USD", (PLACE,), PLACE)
        for year, value in values.items()
    )
    return Line(known.title, known.title, concept, 0, known.kinds[0], "amount", amounts)


ACCOUNTS = Accounts(
    (
        line("revenue", {2021: 1000, 2020: 800, 2019: 640}),
        line("cost_of_revenue", {2021: -600, 2020: -500, 2019: -400}),
        line("income_tax", {2021: -30, 2020: -20}),
        line("pretax_income", {2021: 150, 2020: 100}),
        line("net_income", {2021: 120, 2020: 80, 2019: -10}),
        line("capex", {2021: -50, 2020: -40, 2019: -32}),
        line("operating_cash_flow", {2021: 210, 2020: 150}),
        line("investing_cash_flow", {2021: -90, 2020: -60}),
        line("financing_cash_flow", {2021: -20, 2020: 30}),
        line("inventory", {2021: 110, 2020: 90}),
        line("payables", {2021: 60, 2020: 40}),
        line("cash", {2021: 70, 2020: 100}),
    ),
    (12, 31),
)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the FY2021 revenue?", "Revenue, FY2021: $1,000 million."),
        ("How much was capital expenditure in FY2020 in USD billions?", "Capital expenditures, FY2020: $0.04 billion."),
        ("What is gross margin for FY2021?", "Gross margin, FY2021: 40.0 %."),
        ("What is the effective tax rate in FY2021?", "Effective tax rate, FY2021: 20.0 %."),
        ("What is the FY2021 free cash flow?", "Free cash flow, FY2021: $160 million."),
        (
            "What is FY2019 - FY2021 3 year average of capex as a % of revenue?",
            "Capital expenditures / revenue, average of FY2019 to FY2021: 5.0 %.",
        ),
        ("What is the 2 year CAGR of revenue from FY2019 to FY2021?", "Revenue, compound annual growth FY2019 to FY2021: 25.0 %."),
        ("What is days payable outstanding for FY2021?", "Days payable outstanding, FY2021: 29.44 days."),
        ("Was there any drop in cash and cash equivalents between FY2020 and FY2021?", "Yes: cash and cash equivalents fell"),
        ("Did net income decline in FY2021?", "No: net income rose from $80 million (FY2020) to $120 million (FY2021), by 50.0 %."),
        ("Did gross margin increase or decrease in FY2021?", "Gross margin rose from 37.5 % (FY2020) to 40.0 % (FY2021)"),
        ("Are gross margins consistent (not fluctuating more than 2% each year)?", "No: gross margin was 40.0 % (FY2021), 37.5 % (FY2020)"),
        (
            "Among operations, investing and financing activities, which brought in the most cash in FY2021?",
            "Cash flow from operating activities $210 million in FY2021; cash flow from financing activities −$20 million;",
        ),
        (
            "Did net income increase from FY2019 to FY2020?",
            "Yes: net income rose from −$10 million (FY2019) to $80 million (FY2020), by $90 million.",
        ),
        ("What was the growth of net income from FY2019 to FY2020?", None),
        ("What is the working capital ratio in FY2021?", None),
        ("What was revenue in FY2012?", None),
    ],
)
def test_a_question_about_accounts_is_reckoned(question: str, text: str | None) -> None:
    asked = understand(question)
    assert asked is not None
    result = answer_from(ACCOUNTS, asked)
    assert (result is None) if text is None else (result is not None and result.text.startswith(text)), result and result.text


@pytest.mark.parametrize(
    "question",
    [
        "What drove the change in operating margin in FY2022?",
        "What was adjusted EBITDA in 2023?",
        "Which segment's net sales grew most?",
        "Is this a capital-intensive business?",
        "Why did net income fall?",
        "How did wages as a percent of net sales move?",
        "What was bitcoin revenue in 2020?",
        "What was the goodwill impairment loss in 2019?",
    ],
)
def test_what_no_line_item_answers_is_left_to_the_text(question: str) -> None:
    assert understand(question) is None


def test_a_definition_in_the_question_does_not_name_what_is_asked() -> None:
    asked = understand("What is the FY2020 quick ratio? Quick ratio is defined as: (cash + receivables) / total current liabilities.")
    assert asked is not None
    assert [measure.name for measure in asked.measures] == ["quick ratio"]


@pytest.mark.parametrize(
    ("question", "periods"),
    [
        ("revenue in FY2019", (When(2019),)),
        ("between FY20 and FY21", (When(2020), When(2021))),
        ("Q2 of FY2023 against the second quarter of 2022", (When(2023, 2), When(2022, 2))),
        ("as of 2023 Q4", (When(2023, 4),)),
        ("a price of $2,019 and 2020 shares", (When(2020),)),
    ],
)
def test_periods_are_read_as_people_write_them(question: str, periods: tuple[When, ...]) -> None:
    assert when(question)[0] == periods


def test_short_term_debt_is_all_of_its_lines() -> None:
    notes, due = line("short_term_debt", {2021: 30}), line("short_term_debt", {2021: 12})
    named = [replace(notes, name="Notes payable", choice=1), replace(due, name="Current portion of long-term debt", choice=1)]
    asked = understand("What was total debt in FY2021?")
    assert asked is not None
    debt = answer_from(Accounts((line("long_term_debt", {2021: 100}), *named), (12, 31)), asked)
    assert debt is not None
    assert debt.calculation == "100 + (30 + 12) = $142 million"


def test_a_company_that_names_its_year_by_the_one_before_is_asked_in_its_own_words() -> None:
    shop = Accounts((line("revenue", {2023: 900, 2022: 800}),), (1, 28), named_ahead=1)
    own, by_end = understand("What was revenue in fiscal 2022?"), understand("What was revenue in fiscal 2023?")
    assert own is not None
    assert by_end is not None
    told = [result.value for result in (answer_from(shop, own), answer_from(shop, by_end)) if result is not None]
    assert told == ["900000000", "900000000"]


def test_every_measure_is_made_of_known_items() -> None:
    nodes = [measure.node for measure in MEASURES] + list(STAND_INS.values())
    used = {item.concept for node in nodes for item in items_of(node)} | {concept for concept, _ in ITEMS}
    assert used <= set(BY_NAME)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What was Larch Mills' net income in FY2021?", ["Larch Mills"]),
        ("What are AMCO's D&A and EBITDA for Q2 FY2023?", ["AMCO"]),
        ("Fixed asset turnover is wanted: what is fixed asset turnover for 7M?", ["7M"]),
        ("what is the net income?", []),
        ("What Is The Most Favored Nation Clause Of This Contract?", []),
    ],
)
def test_names_are_told_from_the_words_of_the_trade(question: str, names: list[str]) -> None:
    assert names_in(question) == names


@pytest.mark.parametrize(("name", "about"), [("Oak & Oak", True), ("OnO", True), ("oak", True), ("Elm Foods", False), ("ELM", False)])
def test_a_filing_is_about_the_company_on_its_cover(name: str, about: bool) -> None:
    text = "FORM 10-K\nOAK & OAK, INC.\n" + "The company buys from others. " * 300 + "Elm Foods is a competitor."
    filing = Document(id="a", path="one.pdf", format="pdf", text=text, domain="financial")
    assert is_about(filing, [name]) is about


def test_another_document_is_about_whom_it_names_anywhere() -> None:
    contract = Document(id="a", path="one.txt", format="txt", text="Agreement. " * 1000 + "Elm Foods may audit.", domain="legal")
    assert is_about(contract, ["Elm Foods"])
    assert not is_about(contract, ["Oak"])


def test_names_are_left_out_where_a_document_is_known_to_be_theirs() -> None:
    assert without_names("What drove OnO's margin in FY2022?", ["OnO"]) == "What drove margin in fiscal 2022?"


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("What is the governing law?", "Governing Law"),
        ("Who are the parties?", "Parties"),
        ("When does the agreement expire?", "Expiration Date"),
        ("How much notice is needed to prevent renewal?", "Notice Period To Terminate Renewal"),
        ("May the contract be assigned without consent?", "Anti-Assignment"),
        ("Is there a cap on liability?", "Cap On Liability"),
        ("Is liability unlimited for anything?", "Uncapped Liability"),
        ("What colour is the logo?", None),
    ],
)
def test_a_question_means_a_usual_point_of_contracts(question: str, label: str | None) -> None:
    topic = topic_of(question)
    assert (topic.label if topic else None) == label

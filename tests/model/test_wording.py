"""Which sentences may stand in a summary, and what of them is quoted."""

from __future__ import annotations

import pytest

from longdoc.model.wording import ends_well, leans_on_others, quotable_section, trimmed, works_cited, worth_quoting

LONG = (
    "Supplier shall deliver the goods to the warehouse named by Customer within ten days after each order is received, "
    "and shall bear all cost of carriage; provided that Customer shall bear the cost of carriage of any goods that it sends back "
    "without a reason that this agreement recognises as good."
)


@pytest.mark.parametrize(
    ("sentence", "part"),
    [
        ("2.1 Term. This is it.", "Term. This is it."),
        ("(a) Supplier shall deliver the goods.", "Supplier shall deliver the goods."),
        ("Section 4.2 Supplier shall deliver the goods.", "Supplier shall deliver the goods."),
        ("• Sales rose by four percent.", "Sales rose by four percent."),
        ("Exhibit 6.7 EXCLUSIVE DISTRIBUTOR AGREEMENT This Agreement is made today.", "This Agreement is made today."),
        ("Supplier shall deliver the goods.", "Supplier shall deliver the goods."),
    ],
)
def test_numbers_bullets_and_shouted_titles_are_left_out_of_the_quote(sentence: str, part: str) -> None:
    start, end, cut = trimmed(sentence, 450)
    assert (sentence[start:end], cut) == (part, False)


def test_a_long_sentence_is_cut_where_one_of_its_clauses_ends() -> None:
    start, end, cut = trimmed(LONG, 200)
    assert cut
    assert LONG[start:end] == LONG[: LONG.index("; provided")]


def test_a_long_run_without_clauses_gives_nothing() -> None:
    assert trimmed("word " * 200, 300) == (0, 0, True)


@pytest.mark.parametrize(
    "sentence",
    [
        "Too short to say much.",
        "fragment of a sentence that began somewhere else on the page before this one.",
        "Indicate by check mark whether the registrant is a large accelerated filer or not.",
        "These forward-looking statements are based on current plans and expectations of the management.",
        "Results of Operations ............................................ 27 and what follows on that page",
        "Net sales 1,942 1,873 1,760 1,655 Cost of sales 1,204 1,166 1,082 1,010 Gross profit 738 707 678 645",
        "IN WITNESS WHEREOF, the parties have caused this agreement to be signed by their officers.",
        '"Affiliate" of a company has the meaning that is given to this word in the Investment Agreement.',
        "THE SUPPLIER MAKES NO WARRANTY OF ANY KIND",
    ],
)
def test_fragments_tables_and_boilerplate_are_not_quoted(sentence: str) -> None:
    assert not worth_quoting(sentence)


def test_a_plain_sentence_with_figures_is_quoted() -> None:
    assert worth_quoting("Net sales were $1,942 million in 2021, up 4.1 percent, driven by higher volume and selling prices.")


@pytest.mark.parametrize("sentence", ["It also applies here.", "However, sales fell.", "In addition, one was sold.", "These are good."])
def test_a_sentence_that_points_back_leans_on_others(sentence: str) -> None:
    assert leans_on_others(sentence)


@pytest.mark.parametrize("sentence", ["This Agreement ends in May.", "In this paper we tag words.", "Sales fell.", "Italy is one."])
def test_a_sentence_that_names_its_subject_stands_alone(sentence: str) -> None:
    assert not leans_on_others(sentence)


def test_references_signatures_and_definitions_do_not_speak_for_a_document() -> None:
    assert not quotable_section(("7 References",))
    assert not quotable_section(("Article I. Definitions", "1.1"))
    assert quotable_section(("Exhibit 10.2", "2. Term"))
    assert quotable_section(())


def test_citations_of_other_works_are_counted() -> None:
    assert works_cited("Earlier taggers (Church 1988; Kupiec 1992) need a corpus [3, 4], as Smith et al. say.") == 3
    assert works_cited("Net sales rose 4 percent in 2021.") == 0


def test_a_sentence_ends_with_its_mark_even_inside_quotation_marks() -> None:
    assert ends_well('He called it "done."')
    assert not ends_well("the parties agree as follows:")

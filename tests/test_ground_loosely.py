"""Quotes as language models give them are located, and what differs is told."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from longdoc.errors import GroundingError
from longdoc.ground import Locator, ground_loosely
from longdoc.types import Block, Document, Span

CONTRACT = (
    "7. Liability. The Supplier shall not be liable for any agree-\nment made with \u201cthird parties\u201d after 5,000 days. "
    "The Customer\u2019s obligation to pay \u20ac 1.5 million under Section 5.2(a) shall survive termination, unless it was waived in "
    "writing. Either party may assign this agreement to an affiliate, provided that notice is given to the other party in good time.\n\n"
    "8. Governing law. The laws of Norway govern this agreement and every claim that arises from it."
)


def made(text: str, *furniture: str) -> Document:
    blocks = tuple(Block(kind="furniture", span=Span(start=text.index(one), end=text.index(one) + len(one))) for one in furniture)
    return Document(id="d", path="a.txt", format="txt", text=text, blocks=blocks)


def found(text: str, quote: str, near: int | None = None) -> str | None:
    located = Locator(made(text)).locate(quote, near=near)
    return None if located is None else text[located.span.start : located.span.end]


@pytest.mark.parametrize(
    ("quote", "passage"),
    [
        ("the supplier SHALLNOT be liable for any agree- ment", "The Supplier shall not be liable for any agree-\nment"),
        ("for any agreement made with 'third parties'", "for any agree-\nment made with \u201cthird parties\u201d"),
        ("any agree\u00adment made", "any agree-\nment made"),
        ("\u00abSection 5.2(a)\u00bb", "Section 5.2(a)"),
        ("obli gation to pay \u20ac1.5 million", "obligation to pay \u20ac 1.5 million"),
        ("termination,  unless\tit was", "termination, unless it was"),
        ("to an a\ufb03liate, provided", "to an affiliate, provided"),
        ("...the laws of Norway govern\u2026", "The laws of Norway govern"),
        ("Norway", "Norway"),
    ],
)
def test_what_leaves_the_letters_as_they_are_costs_nothing(quote: str, passage: str) -> None:
    located = Locator(made(CONTRACT)).locate(quote)
    assert located is not None
    assert CONTRACT[located.span.start : located.span.end] == passage
    assert (located.distance, located.differences, located.changed_numbers_or_negations) == (0.0, (), False)


@pytest.mark.parametrize(
    ("text", "quote", "passage"),
    [
        ("本合同期限为三年，自签字之日起生效。", "期限为三年,自签字", "期限为三年，自签字"),
        ("هذا العَقْدُ سارٍ لمدة ٣ سنوات", "العقد سار لمدة 3", "العَقْدُ سارٍ لمدة ٣"),
        ("Ещё один договор", "ЕЩЕ ОДИН", "Ещё один"),
        ("Re\u0301sume\u0301 du caf\u00e9 noir", "r\u00e9sum\u00e9 du cafe\u0301", "Re\u0301sume\u0301 du caf\u00e9"),
        ("ＡＢＣ株式会社は", "ABC株式会社", "ＡＢＣ株式会社"),
        ("\U00020bb7野家の牛丼", "\U00020bb7野家", "\U00020bb7野家"),
        ("\U0001d400\U0001d401 is bold", "AB is", "\U0001d400\U0001d401 is"),
        ("हिन्दी में अनुबंध", "में अनुबंध", "में अनुबंध"),
        ("이 계약은 유효하다", unicodedata.normalize("NFD", "계약은 유효하다"), "계약은 유효하다"),
        ("สัญญานี้มีผลบังคับใช้", "มีผลบังคับ", "มีผลบังคับ"),
    ],
)
def test_quotes_are_located_in_any_script(text: str, quote: str, passage: str) -> None:
    assert found(text, quote) == passage


def test_an_accent_that_tells_letters_of_a_script_apart_counts() -> None:
    assert found("\u304b\u304d\u304f", "\u304c\u304d\u304f") is None


@pytest.mark.parametrize(
    ("quote", "passage", "differences"),
    [
        (
            "Either party may transfer this agreement to an affiliate",
            "Either party may assign this agreement to an affiliate",
            (("transfer", "assign"),),
        ),
        (
            "Either party may assign agreement to an affiliate, provided",
            "Either party may assign this agreement to an affiliate, provided",
            (("", "this"),),
        ),
        (
            "Either party may also assign this agreement to an affiliate",
            "Either party may assign this agreement to an affiliate",
            (("also", ""),),
        ),
        (
            "Each party may assign this agreement to an affiliate",
            "Either party may assign this agreement to an affiliate",
            (("Each", "Either"),),
        ),
        (
            "notice is given to the other party in good faith",
            "notice is given to the other party in good time",
            (("faith", "time"),),
        ),
    ],
)
def test_one_word_may_differ_and_is_told(quote: str, passage: str, differences: tuple[tuple[str, str], ...]) -> None:
    located = Locator(made(CONTRACT)).locate(quote)
    assert located is not None
    assert CONTRACT[located.span.start : located.span.end] == passage
    assert located.differences == differences
    assert located.differing == 1
    assert not located.exact
    assert not located.changed_numbers_or_negations


@pytest.mark.parametrize(
    "quote",
    [
        "The Supplier shall be liable for any agreement made with third parties",
        "made with third parties after 50,000 days. The Customer's obligation",
        "obligation to pay \u20ac 1.5 billion under Section 5.2(a) shall survive",
        "obligation to pay $ 1.5 million under Section 5.2(a) shall survive",
        "obligation to pay \u20ac 1.5 million under Section 5.3(a) shall survive",
        "shall survive termination, if it was waived in writing. Either party",
        "Either party shall assign this agreement to an affiliate, provided that",
        "000 days. The Customer's obligation to pay \u20ac 1.5 million",
    ],
)
def test_a_changed_number_or_negation_is_located_and_said_so(quote: str) -> None:
    located = Locator(made(CONTRACT)).locate(quote)
    assert located is not None
    assert located.changed_numbers_or_negations


def test_of_passages_that_read_alike_the_one_that_differs_least_is_taken() -> None:
    text = "(b) the number of pieces where just the English word was found, (c) the number of pieces where just the French word was found"
    assert found(text, "the number pieces where just the French word") == text[text.rindex("the number") : text.rindex(" was")]


def test_a_word_turned_round_by_a_prefix_is_a_changed_negation() -> None:
    located = Locator(made("The liability of each party under this agreement is unlimited.")).locate(
        "The liability of each party under this agreement is limited."
    )
    assert located is not None
    assert located.changed_numbers_or_negations


@pytest.mark.parametrize(
    "quote",
    [
        "Supplier shall be responsible",  # short: no word may differ
        "lier shall",  # begins inside a word
        "Either party may transfer this contract to an affiliate",  # two words
        "party Either agreement may this assign affiliate to an",
        "The Customer may terminate for convenience on ninety days of prior written notice",
        "15 million",
        "",
        " \n",
        "\u2020\u2020",
    ],
)
def test_what_the_document_does_not_hold_is_not_located(quote: str) -> None:
    assert Locator(made(CONTRACT)).locate(quote) is None


def test_a_longer_quote_may_differ_in_one_word_of_each_twenty() -> None:
    words = [f"word{letter}{other}" for letter in "abcdefgh" for other in "ijklmnop"]
    text = " ".join(words)
    two, three = words[:40], words[:40]
    two[10] = two[30] = "other"
    three[10] = three[20] = three[30] = "other"
    assert found(text, " ".join(two)) == " ".join(words[:40])
    assert found(text, " ".join(three)) is None


def test_a_sentence_goes_on_across_a_page_break() -> None:
    text = "The Supplier shall deliver the\n\n12\n\nSource: ACME, 10-K, 2019\n\ngoods to the port of Bergen."
    quote = "The Supplier shall deliver the goods to the port of Bergen"
    marked = Locator(made(text, "12\n\nSource: ACME, 10-K, 2019")).locate(quote)
    unmarked = Locator(made(text)).locate(quote)
    assert marked is not None
    assert unmarked is not None
    assert marked.span == unmarked.span == Span(start=0, end=len(text) - 1)
    assert marked.distance == unmarked.distance == 0


@pytest.mark.parametrize("mark", ["...", "\u2026", "[...]", ". . .", "(\u2026)", " [. . .] "])
def test_a_shortened_quote_spans_from_its_first_part_to_its_last(mark: str) -> None:
    quote = f"the Supplier shall not be liable {mark} made with third parties after 5,000 days"
    assert found(CONTRACT, quote) == CONTRACT[CONTRACT.index("The Supplier") : CONTRACT.index(" The Customer") - 1]


def test_parts_of_a_shortened_quote_stand_in_order_and_close_together() -> None:
    first, last = "The first clause stands here", "the last clause stands here"
    near, far = "x" * 20, "Words of a long recital. " * 200
    assert found(f"{first} {near} {last}", f"{first} ... {last}") == f"{first} {near} {last}"
    assert found(f"{first} {far} {last}", f"{first} ... {last}") is None
    assert found(f"{last} {near} {first}", f"{first} ... {last}") is None


def test_a_shortened_quote_takes_the_closest_parts() -> None:
    text = "Party A shall pay now. Party A shall pay at once and deliver the goods on time. They deliver the goods on time."
    assert found(text, "Party A shall pay ... deliver the goods on time") == "Party A shall pay at once and deliver the goods on time"


def test_an_ellipsis_of_the_document_s_own_is_found_as_it_stands() -> None:
    assert found("They said ... nothing at all of it.", "they said ... nothing") == "They said ... nothing"


def test_a_repeated_quote_is_located_near_an_offset_or_first() -> None:
    text = "Notice is given. " * 3
    locator = Locator(made(text))
    starts = [one.start() for one in re.finditer("Notice", text)]
    assert [locator.locate("notice is given", near=near).span.start for near in (None, 16, 999)] == [starts[0], starts[1], starts[2]]  # type: ignore[union-attr]


def test_a_whole_word_is_preferred_to_a_part_of_one() -> None:
    assert Locator(made("party art")).locate("art").span == Span(start=6, end=9)  # type: ignore[union-attr]


def test_a_quote_is_located_inside_the_area_that_was_asked_for() -> None:
    text = CONTRACT + "\n\n" + CONTRACT
    area = Span(start=len(CONTRACT), end=len(text))
    quote = "Either party may transfer this agreement to an affiliate"
    citation = ground_loosely(Locator(made(text)), quote, within=area)
    assert area.contains(citation.span)
    assert citation.quote == "Either party may assign this agreement to an affiliate"


def test_the_span_takes_the_punctuation_that_the_quote_has() -> None:
    quote = "survive termination, unless it was waived in writing."
    located = Locator(made(CONTRACT)).locate(quote)
    assert located is not None
    assert CONTRACT[located.span.start : located.span.end] == quote
    assert located.exact
    assert found(CONTRACT, '"third parties"') == "\u201cthird parties\u201d"


def test_a_refusal_tells_the_nearest_passage_and_how_far_it_is() -> None:
    quote = "Either party may transfer this contract to an affiliate, provided that notice is given"
    with pytest.raises(GroundingError) as refused:
        ground_loosely(Locator(made(CONTRACT)), quote)
    assert str(refused.value) == (
        f"a.txt: does not hold {quote!r}; the nearest passage is 'Either party may assign this agreement to an affiliate, provided that "
        "notice is given', which differs in 2 of 14 words; quote the words as they stand in the document"
    )


@pytest.mark.parametrize("quote", ["", " ", "wholly different words that stand in no contract"])
def test_a_refusal_without_a_nearest_passage_names_the_document(quote: str) -> None:
    with pytest.raises(GroundingError, match=r"^a\.txt: .*quote "):
        ground_loosely(Locator(made(CONTRACT)), quote)


def test_an_empty_document_holds_nothing() -> None:
    assert Locator(made("")).locate("a quote of eight words is looked for") is None


WORDS = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=9)


@given(st.lists(WORDS, min_size=1, max_size=40), st.data())
@settings(deadline=None)
def test_any_run_of_words_is_located_whatever_becomes_of_its_spaces_and_case(words: list[str], data: st.DataObject) -> None:
    joints = data.draw(
        st.lists(st.sampled_from([" ", "\n", " \n\n", "\u3000", ", ", " \u2014 "]), min_size=len(words), max_size=len(words))
    )
    text = "".join(word + joint for word, joint in zip(words, joints, strict=True))
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = data.draw(st.sampled_from([" ", "\n", "  "])).join(words[first : last + 1])
    quote = data.draw(st.sampled_from([str, str.upper, str.lower, lambda one: unicodedata.normalize("NFD", one)]))(quote)
    located = Locator(made(text)).locate(quote)
    assert located is not None
    assert located.distance == 0
    passage = text[located.span.start : located.span.end]
    assert letters(passage) == letters(quote)
    start = len("".join(word + joint for word, joint in zip(words[:first], joints, strict=False)))
    own = text[start:].removesuffix(text[len("".join(word + joint for word, joint in zip(words[: last + 1], joints, strict=False))) :])
    # Where the words stand again later and only there with nothing but spaces between them, that place is the closer one.
    assert located.span.start <= start or (located.exact and own.split() != quote.split())


def letters(text: str) -> str:
    """Letters and digits by a simpler rule than the product's."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(str(unicodedata.decimal(one, one)) for one in plain.replace("\u0131", "i") if one.isalnum())

"""Language per section: named where it is another than the document's."""

from ingest.structure_samples import FILLER, paragraphs, read

GERMAN = (
    "Die Parteien vereinbaren, dass der Müller der Bäckerei das Mehl an jedem Morgen liefert, bevor das Brot gebacken wird, und dass der "
    "Bäcker es am Ende des Monats bezahlt, und zwar auf das Konto, das der Müller ihm für diesen Zweck nennt und das bei einer Bank ist."
)


def test_sections_in_another_language_say_so_and_the_warning_says_how_much() -> None:
    document = read(paragraphs("1. Flour. " + FILLER, "1. Mehl. " + GERMAN, "2. Price. " + FILLER * 2, "2. Preis. " + GERMAN))
    assert document.language == "en"
    assert [section.language for section in document.sections] == [None, "de", None, "de"]
    share = round(100 * sum(len(section.span) for section in document.sections if section.language) / len(document.text))
    warning = next(warning for warning in document.warnings if "German" in warning)
    assert warning.startswith(f"{share} % of the text (2 of 4 sections) is in German")


def test_a_short_section_goes_with_the_one_above_it() -> None:
    document = read(paragraphs("1. Flour. " + FILLER * 3, "2. Mehl. " + GERMAN, "(a) trocken", "(b) ganz", "3. Price. " + FILLER * 3))
    assert [section.language for section in document.sections] == [None, "de", "de", "de", None]


def test_a_document_in_one_language_names_none() -> None:
    document = read(paragraphs("1. Mehl. " + GERMAN, "2. Preis. " + GERMAN))
    assert document.language == "de"
    assert [section.language for section in document.sections] == [None, None]
    assert document.warnings == ("the text is in German; the shipped model was trained on English, expect little of its results",)

"""A light look at the language: scripts first, then the commonest short words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from longdoc.types import Section

SAMPLE = 8_000
SECTION_SAMPLE = 1_200
FEWEST_CHARACTERS = 200
_NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish",
    "pl": "Polish", "ru": "a Cyrillic script", "el": "Greek", "ar": "Arabic", "he": "Hebrew", "zh": "Chinese", "ja": "Japanese",
    "ko": "Korean", "hi": "Devanagari", "th": "Thai", "other": "another language than English",
}  # fmt: skip
_STOP_WORDS = {
    "en": "the of and to in is that for with be by this on are as or shall any it not from",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch werden",
    "fr": "de la le et les des en un du une que est pour qui dans par sur pas au avec ce",
    "es": "de la que el en y los del se las por un para con una su al lo como más",
    "it": "di e il la che in per un è del della non con una sono le dei al da nel",
    "pt": "de a o que e do da em um para com não uma os no se na por dos as ao",
    "nl": "de van het een en in is dat op te zijn met voor niet aan er om door",
    "sv": "och att det som en på är av för med den till inte om ett har de",
    "pl": "w i na z do się że nie to jest o po jak przez dla od",
}
_STOPS = {language: set(words.split()) for language, words in _STOP_WORDS.items()}
_SCRIPTS = (
    ("ru", "\u0400", "\u04ff"),
    ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"),
    ("ar", "\u0600", "\u06ff"),
    ("hi", "\u0900", "\u097f"),
    ("th", "\u0e00", "\u0e7f"),
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7af"),
    ("zh", "\u4e00", "\u9fff"),
)
_WORD = re.compile(r"[^\W\d_]+")
_NOT_LATIN = re.compile("[\u0370-\U0010ffff]")


def detect_language(text: str) -> str | None:
    """A code such as "en", "de" or "zh", "other" where words are not English ones, None where it cannot be told."""
    middle = max(0, len(text) // 2 - SAMPLE // 2)
    sample = text[:SAMPLE] if len(text) <= 2 * SAMPLE else text[: SAMPLE // 2] + text[middle : middle + SAMPLE // 2]
    letters = sum(map(str.isalpha, sample))
    if letters < 100:
        return None
    foreign = [character for character in _NOT_LATIN.findall(sample) if character.isalpha()]
    if len(foreign) * 2 > letters:
        return _script(foreign)
    words = _WORD.findall(sample)
    if len(words) < 40:
        return None
    counts = Counter(map(str.lower, words))
    shares = {language: sum(counts[word] for word in stops & counts.keys()) / len(words) for language, stops in _STOPS.items()}
    best = max(shares, key=lambda language: shares[language])
    if best == "en" or shares["en"] >= 0.7 * shares[best]:
        return "en" if shares["en"] >= 0.05 else None
    if shares[best] >= 0.12:
        return best
    # Lists of names and figures have no short words in any language; running text in small letters does.
    running = sum(word.islower() for word in words) >= 0.7 * len(words)
    return "other" if running and len(words) >= 200 and shares["en"] < 0.01 else None


def section_languages(text: str, sections: Sequence[Section], language: str | None) -> dict[int, str]:
    """Sections that are in another language than the document's, by index.

    A section's own words, those before its first subsection, decide; where these are too few it goes with the section above it. Most
    sections are told to be in the document's language by its commonest words alone, which costs next to nothing.
    """
    if language is None or not sections:
        return {}
    common = [f" {word} " for word in (_STOP_WORDS.get(language) or "").split()[:6]]
    own: dict[int, str | None] = {}
    for place, section in enumerate(sections):
        following = sections[place + 1].span.start if place + 1 < len(sections) else len(text)
        sample = text[section.span.start : min(section.span.end, following, section.span.start + SECTION_SAMPLE)]
        if len(sample) < FEWEST_CHARACTERS:
            found = None
        elif common and sum(map(sample.count, common)) * 80 >= len(sample) - 40:
            found = language
        else:
            found = detect_language(sample)
        if found is None and section.parent is not None:
            found = own[section.parent]
        own[section.index] = found
    return {index: found for index, found in own.items() if found is not None and found not in (language, "other")}


def language_warnings(text: str, sections: Sequence[Section], language: str | None, others: Mapping[int, str]) -> list[str]:
    """What a user must know: the whole is not English, or how much of it is not."""
    advice = "the shipped model was trained on English, expect little of its results"
    warnings = []
    if language not in (None, "en"):
        warnings.append(f"the text is in {language_name(language)}; {advice}")
    foreign = {code: 0 for code in others.values() if code != "en"}
    for place, section in enumerate(sections):
        code = others.get(section.index)
        if code in foreign:
            following = sections[place + 1].span.start if place + 1 < len(sections) else len(text)
            foreign[code] += min(section.span.end, following) - section.span.start
    for code, length in foreign.items():
        count = sum(found == code for found in others.values())
        share = max(1, round(100 * length / max(len(text), 1)))
        warnings.append(f"{share} % of the text ({count} of {len(sections)} sections) is in {language_name(code)}; {advice} there")
    return warnings


def language_name(code: str | None) -> str:
    """The name of a language code that `detect_language` gives."""
    return _NAMES[code or "other"]


def _script(letters: list[str]) -> str:
    counts = {language: sum(first <= character <= last for character in letters) for language, first, last in _SCRIPTS}
    if counts["ja"] * 10 > counts["zh"] > 0:
        return "ja"
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else "other"

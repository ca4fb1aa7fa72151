"""Words whose change turns a statement into another one: numbers, dates, amounts, negations."""

from __future__ import annotations

import re
from functools import cache

from longdoc.ground.fold import fold_letters, plain

_NEGATIONS = """
no not non none nor neither never nothing nobody nowhere cannot without unless except excluding excludes excluded hardly only
dont doesnt didnt wont wouldnt shant shouldnt cant couldnt isnt arent wasnt werent hasnt havent hadnt mustnt neednt
nicht kein keine keinen keinem keiner keines nie niemals ohne ausser weder
ne pas sans jamais aucun aucune ni sauf nul nulle sin nunca ningun ninguna salvo nao sem nenhum nenhuma nem senza nessun nessuna
niet geen zonder nooit inte utan aldrig ikke uten aldri khong degil yok hayir
не нет без никогда ни кроме нельзя لا لم لن ليس ليست غير بدون دون عدم سوى לא אין ללא בלי नही नहीं न मत बिना
"""
_NEGATIONS_UNSPACED = re.compile(r"[不没無无未非勿莫否别]|除外|ない|なし|ません|ぬ|ไม่|มิ|않|없|아니|못")
_NUMBERS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion billions trillion
dozen half quarter third fourth fifth sixth seventh eighth ninth tenth twelfth twentieth thirtieth first second once twice thrice
double triple percent per cent pct
january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
monday tuesday wednesday thursday friday saturday sunday
day days week weeks month months year years annual annually monthly weekly daily quarterly
dollar dollars euro euros pound pounds cents usd eur gbp
"""
_NUMBERS_UNSPACED = re.compile(r"[零〇一二三四五六七八九十百千万萬亿億兆两兩壹贰叁肆伍陆柒捌玖拾佰仟元円年月日]")
_DIGITS = re.compile(r"\d")
_FIGURE = re.compile(r"\d(?:[.,:/]?\d)*")
_CURRENCIES = "$\u20ac\u00a3\u00a5%"
_TURNING = frozenset(("un", "in", "im", "ir", "il", "non", "dis", "mis", "anti"))
_BORDER = re.compile(r"[\s/(){}\[\]\u2010-\u2015-]+")


def figures(text: str) -> list[str]:
    """The numbers in digits of a text, in order."""
    return _FIGURE.findall(plain(text))


def changes_the_sense(before: str, after: str) -> bool:
    """Whether replacing words by others changes a number, a date, an amount, a negation, or turns a word round ("unlimited")."""
    old, new = _words(before), _words(after)
    if any(_weighs(word) for word in old ^ new):
        return True
    return any(_turned(one, other) for one in old - new for other in new - old)


def _words(text: str) -> set[str]:
    return {fold_letters(word).string for word in _BORDER.split(text)}


@cache
def _listed() -> frozenset[str]:
    return frozenset(fold_letters(word).string for word in f"{_NEGATIONS} {_NUMBERS}".split())


def _weighs(word: str) -> bool:
    if _DIGITS.search(word) or word in _listed() or any(sign in word for sign in _CURRENCIES):
        return True
    return word.endswith("less") or bool(_NEGATIONS_UNSPACED.search(word) or _NUMBERS_UNSPACED.search(word))


def _turned(one: str, other: str) -> bool:
    longer, shorter = max(one, other, key=len), min(one, other, key=len)
    return bool(shorter) and longer.endswith(shorter) and longer.removesuffix(shorter) in _TURNING

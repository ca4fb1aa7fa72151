"""How often the check of a written sentence against the quote that it cites is right, beside the encoder's similarity alone.

    python benchmarks/support.py [--sentences 1500] [--seed 0] [--show 0]

altered     sentences of CUAD's training contracts, each with one number, date, name or negation changed, against the sentence as it was:
            all should be refused
shortened   the same sentences without what stands in brackets: all should be borne out
hypotheses  ContractNLI's training part (written by people): entailed ones against their evidence should be borne out, contradicted ones
            refused
summaries   SciTLDR's training part: a person's one sentence against the abstract that it sums up should be borne out,
            against the abstract of another paper refused

`similarity` is a cosine of at least ENOUGH and nothing else. Nothing is fitted here but ENOUGH, which was chosen on the same parts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

from common import SHARED, report

from longdoc.model.reader import EmbeddedReader
from longdoc.model.sentences import split_text
from longdoc.model.support import ENOUGH, Support

ROLES = "Receiving Party, Disclosing Party, Agreement, Confidential Information"
"""How ContractNLI's hypotheses name what each contract calls otherwise; in a summary the contract's definitions stand there."""

Case = tuple[str, str, str, bool]
"""Kind, sentence, quote, whether the quote bears it out."""

_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?:,\d{3})*(?![\w,-]|\.\d)")
_DATE = re.compile(r"\b(January|February|March|April|June|July|August|September|October|November|December)(?= \d{1,2}, (?:19|20)\d\d)")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{4,}(?= (?:Inc|LLC|Corp|Ltd|Company)\b)")
_NOT = re.compile(r"\b(shall|may|will|does|is|are) (not )?")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1_500, help="of contracts")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=0, help="print so many wrong ones of each kind")
    options = parser.parse_args()
    support = Support(EmbeddedReader().embed)
    counts: dict[str, list[int]] = {}
    wrong: dict[str, list[str]] = {}
    for kind, sentence, quote, true in cases(options.sentences, random.Random(options.seed)):
        verdict = support.judge(sentence, [quote], context=ROLES if "hypothesis" in kind else "")
        alone = verdict.similarity if verdict.supported else _similarity(support, sentence, quote)
        row = counts.setdefault(kind, [0, 0, 0])
        row[0] += 1
        row[1] += verdict.supported == true
        row[2] += (alone >= ENOUGH) == true
        if verdict.supported != true:
            wrong.setdefault(kind, []).append(f"{verdict.reason}\n    {sentence}\n    {' '.join(quote.split())[:300]}")
    rows = [[kind, total, f"{100 * own / total:.1f}", f"{100 * other / total:.1f}"] for kind, (total, own, other) in counts.items()]
    for kind, listed in wrong.items() if options.show else ():
        print(f"== {kind}")
        print("\n".join(listed[: options.show]))
    report("support", ["kind", "cases", "right %", "similarity alone, right %"], rows, cases=counts)


def _similarity(support: Support, sentence: str, quote: str) -> float:
    vectors = support._embed([sentence, quote])
    return float(vectors[0] @ vectors[1])


def cases(count: int, dice: random.Random) -> Iterator[Case]:
    yield from contracts(count, dice)
    yield from hypotheses()
    yield from summaries(dice)


def contracts(count: int, dice: random.Random) -> Iterator[Case]:
    """Sentences of contracts, changed and shortened."""
    texts = [row["text"] for row in lines("cuad/train.jsonl.gz")]
    sentences = [" ".join(text[a:b].split()) for text in dice.sample(texts, 120) for a, b in split_text(text)]
    sentences = [one for one in sentences if 60 <= len(one) <= 500 and re.match(r"[A-Z(]", one) and one.endswith(".")]
    dice.shuffle(sentences)
    changes: dict[str, tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = {
        "altered number": (_NUMBER, lambda found: str(int(found[0].replace(",", "")) + dice.randint(1, 9))),
        "altered date": (_DATE, lambda found: "May"),
        "altered name": (_NAME, lambda found: dice.choice(["Ostrander", "Kestrel", "Vandermoor"])),
        "altered negation": (_NOT, lambda found: f"{found[1]} " if found[2] else f"{found[1]} not "),
    }
    for kind, (pattern, change) in changes.items():
        for sentence in [one for one in sentences if pattern.search(one)][: count // 4]:
            yield kind, pattern.sub(change, sentence, count=1), sentence, False
    aside = re.compile(r" ?\((?![^()]*\b(?:except|not|no|unless|without|other)\b)[^()]{3,60}\)", re.IGNORECASE)
    for sentence in [one for one in sentences if aside.search(one)][: count // 4]:
        yield "shortened", aside.sub("", sentence), sentence, True


def hypotheses() -> Iterator[Case]:
    """What people wrote about contracts, with its evidence."""
    data: dict[str, Any] = json.loads(gzip.decompress((SHARED / "data/contractnli/train_truncated.json.gz").read_bytes()))
    for document in data["documents"]:
        for name, one in document["annotation_sets"][0]["annotations"].items():
            if one["choice"] != "NotMentioned":
                quote = " ".join(document["text"][slice(*document["spans"][number])] for number in one["spans"])
                true = one["choice"] == "Entailment"
                yield f"{'entailed' if true else 'contradicted'} hypothesis", data["labels"][name]["hypothesis"], quote, true


def summaries(dice: random.Random) -> Iterator[Case]:
    """People's one-sentence summaries of papers."""
    chosen = dice.sample(lines("scitldr/train.jsonl.gz"), 400)
    for paper, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True):
        yield "summary of the abstract", paper["target"][0], " ".join(paper["source"]), True
        yield "summary of another paper", paper["target"][0], " ".join(other["source"]), False


def lines(name: str) -> list[Any]:
    """The rows of a file of the shared data."""
    return [json.loads(line) for line in gzip.decompress((SHARED / "data" / name).read_bytes()).decode().split("\n") if line]


if __name__ == "__main__":
    main()

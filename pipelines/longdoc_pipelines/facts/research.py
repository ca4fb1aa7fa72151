"""A paper's facts: its task, its method's name, data sets, headline numbers and where its code is.

Nothing is learnt. A task is one of a list, named in the title or the abstract; a data set has a proper name before "corpus" or "data
set", or is one of a list, and is spoken of more than once; a headline number stands beside its measure in a sentence of the abstract,
the results or the conclusion that speaks of this work and cites no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from longdoc.model.wording import set_phrases_only, works_cited
from longdoc.types import Document, KeyFact, Span
from longdoc_pipelines.facts.making import cited, distinct, flat

HEAD = 8_000
"""Characters in which title, abstract and introduction stand."""
MOST_DATA, MOST_NUMBERS = 5, 4
FEWEST_MENTIONS = 2

_TASKS = (
    "machine translation", "word alignment", "text summarization", "document summarization", "summarization", "sentence compression",
    "sentence reduction", "sentence simplification", "part-of-speech tagging", "part of speech tagging", "POS tagging",
    "dependency parsing", "constituency parsing", "semantic parsing", "statistical parsing", "discourse parsing", "parsing", "chunking",
    "word segmentation", "named entity recognition", "entity linking", "coreference resolution", "anaphora resolution",
    "pronoun resolution", "semantic role labeling", "semantic role labelling", "relation extraction", "information extraction",
    "event extraction", "terminology extraction", "keyphrase extraction", "word sense disambiguation", "word sense induction",
    "sentiment analysis", "sentiment classification", "opinion mining", "text classification", "document classification",
    "question answering", "reading comprehension", "information retrieval", "document retrieval", "textual entailment",
    "natural language inference", "paraphrase identification", "paraphrase extraction", "semantic similarity", "language modeling",
    "language modelling", "speech recognition", "speech synthesis", "dialogue act classification", "dialogue state tracking",
    "natural language generation", "surface realization", "grammatical error correction", "spelling correction", "transliteration",
    "morphological analysis", "grammar induction", "lexical acquisition", "language identification", "text generation",
    "image classification", "object detection", "image segmentation", "semantic segmentation", "image captioning", "face recognition",
    "image generation", "video classification", "action recognition", "pose estimation", "recommendation", "link prediction",
    "node classification", "anomaly detection", "time series forecasting", "reinforcement learning", "representation learning",
    "transfer learning", "domain adaptation", "active learning", "entity resolution", "drug discovery", "protein structure prediction",
)  # fmt: skip
_DATA = (
    "Penn Treebank", "Penn Discourse Treebank", "Chinese Treebank", "Prague Dependency Treebank", "Brown corpus", "British National Corpus",
    "Wall Street Journal", "WordNet", "FrameNet", "PropBank", "VerbNet", "Europarl", "Hansards", "Hansard corpus", "Gigaword", "OntoNotes",
    "SemCor", "Switchboard", "CoNLL-2000", "CoNLL-2003", "CoNLL 2003", "MUC-6", "MUC-7", "ACE 2004", "ACE 2005", "Senseval-2", "Senseval-3",
    "SQuAD", "GLUE", "SuperGLUE", "SNLI", "MultiNLI", "WMT14", "WMT 2014", "WMT16", "ImageNet", "CIFAR-10", "CIFAR-100", "MNIST", "COCO",
    "MS COCO", "LibriSpeech", "IMDB", "Yelp", "WikiText-103", "WikiText-2", "Common Crawl", "BookCorpus", "Wikipedia", "Freebase",
    "DUC 2001", "DUC 2002", "DUC 2003", "DUC 2004", "Reuters-21578", "20 Newsgroups", "TREC", "MIMIC-III", "PubMed", "MovieLens", "CUAD",
    "CNN/Daily Mail", "TimeBank", "MPQA", "NEGRA", "TIGER", "GENIA",
)  # fmt: skip
_NAMED_DATA = re.compile(
    r"\b(?:[Tt]he\s+)?(?P<name>(?:[A-Z][\w&/’'-]*[A-Z0-9a-z]\s+){1,4})(?P<what>[Cc]orpus|[Dd]ata\s?[Ss]et|[Tt]reebank|[Bb]enchmark)\b"
)
_NOT_A_NAME = re.compile(
    r"^(?:The|This|These|Our|We|A|An|In|On|For|Each|All|Both|Training|Test|Testing|Development|Parallel|Table|Figure|Section|First|Second|"
    r"English|Chinese|Arabic|German|French|Czech|Japanese|Spanish|Bilingual|Monolingual|Annotated|Large|Small|Using|From|To|As|With|"
    r"Evaluation|Another|Since|When|If|While|However|Given|Although|Web|Entire|Original|Same|Standard|Text|Of|By|And)$"
)
_METHOD = re.compile(
    r"\b(?:we|this (?:paper|work|article))\s+(?:also\s+|here\s+|thus\s+)?(?:propose|present|introduce|describe|develop|call|"
    r"name|dub)s?\b[^.;]{0,120}?"
    r"\b(?:called|named|dubbed|termed|which we (?:call|term|name|dub)|,)\s+[\"“'‘]?(?P<name>[A-Z][\w+-]*(?:[A-Z0-9][\w+-]*)+)\b",
)
_METHOD_FIRST = re.compile(
    r"\b(?:[Ww]e|[Tt]his (?:paper|work|article))\s+(?:propose|present|"
    r"introduce)s?\s+(?P<name>[A-Z][\w+-]*[A-Z0-9][\w+-]*)\b(?=\s*(?:,|\(|:|—|–|which|that|a\b|an\b))"
)
_TITLE_METHOD = re.compile(r"^#*\s*(?P<name>[A-Z][\w+./-]{1,24}(?:\s[\w+-]{1,12}){0,2})\s*:\s+\S")
_METRIC = (
    r"(?:(?:overall|average|mean|labell?ed|unlabell?ed|macro|micro|word|token|sentence|top-1|top-5|test|tagging|parsing|"
    r"classification)[ -])?"
    r"(?:accurac(?:y|ies)|precision|recall|F-?(?:1|score|measure)(?:[ -](?:score|measure))?|BLEU(?:[ -]scores?)?|"
    r"ROUGE-?[12L]?(?:[ -]scores?)?|METEOR(?:[ -]scores?)?|"
    r"error rates?|word error rate|WER|TER|AUC|AUROC|MRR|MAP|mean average precision|perplexit(?:y|ies)|kappa|success rate|UAS|LAS|"
    r"correlation|sensitivity|specificity|NDCG|mIoU|exact match)"
)
_NUMBER = r"(?P<{}>(?:0?\.\d{{2,4}}|\d{{1,2}}(?:\.\d{{1,3}})?|100)\s?(?:%|percent\b|per cent\b|points?\b)?)"
_METRIC_FIRST = re.compile(
    rf"(?<![\w-])(?P<metric>{_METRIC})\s*(?:\([^()]{{1,12}}\)\s*)?(?:of|is|was|to|at|=|:|reaches|reached|exceeds|rivals|"
    rf"by)\s+(?:about\s+|over\s+|nearly\s+|approximately\s+|up to\s+)?" + _NUMBER.format("number"),
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(
    r"(?<![\d.])" + _NUMBER.format("number") + rf"\s+(?:in\s+|of\s+|overall\s+)?(?P<metric>{_METRIC})\b", re.IGNORECASE
)
_OURS = re.compile(
    r"\b(?:we|our|ours|this (?:paper|work|system|method|model|approach|parser|tagger|algorithm)|the (?:proposed|resulting|"
    r"final|present)\b|the "
    r"(?:system|model|parser|tagger|method|algorithm|approach|program)|achiev\w+|obtain\w*|reach\w*|yield\w*|attain\w*|"
    r"accuracy exceeds|state[- ]of[- ]the[- ]art)\b",
    re.IGNORECASE,
)
_NOT_OURS = re.compile(
    r"\b(?:baseline|previous|prior|earlier|reported by|others?|human|upper bound|if|would|could|random|chance|compared (?:to|with) an?|"
    r"et al|their|his|her|majority|threshold|at least|less than|relative|absolute|improv\w+ (?:of|by)|increase[sd]? (?:of|by)|"
    r"reduc\w+ (?:of|by)|"
    r"drop\w* (?:of|by)|gain of|only|without)\b",
    re.IGNORECASE,
)
_USED = re.compile(
    r"\b(?:we|our|us|experiments?|evaluat\w+|(?:were|was|is|are) (?:trained|tested|extracted|collected|taken|drawn|built|"
    r"created|annotated))\b[^;]*"
    r"\b(?:us(?:e|ed|ing)|test\w*|train\w*|evaluat\w+|extract\w*|experiment\w*|collect\w*|built|took|taken|drawn|work with|"
    r"run|ran|conduct\w*|appl\w+|"
    r"perform\w*|report\w*|results?|corpus|from|on)\b",
    re.IGNORECASE,
)
_STRONGLY_OURS = re.compile(
    r"\b(?:we|our)\b|\b(?:the|this) (?:\w+ )?(?:program|system|model|parser|tagger|method|algorithm|approach) (?:achiev|"
    r"obtain|reach|attain|yield)",
    re.IGNORECASE,
)
_OF_THE_WHOLE = re.compile(r"(?:overall|average|mean)\b", re.IGNORECASE)
_ENDINGS = re.compile(r"(?i)^[\d.\s]*(?:abstract|conclu|summary|results?|evaluation|experiment|discussion|performance)")
_NO_SINGLE_FIGURE = re.compile(
    r"\s*(?:[–—/-]\s?\d|(?:%\s)?points?\b|(?:\w+\s)?(?:better|higher|lower|worse|improvement|increase|gain)\b|\d)"
)
_LINK = re.compile(
    r"\b(?:https?://|www\.)?(?:github\.com|gitlab\.com|bitbucket\.org|huggingface\.co|sourceforge\.net|zenodo\.org|codeocean\.com|osf\.io)/"
    r"[^\s\"<>()\[\]{}|\\^]*[\w/]",
    re.IGNORECASE,
)
_ANY_LINK = re.compile(r"https?://[^\s\"<>()\[\]{}|\\^]*[\w/]")
_OUR_CODE = re.compile(
    r"\b(?:code|software|implementation|source|system|model|tool|toolkit|data|corpus|demo|parser|"
    r"tagger)\b[^.]{0,120}\b(?:available|released?|download\w*|found|"
    r"distributed|obtained)\b|\b(?:available|released?|download\w*)\b[^.]{0,60}$",
    re.IGNORECASE,
)
_OTHERS_CODE = re.compile(
    r"\b(?:we|was|were) (?:used?|using|downloaded|obtained|took)\b|\busing\b|\bprovided by\b|\b(?:et al|19\d\d|20\d\d)\b", re.IGNORECASE
)
_DATA_OFFERED = re.compile(r"\b(?:data|corpus|corpora|gold standard|annotat\w+|dictionary|lexicon)\b", re.IGNORECASE)
_OUR_DATA = re.compile(r"\b(?:we|our|gold standard|annotat\w+)\b", re.IGNORECASE)
_CODE_OFFERED = re.compile(r"\b(?:code|software|implementation|system|tool|toolkit|parser|tagger|package)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?]*(?:\.(?=\d)[^.!?]*)*(?:[.!?]+|$)")


def research_facts(document: Document) -> list[KeyFact]:
    """The facts in the order in which a person wants them."""
    facts = [*task(document), *method(document), *data_sets(document), *headline_numbers(document), *code(document)]
    return distinct(facts)


def task(document: Document) -> Iterator[KeyFact]:
    """The first task that the title names, else the one that the head names most often, if it does so more than once."""
    text = document.text
    title_end = _title_end(document)
    pattern = re.compile(r"\b(?:" + "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in _TASKS) + r")\b", re.IGNORECASE)
    titled = pattern.search(text, 0, title_end)
    if titled is not None:
        yield cited(document, "Task", titled.start(), titled.end())
        return
    named = list(pattern.finditer(text, 0, min(HEAD, len(text))))
    counted = Counter(_folded(found.group()) for found in named)
    for name, times in counted.most_common(1):
        if times > FEWEST_MENTIONS:
            first = next(found for found in named if _folded(found.group()) == name)
            yield cited(document, "Task", first.start(), first.end())


def _title_end(document: Document) -> int:
    """Where the title ends: it stands at the head, and is the document's own."""
    title = flat(document.title or "")
    if not title:
        return 0
    found = re.compile(r"\s+".join(re.escape(word) for word in title.split()), re.IGNORECASE).search(document.text, 0, HEAD)
    return found.end() if found else 0


def method(document: Document) -> Iterator[KeyFact]:
    """What the authors call their method: in the title before a colon, or where they introduce it."""
    end = _title_end(document)
    titled = _TITLE_METHOD.match(document.text[:end].lstrip()) if end else None
    if titled is not None and len(re.findall(rf"\b{re.escape(titled['name'])}\b", document.text)) > FEWEST_MENTIONS:
        offset = len(document.text[:end]) - len(document.text[:end].lstrip())
        yield cited(document, "Method", offset + titled.start("name"), offset + titled.end("name"))
        return
    for pattern in (_METHOD, _METHOD_FIRST):
        for found in pattern.finditer(document.text, 0, 2 * HEAD):
            if len(re.findall(rf"\b{re.escape(found['name'])}\b", document.text)) > FEWEST_MENTIONS:
                yield cited(document, "Method", found.start("name"), found.end("name"))
                return


def data_sets(document: Document) -> list[KeyFact]:
    """Data with a name, those spoken of most often first, cited where the authors say that they use them."""
    places: dict[str, list[Span]] = {}
    used: dict[str, Span] = {}
    listed = re.compile(r"\b(?:" + "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in _DATA) + r")(?![\w-])")
    for start, end in _body(document):
        found = [(one.start(), one.end()) for one in listed.finditer(document.text, start, end)]
        for named in _NAMED_DATA.finditer(document.text, start, end):
            words = named["name"].split()
            while words and _NOT_A_NAME.match(words[0]):
                words = words[1:]
            begin = document.text.index(words[0], named.start("name")) if words else 0
            if words and not _NOT_A_NAME.match(words[-1]) and not any(begin < other and known < named.end() for known, other in found):
                found.append((begin, named.end()))
        for begin, close in found:
            key, span = _folded(document.text[begin:close]), Span(start=begin, end=close)
            places.setdefault(key, []).append(span)
            if key not in used and _USED.search(_sentence_around(document.text, begin, start, end)):
                used[key] = span
    often = [key for key, spans in places.items() if len(spans) >= FEWEST_MENTIONS and key in used]
    often.sort(key=lambda key: (-len(places[key]), used[key].start))
    return [cited(document, "Data set", used[key].start, used[key].end) for key in often[:MOST_DATA]]


def _sentence_around(text: str, offset: int, start: int, end: int) -> str:
    """Roughly the sentence that holds `offset`, inside its paragraph."""
    opens = max(start, *(text.rfind(mark, start, offset) for mark in (". ", "? ", "; ")))
    closes = text.find(". ", offset, end)
    return text[opens : closes if closes >= 0 else end]


def headline_numbers(document: Document) -> list[KeyFact]:
    """Measures with their numbers, of the abstract first, then of what tells the results."""
    found: list[tuple[int, KeyFact]] = []
    for start, end in _body(document):
        path = document.heading_path(start)
        heading = path[-1] if path else ""
        rank = (
            0
            if re.match(r"(?i)[\d.\s]*abstract", heading) or (start < 3000 and not path)
            else 1
            if re.match(r"(?i)[\d.\s]*conclu", heading)
            else 2
        )
        if rank == 2 and not _ENDINGS.match(heading):
            continue
        for sentence in _SENTENCE.finditer(document.text, start, end):
            text = sentence.group()
            if not (_STRONGLY_OURS if rank == 2 else _OURS).search(text) or _NOT_OURS.search(text) or works_cited(text):
                continue
            for pattern in (_METRIC_FIRST, _NUMBER_FIRST):
                for number in pattern.finditer(text):
                    value = flat(number["number"])
                    behind = text[number.end() : number.end() + 30]
                    if not re.search(r"[.%]|percent|per cent", value) or _NO_SINGLE_FIGURE.match(behind) or "point" in value:
                        continue
                    name = flat(number["metric"])
                    name = name if name.isupper() or name[:1].isupper() else name[:1].upper() + name[1:]
                    place = sentence.start() + number.start("number")
                    fact = cited(document, name, place, place + len(number["number"].rstrip()), "number", _plain(value))
                    found.append((rank, fact))
    found.sort(key=lambda pair: (pair[0], pair[1].citation.span.start))
    best = min((rank for rank, _ in found), default=0)
    told = distinct(fact for rank, fact in found if rank == best)
    # Where one number is said to be of the whole, others are of parts.
    whole = [fact for fact in told if _OF_THE_WHOLE.match(fact.name)]
    return (whole or told)[:MOST_NUMBERS]


def code(document: Document) -> Iterator[KeyFact]:
    """Where the authors say that their code is: a link to a house of code, or one in a sentence that offers something."""
    for found in (*_LINK.finditer(document.text), *_ANY_LINK.finditer(document.text)):
        path = document.heading_path(found.start())
        before = document.text[max(0, found.start() - 220) : found.start()]
        sentence = re.split(r"(?<=[.!?])\s", before)[-1]
        if set_phrases_only(path) or not _OUR_CODE.search(sentence) or _OTHERS_CODE.search(sentence):
            continue
        name = "Data" if _DATA_OFFERED.search(sentence) and not _CODE_OFFERED.search(sentence) else "Code"
        if name == "Data" and not _OUR_DATA.search(sentence):
            continue
        yield cited(document, name, found.start(), found.end(), "link", found.group())
        return


def _body(document: Document) -> Iterator[tuple[int, int]]:
    """The running text, paragraph by paragraph, without references."""
    for block in document.blocks:
        if block.kind in ("paragraph", "list_item") and not set_phrases_only(document.heading_path(block.span.start)):
            yield block.span.start, block.span.end


def _folded(text: str) -> str:
    return re.sub(r"[\s-]+", " ", text).casefold()


def _plain(value: str) -> str:
    """ "96.5%" for any way of writing it; a bare figure stays one."""
    number = re.match(r"[\d.]+", value)
    share = re.search(r"%|percent|per cent", value)
    return (number.group() if number else value) + ("%" if share else "")

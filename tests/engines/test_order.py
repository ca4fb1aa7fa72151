"""Requests that begin alike are asked together, short ones first."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from longdoc.engines.order import SHORTEST, grouped
from longdoc.protocols import Request


def request(text: str, question: str = "", adapter: str | None = None, system: str | None = None) -> Request:
    before = ({"role": "system", "content": system},) if system is not None else ()
    return Request((*before, {"role": "user", "content": text + question}), adapter=adapter)


def document(seed: int, characters: int) -> str:
    return "".join(random.Random(seed).choices("abcdefgh ", k=characters))


def test_questions_about_one_document_are_a_group_shortest_first() -> None:
    one, other = document(1, 4_000), document(2, 900)
    asked = [
        request(one, "Is there a cap on liability?"),
        request(other, "Who?"),
        request(one, "Who?"),
        request(other, "When does it end?"),
    ]
    assert grouped(asked) == [[1, 3], [2, 0]]


def test_a_prefix_is_shared_from_512_characters_on() -> None:
    same, less = document(1, SHORTEST), document(1, SHORTEST - 1)
    assert grouped([request(same, "1 a"), request(same, "2 b")]) == [[0, 1]]
    assert grouped([request(less, "1 a"), request(less, "2 b")]) == [[0], [1]]


def test_the_document_may_be_a_message_of_its_own() -> None:
    text = document(3, 2_000)
    asked = [Request(({"role": "system", "content": text}, {"role": "user", "content": question})) for question in ("Where?", "Who?")]
    assert grouped(asked) == [[1, 0]]
    assert grouped([asked[0], Request(({"role": "user", "content": text}, {"role": "user", "content": "Who?"}))]) == [[1], [0]]


def test_instructions_that_all_begin_with_do_not_make_one_group_of_two_documents() -> None:
    rules, one, other = document(0, 1_500), document(1, 9_000), document(2, 9_500)
    asked = [request(text, question, system=rules) for question in ("Who?", "When?") for text in (one, other)]
    assert grouped(asked) == [[0, 2], [1, 3]]


def test_another_adapter_is_another_group() -> None:
    text = document(4, 2_000)
    asked = [request(text, "Who?", "legal"), request(text, "Who?"), request(text, "Whose?", "legal")]
    assert grouped(asked) == [[0, 2], [1]]


def test_a_short_request_comes_before_a_long_one() -> None:
    asked = [request(document(1, 50_000)), request("Who?"), request(document(2, 700)), request("Is it?")]
    assert grouped(asked) == [[1], [3], [2], [0]]


def test_nothing_is_in_no_group() -> None:
    assert grouped([]) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.sampled_from([None, "a"])), max_size=25), st.randoms())
def test_every_request_is_in_one_group_whatever_the_order(rows: list[tuple[int, int, str | None]], chance: random.Random) -> None:
    asked = [request(document(seed, 600 + seed), "?" * more, adapter) for seed, more, adapter in rows]
    groups = grouped(asked)
    assert sorted(index for group in groups for index in group) == list(range(len(rows)))
    order = list(range(len(rows)))
    chance.shuffle(order)
    again = [[order[index] for index in group] for group in grouped([asked[index] for index in order])]
    assert sorted(map(sorted, again)) == sorted(map(sorted, groups))
    assert {frozenset((rows[index][0], rows[index][2]) for index in group) for group in groups} == {
        frozenset([(seed, adapter)]) for seed, _, adapter in rows
    }

"""Label sets: shipped ones load, a user's mistakes are named with file and place."""

from pathlib import Path

import pytest

from longdoc.errors import LabelSetError, UnknownNameError
from longdoc.labels import load_labels, shipped

GOOD = "name: mine\nlabels:\n  - {name: Credits, description: Money back when a level is missed.}\n"


def test_the_shipped_label_sets_load_and_say_their_domain():
    assert {name: load_labels(name).domain for name in shipped()} == {"cuad": "legal", "filing": "financial", "paper": "research"}


def test_cuad_has_its_41_labels():
    assert len(load_labels("cuad").labels) == 41


def test_a_users_own_file_loads_and_its_fingerprint_follows_its_content(tmp_path: Path):
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD, encoding="utf-8")
    labels = load_labels(file)
    assert labels.label("credits").name == "Credits"
    file.write_text(GOOD.replace("Money", "Funds"), encoding="utf-8")
    assert load_labels(file).fingerprint != labels.fingerprint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name: [", "not valid YAML"),
        ("- a", "is a mapping"),
        ("name: x\nlabels: []", "labels: "),
        ("name: x\nlabels: [{name: A}]", r"labels\.0\.description: "),
        (GOOD + "  - {name: CREDITS, description: again}\n", "listed twice"),
        (GOOD + "colour: red\n", "colour: "),
        (GOOD.replace("}", ", answer: colour}"), r"labels\.0\.answer: "),
    ],
)
def test_a_malformed_file_is_refused_with_its_name_and_the_place(tmp_path: Path, content: str, message: str):
    file = tmp_path / "mine.yaml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(LabelSetError, match=message) as caught:
        load_labels(file)
    assert str(file) in str(caught.value)


def test_an_unknown_set_and_an_unknown_label_are_refused_with_what_exists():
    with pytest.raises(UnknownNameError, match="neither a file nor one of cuad, filing, paper"):
        load_labels("quad")
    with pytest.raises(UnknownNameError, match="did you mean 'Governing Law'"):
        load_labels("cuad").label("governing laws")

"""Names that others have written: a table of evil ones, and names made of labels."""

import pytest
from evil_names import EVIL
from hypothesis import given
from hypothesis import strategies as st

from skal.annotate.formats._names import (
    Taken,
    find_fault,
    find_windows_fault,
    folded,
    is_hidden,
    safe_name,
)

GOOD = ["a.png", "a/b c/ž'\"<x>,;.png", "日本/語.png", "...a.png", "-rf.png", "=1+1.png", "~/a.png"]


@pytest.mark.parametrize(("name", "reason"), EVIL)
def test_evil_names_are_refused_with_the_reason(name, reason):
    assert reason in (find_fault(name) or find_windows_fault(name))


@pytest.mark.parametrize("name", GOOD)
def test_strange_names_that_do_no_harm_are_allowed(name):
    assert find_fault(name) is None
    assert find_windows_fault(name) is None


@pytest.mark.parametrize("name", [".git/a.png", "a/.DS_Store", "__MACOSX/a.png"])
def test_what_systems_add_is_hidden(name):
    assert is_hidden(name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a.png", "a.png"),
        ("a.png", "A.PNG"),
        ("stra\xdfe.png", "STRASSE.png"),
        ("\xe9.png", "e\u0301.png"),
        ("a", "a/b.png"),
        ("a/b.png", "a"),
        ("Cats/a.png", "cats/b.png"),
    ],
)
def test_names_that_some_system_takes_for_one_clash(first, second):
    taken = Taken()
    assert taken.find_clash(first) is None
    assert taken.find_clash(second) is not None


def test_a_name_that_was_given_back_is_free():
    taken = Taken()
    assert taken.find_clash("a/b.png") is None
    taken.forget("a/b.png")
    assert taken.find_clash("a/B.png") is None


@given(st.lists(st.text(min_size=1, max_size=300), unique=True, max_size=20))
def test_any_labels_have_folders_on_any_system(labels):
    taken = set()
    names = [safe_name(label, taken) for label in labels]
    assert len({folded(name) for name in names}) == len(labels)
    for name in names:
        assert find_fault(name) is None
        assert find_windows_fault(name) is None
        assert "/" not in name
        assert not name.startswith(".")


def test_a_label_that_can_be_a_folder_is_one():
    assert safe_name("naïve cat, 3", set()) == "naïve cat, 3"

"""Core metadata: the fields an installer reads, from whatever a project wrote."""

from __future__ import annotations

import pytest

from pipwrap.model.metadata import Metadata

FULL = """\
Metadata-Version: 2.2
Name: Demo.Project
Version: 1.0
Summary: Version: 9 is not the version
Requires-Python: >=3.8
Requires-Dist: other (>=2)
Requires-Dist: more[extra]>=1 ;
        python_version < "3.9"
Provides-Extra: test
Provides-Extra: docs
Dynamic: Requires-Dist
Dynamic: SUMMARY

Requires-Dist: a line of the description
"""


def test_all_fields_are_read():
    assert Metadata.parse(FULL) == Metadata(
        name="Demo.Project",
        version="1.0",
        requires_dist=("other (>=2)", 'more[extra]>=1 ;         python_version < "3.9"'),
        requires_python=">=3.8",
        provides_extra=("test", "docs"),
        metadata_version="2.2",
        dynamic=("requires-dist", "summary"),
        text=FULL,
    )


def test_the_description_holds_no_fields():
    assert "a line of the description" not in Metadata.parse(FULL).requires_dist


def test_the_name_is_normalised_on_demand():
    assert Metadata.parse(FULL).canonical_name == "demo-project"


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "no header here", "<html>\n<body>", "Name:\nVersion:\n", "\0\0\0", ": empty"],
)
def test_what_is_no_metadata_has_empty_fields(text: str):
    assert Metadata.parse(text) == Metadata("", "", text=text)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_may_end_as_on_windows(newline: str):
    text = newline.join(["Name: demo", "Version: 1.0", "Requires-Dist: other", "", "text"])
    assert Metadata.parse(text) == Metadata("demo", "1.0", ("other",), text=text)


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_requires_python_is_none(value: str):
    assert Metadata.parse(f"Name: x\nRequires-Python:{value}\n").requires_python is None


def test_names_of_fields_compare_without_case():
    assert Metadata.parse("NAME: demo\nversion: 1\nrequires-dist: x\n").requires_dist == ("x",)


def test_text_beyond_ascii_is_kept():
    assert Metadata.parse("Name: d\u00e9mo\nVersion: 1\n").name == "d\u00e9mo"


def test_the_first_of_repeated_names_counts():
    assert Metadata.parse("Name: one\nName: two\nVersion: 1\n").name == "one"

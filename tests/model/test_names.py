"""Names compare as packaging compares them, and a bare name is what packaging makes of it."""

from __future__ import annotations

import itertools

import pytest
from packaging.requirements import InvalidRequirement as PackagingInvalid
from packaging.requirements import Requirement as Parsed
from packaging.utils import canonicalize_name as packagings

from pipwrap import errors
from pipwrap.model.names import canonicalize_name
from pipwrap.model.requirement import Requirement

LETTERS = ("a", "B", "3", "-", "_", ".", " ", "é", "\n")
NAMES = ["".join(name) for size in range(1, 5) for name in itertools.product(LETTERS, repeat=size)]


def test_names_are_normalised_as_by_packaging():
    assert [canonicalize_name(name) for name in NAMES] == [packagings(name) for name in NAMES]


def test_a_name_alone_is_read_as_by_packaging():
    for name in NAMES:
        try:
            parsed = Parsed(name)
        except PackagingInvalid:
            with pytest.raises(errors.InvalidRequirement):
                Requirement.parse(name)
            continue
        found = Requirement.parse(name)
        assert (found.name, found.text) == (packagings(parsed.name), str(parsed))
        assert (found.extras, found.marker, found.url) == ((), None, None)
        assert found.specifier == parsed.specifier
        assert found == Requirement.parse(name + " ")

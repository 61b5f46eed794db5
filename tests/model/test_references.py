"""References: what branches and tags mean, as git lists them."""

from __future__ import annotations

import pytest

from pipwrap.model.references import References, is_commit

ONE, TWO, THREE, TAG = (digit * 40 for digit in "123a")
LISTED = f"""\
ref: refs/heads/main\tHEAD
{ONE}\tHEAD
{TWO}\trefs/heads/both
{ONE}\trefs/heads/main
{TWO}\trefs/heads/refs/odd
{THREE}\trefs/pull/7/head
{THREE}\trefs/tags/both
{TAG}\trefs/tags/v1
{TWO}\trefs/tags/v1^{{}}
"""


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        pytest.param(None, ONE, id="HEAD"),
        pytest.param("main", ONE, id="branch"),
        pytest.param("v1", TWO, id="annotated tag"),
        pytest.param("both", TWO, id="a branch before a tag"),
        pytest.param("refs/pull/7/head", THREE, id="reference"),
        pytest.param("refs/tags/v1", TWO, id="full name of a tag"),
        pytest.param("refs/odd", TWO, id="a branch before a reference"),
        pytest.param("HEAD", None, id="a clone has no branch HEAD"),
        pytest.param("tags/v1", None, id="half a name"),
        pytest.param("v1^{}", TWO, id="a peeled tag"),
        pytest.param("main~1", None, id="expression"),
        pytest.param(ONE[:8], None, id="abbreviation"),
        pytest.param("pull/7/head", None, id="no reference without refs/"),
    ],
)
def test_a_revision_means_what_git_takes_it_for(revision: str | None, commit: str | None):
    assert References.parse(LISTED).commit(revision) == commit


def test_a_clone_gets_branches_and_tags_and_reads_them_again():
    kept = References.parse(LISTED).branches_and_tags
    assert kept.head == "refs/heads/main"
    assert set(kept.objects) == {
        *("refs/heads/both", "refs/heads/main", "refs/heads/refs/odd"),
        *("refs/tags/both", "refs/tags/v1"),
    }
    assert set(kept.tags) == {"refs/tags/both", "refs/tags/v1"}
    assert References.parse(kept.packed(), kept.head) == kept


@pytest.mark.parametrize("text", ["", "ref: refs/other/x\tHEAD\n", "warning: odd\n", f"{ONE}\n"])
def test_a_head_that_is_no_branch_is_none(text: str):
    assert References.parse(text).head == ""


@pytest.mark.parametrize("text", [None, "", ONE[:39], ONE + "1", "g" * 40])
def test_what_is_no_full_hash_is_no_commit(text: str | None):
    assert not is_commit(text)

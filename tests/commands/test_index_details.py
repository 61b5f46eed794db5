"""What pages and sidecars may say, and what pipwrap makes of it beside the real pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipwrap import errors
from pipwrap.model.link import Link
from pipwrap.model.metadata import Metadata
from pipwrap.model.validation import refuse_direct_references
from support.beside import assert_same, beside
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

HEAD = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


@pytest.mark.parametrize(
    "sidecar",
    [
        HEAD + "Requires-Python: >=3\n",
        HEAD + "Requires-Dist: lib\n",
        HEAD + "Provides-Extra: x\n",
        HEAD + "Summary: another\n",
        HEAD,
    ],
)
def test_a_sidecar_that_differs_from_the_wheel_is_told_in_pips_words(
    pipwrap: Runner, index: Index, tmp_path: Path, sidecar: str
):
    index.add(make_wheel(tmp_path / "files", "lib", "1.0"))
    index.add(make_wheel(tmp_path / "files", "demo", "1.0"), metadata=sidecar)
    ours = pipwrap("install", "-t", "ours", "demo")
    theirs = pipwrap.pip("install", "--no-cache-dir", "-t", "theirs", "demo")
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr)


def test_the_older_name_of_the_sidecar_attribute_counts(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    wheel = make_wheel(tmp_path / "files", "demo", "1.0")
    url = index.add(wheel)
    index.page("/simple/demo/", f'<a href="{url}" data-dist-info-metadata="true">{wheel.name}</a>')
    pipwrap("install", "--dry-run", "demo", expect=0)
    assert f"/files/{wheel.name}.metadata" in index.paths()
    assert f"/files/{wheel.name}" not in index.paths()


def test_a_redirect_to_a_file_is_refused_in_pips_words(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    index.redirect("/simple/demo/", (tmp_path / "page.html").as_uri())
    assert_same(*beside(pipwrap, "install", "--dry-run", "demo"))


def test_an_insecure_index_is_ignored_in_pips_words(pipwrap: Runner):
    environ = {"PIP_INDEX_URL": "http://insecure.example/simple"}
    assert_same(*beside(pipwrap, "install", "--dry-run", "demo", environ=environ))


def test_a_file_of_the_public_index_may_not_depend_on_a_url():
    metadata = Metadata("Demo", "1.0", ("lib", "other @ https://host/other.zip"))
    link = Link("https://files.example/demo-1.0.tar.gz")
    refuse_direct_references(metadata, link, lambda: ("elsewhere.example",))
    with pytest.raises(
        errors.InvalidDistribution, match=r"Demo depends on other @ https"
    ) as caught:
        refuse_direct_references(metadata, link, lambda: ("files.example",))
    assert caught.value.message.startswith(
        "Distributions from PyPI cannot declare direct URL dependencies.\n"
    )

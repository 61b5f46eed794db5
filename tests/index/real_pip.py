"""Asks the real pip's index code, many questions in one process: pages, files, order."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any


def ask(function: str, questions: Sequence[Any]) -> list[Any]:
    """Return the answers of ``links``, ``judge``, ``directory`` or ``order`` below."""
    completed = subprocess.run(
        [sys.executable, "-I", "-c", _SCRIPT, function],
        input=json.dumps(list(questions)),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[Any] = json.loads(completed.stdout)
    return answers


_SCRIPT = """
import json, sys

from pip._internal.index.collector import IndexContent, parse_links
from pip._internal.index.sources import _FlatDirectoryToUrls
from pip._internal.index.package_finder import CandidateEvaluator, LinkEvaluator, LinkType
from pip._internal.models.candidate import InstallationCandidate
from pip._internal.models.link import Link
from pip._internal.models.target_python import TargetPython
from pip._vendor.packaging.tags import parse_tag

TAGS = [tag for text in ("cp311-cp311-linux_x86_64", "cp311-abi3-linux_x86_64", "py3-none-any")
        for tag in parse_tag(text)]
TARGET = TargetPython(py_version_info=(3, 11, 7))
TARGET._valid_tags, TARGET._valid_tags_set = TAGS, set(TAGS)


def links(question):
    page = IndexContent(question["content"].encode(), question["content_type"], "utf-8",
                        question["url"], cache_link_parsing=False)
    try:
        return [
            {
                "url": link.url_without_fragment,
                "filename": link.filename,
                "hashes": dict(link._hashes),
                "requires_python": link.requires_python,
                "yanked": link.yanked_reason,
                "sidecar": link.metadata_file_data is not None,
                "sidecar_hashes": (link.metadata_file_data and link.metadata_file_data.hashes) or {},
                "subdirectory": link.subdirectory_fragment,
            }
            for link in parse_links(page)
        ]
    except Exception as error:
        return type(error).__name__


def judge(question):
    evaluator = LinkEvaluator(
        project_name=question["project"],
        canonical_name=question["project"],
        formats=frozenset(question["formats"]),
        target_python=TARGET,
        allow_yanked=True,
        ignore_requires_python=False,
    )
    link = Link("https://files/" + question["filename"], requires_python=question["python"])
    result, detail = evaluator.evaluate_link(link)
    return [result is LinkType.candidate, detail]


def directory(path):
    found = _FlatDirectoryToUrls(path)
    return [sorted(url for urls in found.project_name_to_urls.values() for url in urls),
            sorted(found.page_candidates)]


def order(question):
    candidates = [
        InstallationCandidate("a", version, Link(url, yanked_reason=yanked))
        for version, url, yanked in question["candidates"]
    ]
    evaluator = CandidateEvaluator.create(
        "a", target_python=TARGET, prefer_binary=question["prefer_binary"]
    )
    found = sorted(candidates, key=evaluator._sort_key)
    return [each.link.url for each in reversed(found)]


sys.argv[0] = "pip"
json.dump([globals()[sys.argv[1]](each) for each in json.load(sys.stdin)], sys.stdout)
"""

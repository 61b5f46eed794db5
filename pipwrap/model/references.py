"""What the branches and tags of a git repository point to; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct, field

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_SYMBOLIC = "ref:"
_PEELED = "^{}"
_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"


def is_commit(revision: str | None) -> bool:
    """Return whether it is a full commit hash, and no name or abbreviation."""
    return revision is not None and _COMMIT.fullmatch(revision) is not None


class References(Struct, frozen=True):
    """The references of a repository at one moment."""

    head: str = ""
    """The branch that a clone checks out, ``refs/heads/...``; empty where HEAD is no branch."""
    objects: Mapping[str, str] = field(default_factory=dict)
    """By full name; ``NAME^{}`` is what an annotated tag leads to (git-ls-remote(1))."""

    @classmethod
    def parse(cls, text: str, head: str = "") -> References:
        """Return what ``git ls-remote --symref`` lists, or a packed-refs file holds."""
        objects: dict[str, str] = {}
        # Not splitlines(): a name may hold separators of Unicode.
        for line in text.split("\n"):
            first, _, name = line.rstrip("\r").replace("\t", " ").partition(" ")
            if first == _SYMBOLIC:
                target, _, symbol = name.partition(" ")
                head = target if symbol == "HEAD" else head
            elif is_commit(first):
                objects[name] = first
        return cls(head if head.startswith(_BRANCHES) else "", objects)

    @property
    def branches_and_tags(self) -> References:
        """Return what a clone gets of them: nothing else, and no peeled tags."""
        found = {
            name: target
            for name, target in self.objects.items()
            if name.startswith((_BRANCHES, _TAGS)) and not name.endswith(_PEELED)
        }
        return References(self.head, found)

    @property
    def tags(self) -> dict[str, str]:
        """Return the tags alone."""
        names = self.branches_and_tags.objects
        return {name: target for name, target in names.items() if name.startswith(_TAGS)}

    def commit(self, revision: str | None) -> str | None:
        """Return the commit of a branch, a tag or a full reference, in git's order of preference.

        ``None`` as ``revision`` is HEAD; ``None`` comes back for what needs a clone, such
        as an abbreviated hash.
        """
        if revision is None:
            return self.objects.get("HEAD")
        names = [_BRANCHES + revision, _TAGS + revision]
        names += [revision] if revision.startswith("refs/") else []
        found = next((name for name in names if name in self.objects), None)
        if found is None:
            return None
        return self.objects.get(found + _PEELED, self.objects[found])

    def packed(self) -> str:
        """Return the content of a packed-refs file (gitrepository-layout(5))."""
        return "".join(f"{target} {name}\n" for name, target in sorted(self.objects.items()))

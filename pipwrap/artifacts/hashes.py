"""Which bytes the user allows: --hash, constraints' hashes and --require-hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pipwrap import errors
from pipwrap.model.link import STRONG_HASHES
from pipwrap.model.requirement import UserRequirement
from pipwrap.values import field, frozen

MISMATCH = (
    "THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the "
    "package versions, please update the hashes. Otherwise, examine the package contents "
    "carefully; someone may have tampered with them."
)
MISSING = (
    "Hashes are required in --require-hashes mode, but they are missing from some requirements. "
    "Here is a list of those requirements along with the hashes their downloaded archives "
    "actually had. Add lines like these to your requirements files to prevent tampering. (If you "
    "did not enable --require-hashes manually, note that it turns on automatically when any "
    "package has a hash.)"
)

Hashes = tuple[tuple[str, str], ...]


@frozen
class HashPolicy:
    """What may be installed, by digest."""

    allowed: Mapping[str, Hashes] = field(default_factory=dict)
    """By project; a project that is not here may have any."""
    allowed_sources: Mapping[str, Hashes] = field(default_factory=dict)
    """By URL, for what the user names outright."""
    required: bool = False
    """Every archive needs an allowed hash."""
    wishes: Mapping[str, UserRequirement] = field(default_factory=dict)
    """By project, or by URL for what the user names outright: how messages name it."""

    def of(self, project: str) -> Hashes:
        """Return what a project's files may be."""
        return self.allowed.get(project, ())

    def of_source(self, url: str) -> Hashes:
        """Return what a direct reference may be."""
        return self.allowed_sources.get(url, ())

    def shown(self, key: str, default: str, link: str) -> str:
        """Return how pip names the file at ``link``: by the requirement that asked for it.

        ``key`` is the project or the URL, ``default`` the requirement where the user named none.
        """
        wish = self.wishes.get(key)
        requirement = wish.requirement.text if wish and wish.requirement else default
        place = f" (from {wish.comes_from})" if wish and wish.comes_from else ""
        return f"{requirement} from {link}{place}" if requirement else f"{link}{place}"

    def check(self, allowed: Hashes, shown: str, path: str, sha256: str) -> None:
        """Raise ``errors.HashMismatch`` when a downloaded file is not allowed.

        ``shown`` names it as ``shown()`` does.
        """
        if allowed:
            verify(allowed, shown, path, sha256)
        elif self.required:
            line = f"{shown.partition(' from ')[0]} --hash=sha256:{sha256}"
            raise errors.HashMismatch(f"{MISSING}\n    {line}")


def verify(allowed: Hashes, shown: str, path: str, sha256: str) -> None:
    """Raise ``errors.HashMismatch`` unless the file at ``path`` has one of ``allowed``."""
    got = {name: _digest(path, name, sha256) for name in dict(allowed)}
    if any(got[name] == digest.lower() for name, digest in allowed):
        return
    raise errors.HashMismatch(mismatch(shown, allowed, got))


def mismatch(shown: str, allowed: Hashes, got: Mapping[str, str]) -> str:
    """Return pip's table of what was expected and what was got."""
    lines = [MISMATCH, f"    {shown}:"]
    for name, found in got.items():
        expected = [digest for algorithm, digest in allowed if algorithm == name]
        for number, digest in enumerate(expected):
            word = f"Expected {name}" if number == 0 else " " * len(f"Expected {name[:-2]}") + "or"
            lines.append(f"        {word} {digest}")
        lines.append(f"             Got        {found}\n")
    return "\n".join(lines)


def trusted(hashes: Hashes) -> Hashes:
    """Return an index's hashes that identify bytes; md5 and sha1 do not."""
    return tuple(pair for pair in hashes if pair[0] in STRONG_HASHES)


def _digest(path: str, algorithm: str, sha256: str) -> str:
    if algorithm == "sha256":
        return sha256
    if algorithm not in hashlib.algorithms_available:
        raise errors.InvalidDistribution(f"Unknown hash name: {algorithm}")
    digest = hashlib.new(algorithm)
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()

"""Links to candidates: what can be installed here, and what pip prefers; pure.

The order is pip's (PackageFinder): a file with an allowed hash, not yanked, wheels first when the
user prefers them, the newer version, the better tag, the higher build number, and among equals the
file that the later index names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct
from packaging.version import InvalidVersion, Version

from pipwrap import errors
from pipwrap.model.candidate import Candidate, Rejection
from pipwrap.model.link import ARCHIVE_EXTENSIONS, Link, redact, split_archive_name
from pipwrap.model.names import canonicalize_name

if TYPE_CHECKING:
    from pipwrap.index.listing import Group, Listing
    from pipwrap.index.simple import ListedFile

SOURCE_EXTENSIONS = tuple(extension for extension in ARCHIVE_EXTENSIONS if extension != ".whl")


class Selector(Struct, frozen=True):
    """What decides about a link, the same for all projects of a run."""

    tags: Mapping[str, int]
    """Supported tags to their position, best first."""
    python_version: str
    ignore_requires_python: bool = False
    prefer_binary: bool = False
    uploaded_prior_to: datetime | None = None
    """Files of an index count when they are older than this; local files always do."""

    def judge(
        self, project: str, link: Link, *, allows_binary: bool, allows_source: bool
    ) -> Candidate | Rejection:
        """Return the candidate that ``link`` is for ``project``, or why it is none."""
        filename = link.filename
        stem, extension = split_archive_name(filename)
        if extension.lower() == ".whl":
            judged = self._judge_wheel(project, link, filename, allows_binary=allows_binary)
        elif extension not in SOURCE_EXTENSIONS:
            return Rejection(link, f"unsupported archive format: {extension}", "format")
        elif extension == ".zip" and "macosx10" in link.url:
            return Rejection(link, "macosx10 one", "format")
        elif not allows_source:
            return Rejection(link, f"No sources permitted for {project}", "format")
        else:
            judged = self._judge_sdist(project, link, stem)
        return judged if isinstance(judged, Rejection) else self._judge_further(judged)

    def _judge_further(self, judged: Candidate) -> Candidate | Rejection:
        """Return the same, or why its file name or what the page says of it leaves it out."""
        link = judged.link
        if not link.names_a_file:
            return Rejection(link, "invalid file name", "format")
        if self.uploaded_prior_to is not None and not self._is_old_enough(link):
            reason = f"Upload time {link.upload_time} not prior to {self.uploaded_prior_to}"
            return Rejection(link, reason, "upload_time", judged.version)
        if not self._supports_python(link.requires_python):
            requires = _sorted_specifier(link.requires_python or "")
            reason = f"{judged.version} Requires-Python {requires}"
            return Rejection(link, reason, "requires_python", judged.version)
        return judged

    def usable(
        self,
        project: str,
        listing: Listing,
        *,
        allows_binary: bool,
        allows_source: bool,
        every_sdist: bool = True,
    ) -> list[Candidate]:
        """Return the candidates of a page in its order; wheels for other platforms stay unread.

        Without ``every_sdist``, an sdist may be left out whose version has a wheel: no allowed hash
        sets it before the wheel.
        """
        found: list[tuple[int, Candidate]] = []
        sdists: list[Group] = []
        for group in listing.groups:
            if group.tags is None:
                sdists.append(group)
                continue
            rank = self._rank(_unfolded(*group.tags))
            if allows_binary and rank is not None:
                found += self._in_group(project, group, listing, rank)
        with_wheel = frozenset[str]()
        if not every_sdist:
            with_wheel = frozenset(str(each.version) for _, each in found if not each.is_yanked)
        for group in sdists if allows_source else ():
            found += self._in_group(project, group.without(listing, project, with_wheel), listing)
        found.sort(key=itemgetter(0))
        return [candidate for _, candidate in found]

    def _in_group(
        self, project: str, group: Group, listing: Listing, rank: int | None = None
    ) -> Iterator[tuple[int, Candidate]]:
        """Yield the candidates of a group with their places; ``rank`` is of a wheel's best tag."""
        listed = group.listed(listing) if self.uploaded_prior_to is None else None
        if listed is not None:
            files = (
                self._sdists(project, listed)
                if rank is None
                else self._wheels(project, listed, rank)
            )
            yield from files
            return
        for place, link in group.links(listing):
            judged = self.judge(project, link, allows_binary=rank is not None, allows_source=True)
            if isinstance(judged, Candidate):
                yield place, judged

    # The same without making a link, of files that have these names.

    def _sdists(
        self, project: str, listed: Sequence[tuple[int, ListedFile, str]]
    ) -> Iterator[tuple[int, Candidate]]:
        rank = len(self.tags)
        for place, file, name in listed:
            text = version_of_sdist(split_archive_name(name)[0], project)
            if text and self._supports_python(file.file.requires_python or None):
                try:
                    yield place, Candidate(project, _version(text), file, rank)
                except InvalidVersion:
                    continue

    def _wheels(
        self, project: str, listed: Sequence[tuple[int, ListedFile, str]], rank: int
    ) -> Iterator[tuple[int, Candidate]]:
        for place, file, name in listed:
            if self._supports_python(file.file.requires_python or None):
                try:
                    wheel_project, version, build = _parsed(name)
                except ValueError:  # InvalidVersion is one, too
                    continue
                if wheel_project == project:
                    yield place, Candidate(project, version, file, rank, build)

    def _rank(self, tags: Iterable[str]) -> int | None:
        """Return the position of the best supported tag."""
        return min((self.tags[tag] for tag in tags if tag in self.tags), default=None)

    def _judge_wheel(
        self, project: str, link: Link, filename: str, *, allows_binary: bool
    ) -> Candidate | Rejection:
        if not allows_binary:
            return Rejection(link, f"No binaries permitted for {project}", "format")
        # Most wheels of a page are for other platforms: their tags say so before all else is read.
        tags = _tags_of(filename)
        rank = self._rank(tags)
        if rank is None and tags:
            reason = f"none of the wheel's tags ({', '.join(tags)}) are compatible"
            return Rejection(link, reason, "tags")
        return self._candidate(project, link, filename, rank or 0)

    @staticmethod
    def _candidate(project: str, link: Link, filename: str, rank: int) -> Candidate | Rejection:
        """Return the candidate of a wheel whose best tag has this position."""
        try:
            name, version, build = _parsed(filename)
        except ValueError:
            return Rejection(link, "invalid wheel filename", "format")
        if name != project:
            return Rejection(link, f"wrong project name (not {project})", "name")
        return Candidate(project, version, link, rank, build)

    def _judge_sdist(self, project: str, link: Link, stem: str) -> Candidate | Rejection:
        text = version_of_sdist(stem, project)
        if text is None:
            return Rejection(link, f"Missing project version for {project}", "name")
        try:
            version = _version(text)
        except InvalidVersion:
            return Rejection(link, f"Invalid version: {text!r}", "version")
        return Candidate(project, version, link, len(self.tags))

    def _is_old_enough(self, link: Link) -> bool:
        """Return whether a file was uploaded early enough; raises pip's error if it is unknown."""
        if link.scheme == "file":
            return True
        if not link.upload_time:
            place = f"Index {redact(link.comes_from)}" if link.comes_from else "Index"
            raise errors.NetworkError(f"{place} does not provide upload-time metadata.")
        if self.uploaded_prior_to is None:
            return True
        try:
            uploaded = datetime.fromisoformat(link.upload_time.replace("Z", "+00:00"))
        except ValueError as error:
            place = redact(link.comes_from) if link.comes_from else "The index"
            raise errors.NetworkError(
                f"{place} has an upload-time of {link.filename} that is no time (PEP 700): "
                f"{link.upload_time!r}"
            ) from error
        if uploaded.tzinfo is None:
            uploaded = uploaded.replace(tzinfo=timezone.utc)  # PEP 700 has no other
        return uploaded < self.uploaded_prior_to

    def _supports_python(self, requires_python: str | None) -> bool:
        return (
            requires_python is None
            or self.ignore_requires_python
            or supports_python(requires_python, self.python_version)
        )

    def ordered(
        self, candidates: Sequence[Candidate], hashes: frozenset[tuple[str, str]] = frozenset()
    ) -> tuple[Candidate, ...]:
        """Return candidates by pip's preference, best first; of equals the one named last."""
        # Versions compare in Python: that is done once for each, not in every comparison of files.
        versions = sorted({candidate.version for candidate in candidates})
        place = {version: number for number, version in enumerate(versions)}

        def preference(candidate: Candidate) -> tuple[object, ...]:
            return (
                bool(hashes) and not hashes.isdisjoint(candidate.link.hashes),
                not candidate.is_yanked,
                self.prefer_binary and candidate.is_wheel,
                place[candidate.version],
                -candidate.tag_rank,
                candidate.build,
            )

        found = sorted(candidates, key=preference)
        found.reverse()
        return tuple(found)


@lru_cache(maxsize=4096)
def supports_python(requires_python: str, python_version: str) -> bool:
    """Return whether a Requires-Python admits this Python; an invalid one admits all, as in pip."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - as below

    try:
        return SpecifierSet(requires_python).contains(python_version, prereleases=True)
    except InvalidSpecifier:
        return True


def version_of_sdist(stem: str, project: str) -> str | None:
    """Return the part of ``NAME-VERSION`` behind the name, whatever spelling the name has."""
    position = stem.find("-")
    while position >= 0:
        if _canonical(stem[:position]) == project:
            return stem[position + 1 :] or None
        position = stem.find("-", position + 1)
    return None


_canonical = lru_cache(maxsize=4096)(canonicalize_name)


@lru_cache(maxsize=16384)
def _version(text: str) -> Version:
    return Version(text)


def _parsed(filename: str) -> tuple[str, Version, _Build]:
    """Return what ``parse_wheel_filename`` does, but for the tags; ``ValueError`` for a bad name.

    Dashes part a name into what is checked apart, and what thousands of names have in common.
    """
    parts = filename.removesuffix(".whl").split("-")
    if len(parts) == _NAME_AND_TAG + 1:
        name, version, *tags = parts
        build: _Build = ()
    elif len(parts) == _NAME_AND_TAG + 2:
        name, version, number, *tags = parts
        build = _build(number)
    else:
        raise ValueError(filename)
    _check_tags("-".join(tags), filename[-len(".whl") :])
    return _name(name), _version(version), build


_Build = tuple[int, str] | tuple[()]


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    from packaging.utils import parse_wheel_filename  # noqa: PLC0415 - where pages are judged

    return parse_wheel_filename(f"{text}-1-py3-none-any.whl")[0]


@lru_cache(maxsize=1024)
def _build(text: str) -> _Build:
    from packaging.utils import parse_wheel_filename  # noqa: PLC0415

    return parse_wheel_filename(f"a-1-{text}-py3-none-any.whl")[2]


@lru_cache(maxsize=4096)
def _check_tags(tags: str, extension: str) -> None:
    from packaging.utils import parse_wheel_filename  # noqa: PLC0415

    parse_wheel_filename(f"a-1-{tags}{extension}")


def _tags_of(filename: str) -> tuple[str, ...]:
    """Return a wheel's tags, its compressed sets unfolded (PEP 425); nothing for a bad name."""
    parts = filename[: -len(".whl")].rsplit("-", 3)
    return _unfolded(*parts[1:]) if len(parts) == _NAME_AND_TAG else ()


_NAME_AND_TAG = 4


@lru_cache(maxsize=4096)
def _unfolded(interpreters: str, abis: str, platforms: str) -> tuple[str, ...]:
    return tuple(
        sorted(
            f"{interpreter}-{abi}-{platform}"
            for interpreter in interpreters.lower().split(".")
            for abi in abis.lower().split(".")
            for platform in platforms.lower().split(".")
        )
    )


def _sorted_specifier(text: str) -> str:
    """Return a Requires-Python with its clauses ordered by their numbers, as pip prints it."""

    def numbers(clause: str) -> tuple[int, ...]:
        return tuple(int(part) for part in clause.split(".") if part.isdigit())

    from packaging.specifiers import SpecifierSet  # noqa: PLC0415

    return ",".join(sorted((str(clause) for clause in SpecifierSet(text)), key=numbers))

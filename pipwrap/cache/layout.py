"""The paths of the cache, all of them; a change of format is a new bucket name; pure.

<cache>/                CACHEDIR.TAG, or pipwrap-cache beside other things; pipwrap.lock
  http-v1/AA/<sha256 of the URL>/      responses: head files, one for each variant
  bodies-v1/AA/<sha256 of the bytes>   bodies of responses and files, one for each content
  wheels-v2/secret                     the key of the variables' digests
  wheels-v2/AA/<key>/<entry>/          {NAME.whl, entry.json, build.log}
  wheels-v2/AA/<key>/<entry>/settled-<digest>.json  a later build that gave nothing better
  store-v1/AA/<sha256 of the wheel>/   {tree/, entry.json, bytecode/<cache tag>-<magic number>/}
  git-v1/AA/<sha256 of the URL>/       a bare clone, and entry.json: its files
  metadata-v2/AA/<digest>.json         metadata by its file's origin, or by its wheel's key
  sidecars-v1/AA/<sha256 of the project>.json  metadata that indexes have beside wheels
  logs-v1/*.log                        what failed builds printed
  resolutions-v1/AA/<sha256 of the request>.json
  satisfied-v1/<number of the key>     answers that needed no work
  interpreters-v1/  usage-v2/
  observers-v1/<digest>.so             what is preloaded into the processes of builds
  tmp-v1/run-<24 hex digits>/          files of a run, which locks it until it ends
"""

from __future__ import annotations

import os

from msgspec import Struct

from pipwrap.cache import noop

CACHEDIR_TAG = "CACHEDIR.TAG"
SHARED_MARK = "pipwrap-cache"
LOCK = "pipwrap.lock"
CACHEDIR_SIGNATURE = "Signature: 8a477f597d28d172789f06886806bc55"
HTTP = "http-v1"
BODIES = "bodies-v1"
WHEELS = "wheels-v2"
STORE = "store-v1"
RESOLUTIONS = "resolutions-v1"
GIT = "git-v1"
METADATA = "metadata-v2"
SIDECARS = "sidecars-v1"
INTERPRETERS = "interpreters-v1"
OBSERVERS = "observers-v1"
SATISFIED = noop.BUCKET
USAGE = "usage-v2"
LOGS = "logs-v1"
TEMPORARY = "tmp-v1"
RUN_PREFIX = "run-"
"""Names below ``tmp-v1`` that are directories of runs."""
FORMER = ("usage-v1", "listings-v1", "wheels-v1", "metadata-v1")
"""Buckets of formats before: never read, removed by prune and purge."""
BUCKETS = (
    HTTP,
    BODIES,
    WHEELS,
    STORE,
    GIT,
    METADATA,
    SIDECARS,
    RESOLUTIONS,
    INTERPRETERS,
    OBSERVERS,
    SATISFIED,
    USAGE,
    LOGS,
    TEMPORARY,
)
"""Everything that purge may delete."""


def _segment(text: str) -> str:
    """Return ``text`` if it is one path segment; ``ValueError`` otherwise."""
    if not text or text in {".", ".."} or any(mark in text for mark in ("/", "\\", "\0")):
        message = f"not a single path segment: {text!r}"
        raise ValueError(message)
    return text


_UNIQUE = 24
"""Hex digits of a temporary name."""


def is_temporary_name(name: str) -> bool:
    """Return whether a name below ``tmp-v1`` is that of a run's directory or a temporary file."""
    digits = name.removeprefix(RUN_PREFIX)
    return len(digits) == _UNIQUE and not digits.strip("0123456789abcdef")


class Layout(Struct, frozen=True):
    """The tree of one cache directory; paths are strings, nothing is touched."""

    root: str
    run: str = ""
    """Name of this run's own directory below ``tmp-v1``, which it locks until it ends."""

    def bucket(self, name: str) -> str:
        """Return the directory of one of ``BUCKETS``."""
        return os.path.join(self.root, _segment(name))

    def sharded(self, bucket: str, digest: str) -> str:
        """Return the file or directory ``<bucket>/AA/<digest>`` for a hex digest."""
        return os.path.join(self.bucket(bucket), _segment(digest[:2]), _segment(digest))

    def body(self, sha256: str) -> str:
        """Return the file that holds the content with this digest."""
        return self.sharded(BODIES, sha256)

    @property
    def secret(self) -> str:
        """Return the file with the key under which values of variables are digested."""
        return os.path.join(self.bucket(WHEELS), "secret")

    def stored_wheel(self, sha256: str) -> str:
        """Return the directory of one unpacked wheel."""
        return self.sharded(STORE, sha256)

    def resolution(self, key: str) -> str:
        """Return the file that holds the resolution of a request."""
        return self.sharded(RESOLUTIONS, key) + ".json"

    def metadata(self, digest: str) -> str:
        """Return the file that holds metadata apart from what it describes."""
        return self.sharded(METADATA, digest) + ".json"

    def sidecars(self, name_digest: str) -> str:
        """Return the file that holds what the metadata of one project's wheels says."""
        return self.sharded(SIDECARS, name_digest) + ".json"

    def interpreter(self, path_digest: str) -> str:
        """Return the file that holds the facts about one interpreter."""
        return os.path.join(self.bucket(INTERPRETERS), _segment(path_digest) + ".json")

    def observer(self, digest: str) -> str:
        """Return the library that is preloaded into builds, as one compiler makes it."""
        return os.path.join(self.bucket(OBSERVERS), _segment(digest) + ".so")

    @property
    def temporary(self) -> str:
        """Return the directory for files that are about to be renamed into place."""
        bucket = self.bucket(TEMPORARY)
        return os.path.join(bucket, _segment(self.run)) if self.run else bucket

    @property
    def lock(self) -> str:
        """Return the file whose kernel lock is shared by commits and exclusive for upkeep."""
        return os.path.join(self.root, LOCK)

    @property
    def usage(self) -> str:
        """Return the file to which each run adds a line of what it used."""
        return os.path.join(self.bucket(USAGE), "runs.jsonl")

    @property
    def tag(self) -> str:
        """Return the path of CACHEDIR.TAG, which marks a directory that is all ours."""
        return os.path.join(self.root, CACHEDIR_TAG)

    @property
    def shared_mark(self) -> str:
        """Return the path of what marks our buckets in a directory that holds other things."""
        return os.path.join(self.root, SHARED_MARK)

"""What is installed in an environment, and what of it can be compared with other versions."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from packaging.version import InvalidVersion, Version

from pipwrap.events import Listener
from pipwrap.install import installed
from pipwrap.model.candidate import InstalledCandidate
from pipwrap.model.environment import Environment, InstalledDistribution
from pipwrap.model.names import canonicalize_name


class InstalledSet(Struct, frozen=True):
    """The installed distributions of one environment, by canonical name."""

    distributions: Mapping[str, InstalledDistribution] = field(default_factory=dict)
    candidates: Mapping[str, InstalledCandidate] = field(default_factory=dict)
    """Those whose version is valid (PEP 440)."""

    @property
    def invalid(self) -> frozenset[str]:
        """Return the names of those whose version is not valid."""
        return frozenset(self.distributions.keys() - self.candidates.keys())


def read_installed(environment: Environment, listener: Listener) -> InstalledSet:
    """Return what is installed."""
    distributions: dict[str, InstalledDistribution] = {}
    candidates: dict[str, InstalledCandidate] = {}
    for each in installed.find_installed(environment, listener=listener):
        name = canonicalize_name(each.name)
        distributions[name] = each
        try:
            candidates[name] = InstalledCandidate(name, Version(each.version), each)
        except InvalidVersion:
            continue
    return InstalledSet(distributions, candidates)

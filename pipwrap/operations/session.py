"""A resolution and what follows it, on one environment.

Every command that resolves opens one session; a build opens another for its requirements, one level
deeper, on the same shared state. The parts of a session and what they pass on::

    ResolveRequest --> resolver --> Resolution --> planning --> Plan --> installer --> environment
                          | first choice of a project                        |
                          v                                                  | a changed wheel
                       wheel provider <--------------------------------------'
                          |
                          v
                       preparer (made by its first use) --> build --> a session of its own

``wiring`` constructs the parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pipwrap.install.bytecode import Compiler
from pipwrap.install.plan import Plan
from pipwrap.operations.metadata_provider import DistributionMetadataProvider
from pipwrap.operations.on_demand import OnDemand
from pipwrap.operations.plan_installer import PlanInstaller
from pipwrap.operations.resolution_cache import cached_or_resolved
from pipwrap.operations.resolve_request import ResolveRequest
from pipwrap.operations.shared_state import TargetVersions
from pipwrap.operations.wheel_provider import WheelProvider
from pipwrap.resolution.outcome import Resolution

if TYPE_CHECKING:
    from pipwrap.distribution.preparer import Preparer
    from pipwrap.operations.distribution_files import DistributionFiles


class InstallSession(Struct, frozen=True):
    """The parts that resolve, provide wheels and install."""

    resolver: DistributionMetadataProvider
    wheel_provider: WheelProvider
    installer: PlanInstaller
    preparer: OnDemand[Preparer]
    compiler: OnDemand[Compiler] | None
    is_for_build: bool
    target_versions: TargetVersions

    def resolve(self, request: ResolveRequest) -> Resolution:
        """Return the resolution; ``operations.resolve`` says what it raises."""
        resolution = cached_or_resolved(self.resolver, request)
        if not self.is_for_build:
            self.target_versions.settle(request.installed, resolution)
        return resolution

    def files(self) -> DistributionFiles:
        """Return the files behind distributions."""
        from pipwrap.operations.distribution_files import DistributionFiles  # noqa: PLC0415 - where files are saved or described

        return DistributionFiles(self.preparer, self.resolver)

    def apply(self, plan: Plan) -> None:
        """Carry out a plan, which ends the resolution that it came from."""
        self.resolver.resolution_cache.settle()
        if not self.is_for_build:  # whose pages are shared with what they are built for
            self.resolver.offers.forget()
        self.installer.apply(plan)

    def close(self) -> None:
        """End the threads."""
        if self.preparer.made is not None:
            self.preparer.made.close()
        if self.compiler is not None and self.compiler.made is not None:
            self.compiler.made.close()

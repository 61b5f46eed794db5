"""Wheels written with zipfile, real virtual environments, and snapshots of what lies in them."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from pipwrap.cache.store import WheelStore
from pipwrap.events import Event
from pipwrap.install.installed import find_installed
from pipwrap.install.plan import Installation, Plan
from pipwrap.install.transaction import apply
from pipwrap.model.environment import (
    BytecodeFormat,
    Compatibility,
    Environment,
    InstalledDistribution,
    InstallSchemes,
    Scheme,
    SitePackages,
)

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_FACTS = """
import importlib.util, json, sys, sysconfig
print(json.dumps([sys.version_info[:3], sys.implementation.cache_tag,
    importlib.util.MAGIC_NUMBER.hex(), sys.prefix, sys.base_prefix, sysconfig.get_paths()]))
"""


def make_wheel(
    directory: str,
    name: str = "foo",
    version: str = "1.0",
    files: dict[str, str | bytes] | None = None,
    *,
    executable: tuple[str, ...] = (),
    wheel: str = WHEEL,
    display_name: str | None = None,
) -> str:
    """Write a wheel and return its path."""
    path = os.path.join(directory, f"{name}-{version}-py3-none-any.whl")
    os.makedirs(directory, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    members: dict[str, str | bytes] = dict(files or {f"{name}/__init__.py": "value = 1\n"})
    members.setdefault(
        f"{info}/METADATA",
        f"Metadata-Version: 2.1\nName: {display_name or name}\nVersion: {version}\n",
    )
    members.setdefault(f"{info}/WHEEL", wheel)
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for member, content in members.items():
        data = content.encode() if isinstance(content, str) else content
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        writer.writerow((member, f"sha256={digest}", len(data)))
    writer.writerow((f"{info}/RECORD", "", ""))
    members.setdefault(f"{info}/RECORD", rows.getvalue())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            zip_info = zipfile.ZipInfo(member, (1999, 1, 2, 3, 4, 6))
            zip_info.create_system = 3
            mode = 0o755 if member in executable else 0o644
            zip_info.external_attr = (stat.S_IFREG | mode) << 16
            zip_info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(zip_info, content)
    return path


def sha256_of(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


def searching(environment: Environment, *directories: str) -> Environment:
    """Return an environment that looks for distributions in these directories."""
    return replace(environment, site=replace(environment.site, sys_path=directories))


def _user_scheme(prefix: str) -> Scheme:
    return Scheme(*(os.path.join(prefix, "no-user", part) for part in "abcde"))


def environment_at(prefix: str) -> Environment:
    """Return the facts of a virtual environment."""
    executable = os.path.join(prefix, "bin", "python")
    output = subprocess.check_output([executable, "-I", "-c", _FACTS])
    version, tag, magic, real_prefix, base_prefix, paths = json.loads(output)
    scheme = Scheme(
        purelib=paths["purelib"],
        platlib=paths["platlib"],
        headers=os.path.join(prefix, "include", "site", f"python{version[0]}.{version[1]}"),
        scripts=paths["scripts"],
        data=paths["data"],
    )
    return Environment(
        executable=executable,
        version=tuple(version),
        prefix=real_prefix,
        base_prefix=base_prefix,
        stdlib=paths["stdlib"],
        externally_managed=None,
        schemes=InstallSchemes(scheme, _user_scheme(prefix)),
        site=SitePackages((paths["purelib"],), user_enabled=False, isolated=True),
        bytecode=BytecodeFormat(tag, magic),
        compatibility=Compatibility("cpython", abi="", markers=(), tags=()),
    )


def bare_environment(prefix: str, purelib: str) -> Environment:
    """Return an environment that has directories and no interpreter."""
    scripts = os.path.join(prefix, "bin")
    headers = os.path.join(prefix, "include", "site")
    return Environment(
        executable=os.path.join(scripts, "python"),
        version=(3, 11, 7),
        prefix=prefix,
        base_prefix="/nowhere",
        stdlib="/nowhere/lib",
        externally_managed=None,
        schemes=InstallSchemes(
            Scheme(purelib, purelib, headers, scripts, prefix), _user_scheme(prefix)
        ),
        site=SitePackages((purelib,), user_enabled=False, isolated=True),
        bytecode=BytecodeFormat("cpython-311", "a70d0d0a"),
        compatibility=Compatibility("cpython", abi="", markers=(), tags=()),
    )


def snapshot(prefix: str) -> dict[str, str]:
    """Return the kind, mode and content of everything below a directory."""
    seen = {}
    for directory, directories, files in os.walk(prefix):
        for name in directories:
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            seen[os.path.relpath(path, prefix)] = f"{mode:o}"
        for name in files:
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            content = os.readlink(path) if stat.S_ISLNK(mode) else sha256_of(path)
            seen[os.path.relpath(path, prefix)] = f"{mode:o} {content}"
    return seen


def files_only(seen: dict[str, str]) -> dict[str, str]:
    """Return a snapshot without directories: pip leaves some empty, and removes too many."""
    return {path: value for path, value in seen.items() if " " in value}


def records(environment: Environment, info: str) -> list[list[str]]:
    with open(
        os.path.join(environment.scheme.purelib, info, "RECORD"), newline="", encoding="utf-8"
    ) as stream:
        return list(csv.reader(stream))


@dataclass
class World:
    """One environment, one store, and everything that was told."""

    environment: Environment
    store: WheelStore
    wheels: str
    events: list[Event] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        self.events.append(event)

    @property
    def messages(self) -> list[str]:
        return [getattr(event, "message", "") for event in self.events]

    @property
    def purelib(self) -> str:
        return self.environment.scheme.purelib

    def installation(
        self,
        wheel_path: str,
        *,
        requested: bool = True,
        direct_url: str | None = None,
        replaces: InstalledDistribution | None = None,
    ) -> Installation:
        filename = os.path.basename(wheel_path)
        stored = self.store.add(wheel_path, filename, sha256_of(wheel_path))
        name, version = filename.split("-")[:2]
        return Installation(
            name.lower().replace("_", "-"), name, version, stored, requested, direct_url, replaces
        )

    def plan(self, *installations: Installation, **others: Any) -> Plan:
        """Return a plan without bytecode and without a look at PATH, unless asked for."""
        others = {"compile_bytecode": False, "warn_script_location": False} | others
        return Plan(self.environment.scheme, installations, **others)

    def install(self, *wheel_paths: str, compile_bytecode: bool = True, **others: Any) -> None:
        installations = map(self.installation, wheel_paths)
        self.apply(self.plan(*installations, compile_bytecode=compile_bytecode, **others))

    def installed(self, name: str) -> InstalledDistribution:
        found = find_installed(self.environment, listener=self.tell)
        (distribution,) = [one for one in found if one.name == name]
        return distribution

    def apply(self, plan: Plan) -> None:
        apply(plan, self.environment, self.store, self.tell)

    def pip(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the real pip on the environment, apart from this machine's configuration."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        environ["PIP_CONFIG_FILE"] = os.devnull
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "--isolated",
                "--disable-pip-version-check",
                "--python",
                self.environment.executable,
                *arguments,
            ],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, code: str) -> str:
        return subprocess.check_output(
            [self.environment.executable, "-c", code], text=True, stderr=subprocess.STDOUT
        ).strip()

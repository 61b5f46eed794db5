"""Installing and removing, side by side with the real pip."""

from __future__ import annotations

import base64
import hashlib
import os

from install.worlds import World, files_only, make_wheel, records, snapshot
from pipwrap.install.installed import find_installed
from pipwrap.install.plan import Plan

RICH = {
    "foo/__init__.py": "value = 1\n",
    "foo/sub/mod.py": "import foo\n",
    "foo/data.txt": "data\n",
    "foo/broken.py": "def :\n",
    "foo/native.so": b"\x7fELF",
    "foo_top.py": "x = 1\n",
    "foo-1.0.data/scripts/run.py": "#!python\nprint('ran')\n",
    "foo-1.0.data/scripts/plain": "#!/bin/sh\necho plain\n",
    "foo-1.0.data/headers/foo.h": "/* */\n",
    "foo-1.0.data/data/share/foo/x.py": "y = 2\n",
    "foo-1.0.data/purelib/extra.py": "z = 3\n",
    "foo-1.0.dist-info/entry_points.txt": "[console_scripts]\nfoo-run = foo.sub.mod:foo\n"
    "Ünï = foo:value\n[gui_scripts]\nfoo-gui = foo:value\n",
}
EXECUTABLE = ("foo-1.0.data/scripts/run.py", "foo-1.0.data/scripts/plain")


def rich_wheel(world: World):
    return make_wheel(world.wheels, files=dict(RICH), executable=EXECUTABLE)


def test_files_and_record_are_those_of_pip(world: World):
    before = snapshot(world.environment.prefix)
    path = rich_wheel(world)
    result = world.pip("install", "--no-index", "--no-deps", path)
    assert result.returncode == 0, result.stderr
    theirs = snapshot(world.environment.prefix)
    their_rows = sorted(map(tuple, records(world.environment, "foo-1.0.dist-info")))
    assert world.pip("uninstall", "-y", "foo").returncode == 0
    assert files_only(snapshot(world.environment.prefix)) == files_only(before)

    url = f'{{"archive_info": {{}}, "url": "file://{path}"}}'
    installation = world.installation(path, direct_url=url)
    world.apply(Plan(world.environment.scheme, (installation,)))
    ours = snapshot(world.environment.prefix)
    assert {p: m.split()[0] for p, m in ours.items()} == {
        p: m.split()[0] for p, m in theirs.items()
    }
    our_rows = sorted(map(tuple, records(world.environment, "foo-1.0.dist-info")))
    assert [r[0] for r in our_rows] == [r[0] for r in their_rows]
    differing = {r[0] for r in set(our_rows) ^ set(their_rows)}
    assert differing == {"foo-1.0.dist-info/INSTALLER", "foo-1.0.dist-info/direct_url.json"}
    different = {p for p in ours if ours[p] != theirs[p] and not p.endswith(".pyc")}
    assert {os.path.basename(p) for p in different} == {"INSTALLER", "direct_url.json", "RECORD"}


def test_record_tells_the_truth_about_every_file(world: World):
    world.install(rich_wheel(world))
    rows = records(world.environment, "foo-1.0.dist-info")
    assert len(rows) == len({row[0] for row in rows})
    for path, digest, size in rows:
        with open(os.path.join(world.purelib, path), "rb") as stream:
            content = stream.read()
        if digest:
            true = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
            assert (digest, size) == (f"sha256={true.rstrip('=')}", str(len(content)))
        else:
            assert path.endswith((".pyc", "RECORD"))


def test_pip_removes_what_was_installed_and_nothing_stays(world: World):
    before = snapshot(world.environment.prefix)
    world.install(rich_wheel(world))
    assert "foo==1.0" in world.pip("list", "--format=freeze").stdout
    result = world.pip("uninstall", "-y", "foo")
    assert result.returncode == 0, result.stderr
    assert "WARNING" not in result.stderr
    assert files_only(snapshot(world.environment.prefix)) == files_only(before)


def test_what_pip_installed_is_removed_and_nothing_stays(world: World):
    before = snapshot(world.environment.prefix)
    assert world.pip("install", "--no-index", "--no-deps", rich_wheel(world)).returncode == 0
    (foo,) = find_installed(world.environment)
    world.apply(Plan(world.environment.scheme, remove=(foo,)))
    assert snapshot(world.environment.prefix) == before
    assert "Successfully uninstalled foo-1.0" in world.messages

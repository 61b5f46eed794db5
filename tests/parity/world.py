"""What both pips meet: one index, a directory of links, repositories, and files to work on."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from packaging.tags import platform_tags

from support.index import Index
from support.wheels import make_sdist, make_source_tree, make_wheel

EDITABLE = """

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    global CONTENTS
    import tempfile
    real, info = CONTENTS, SETTINGS["dist_info"]
    with tempfile.TemporaryDirectory() as CONTENTS:
        shutil.copytree(os.path.join(real, info), os.path.join(CONTENTS, info))
        with open(os.path.join(CONTENTS, SETTINGS["name"] + ".pth"), "w") as stream:
            stream.write(real + "\\n")
        filename = build_wheel(wheel_directory)
    CONTENTS = real
    return filename
"""

BACKEND_NEEDING = """\
[build-system]
requires = ["nothing-offers-this"]
build-backend = "in_tree_backend"
backend-path = ["."]
"""

_BACKEND = """\
[build-system]
requires = []
build-backend = "{}"
backend-path = ["."]
"""


@dataclass(frozen=True)
class World:
    """Everything that stays the same while the commands run; nobody writes below it."""

    root: Path
    index: Index

    @property
    def links(self) -> Path:
        """Return the directory for ``--find-links``."""
        return self.root / "links"

    @property
    def work(self) -> Path:
        """Return what each command finds in its working directory (as a copy)."""
        return self.root / "work"

    def placeholders(self) -> dict[str, str]:
        """Return what scenarios write in braces."""
        return {
            "index": self.index.url,
            "files": self.index.url_of("/files"),
            "host": self.index.host,
            "page": self.index.links_url,
            "links": str(self.links),
            "simple": (self.root / "simple").as_uri(),
            "git": f"git+{(self.root / 'repository').as_uri()}",
            "commit": commit_of(self.root / "repository", "v1.0"),
            "one_md5": hashlib.md5(self._wheel("one")).hexdigest(),
            **{
                f"{name.replace('-', '_')}_sha256": hashlib.sha256(self._wheel(name)).hexdigest()
                for name in ("one", "two", "needs", "needs-old")
            },
        }

    def _wheel(self, name: str) -> bytes:
        return (self.links / f"{name.replace('-', '_')}-1.0-py3-none-any.whl").read_bytes()


def make_world(root: Path, index: Index) -> World:
    """Fill ``root`` and the index."""
    world = World(root, index)
    for file in (*_wheels(root / "links"), *_sdists(root / "links")):
        _offer(index, file)
    _make_file_index(root / "simple", root / "links")
    _make_work(root / "work", root / "links")
    _make_repository(root / "repository")
    _offer_wrong(index, root / "wrong")
    for name, content in {
        "requirements.txt": "one==1.0\n-r more.txt\n",
        "more.txt": "two\n",
        "constraints.txt": "one<2\n",
    }.items():
        index.page(f"/{name}", content, content_type="text/plain")
    return world


def _offer(index: Index, file: Path) -> None:
    """Add a file with the properties that its name asks for."""
    times = {"dated-1.0": "2020-01-01T00:00:00Z", "dated-2.0": "2030-01-01T00:00:00Z"}
    time = next((time for stem, time in times.items() if file.name.startswith(stem)), None)
    hashes = {"sha256": "0" * 64} if file.name.startswith("wrong_hash") else None
    yanked = "it was broken" if file.name.startswith(("one-3.0", "all_yanked")) else False
    index.add(
        file,
        hashes=hashes,
        yanked=yanked,
        metadata=not file.name.startswith("no_sidecar"),
        upload_time=time or "2024-01-02T03:04:05.000000Z",
    )


def _offer_wrong(index: Index, directory: Path) -> None:
    """Offer what pip warns of, or what cannot be fetched, apart from ``--find-links``."""
    directory.mkdir()
    misnamed = make_wheel(directory, "other", "1.0")
    index.add(misnamed)
    for name, status in {"forbidden": 403, "unauthorized": 401, "gone": 404}.items():
        index.add(make_wheel(directory, name, "1.0"), metadata=False)
        index.fault(f"/files/{name}-1.0*", status=status)
    index.add(make_wheel(directory, "gone-metadata", "1.0"))
    index.fault("/files/gone_metadata-1.0*.metadata", status=404)
    two = index.url_of("/files/two-1.0-py3-none-any.whl")
    index.add(make_wheel(directory, "needs-http", "1.0", requires=[f"two @ {two}"]))
    other = f"two @ {index.file_url(misnamed)}"
    index.add(make_wheel(directory, "needs-misnamed", "1.0", requires=[other]))
    source = make_sdist(directory, "truly-other", "1.0")
    index.add(source.rename(directory / "misnamed_source-1.0.tar.gz"))
    newer = "Wheel-Version: 1.9\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    index.add(make_wheel(directory, "newer-wheel", "1.0", wheel=newer))
    odd = make_wheel(directory, "odd-python", "1.0", requires_python="three")
    index.add(odd, requires_python="")
    index.add(make_wheel(directory, "odd-page", "1.0"), requires_python="three")
    yanked = make_wheel(directory, "yanked-python", "1.0", requires_python=">=3")
    index.add(yanked, yanked="it was broken")
    for version in range(1, 16):
        needs = ["one>=2"] if version > 1 else ["one"]
        index.add(make_wheel(directory, "backtracks", f"{version}.0", requires=needs))


def _wheels(directory: Path) -> list[Path]:
    script = {"console_scripts": ["one = one:main"]}

    def wheel(name: str, version: str, **keywords: object) -> Path:
        return make_wheel(directory, name, version, **keywords)  # type: ignore[arg-type]

    native = f"cp311-cp311-{next(iter(platform_tags()))}"
    return [
        wheel("one", "1.0", entry_points=script),
        wheel("one", "1.1", entry_points=script),
        wheel("one", "2.0", entry_points=script),
        wheel("one", "2.1rc1", entry_points=script),
        wheel("one", "3.0", entry_points=script),
        wheel("two", "1.0"),
        wheel("two", "1.5"),
        wheel("needs", "1.0", requires=["one>=1", "two"]),
        wheel("needs-old", "1.0", requires=["one<2"]),
        wheel("needs-new", "1.0", requires=["one>=2"]),
        wheel("needs-nothing-there", "1.0", requires=["nothing-there"]),
        wheel(
            "needs-url",
            "1.0",
            requires=[f"two @ {(directory / 'two-1.0-py3-none-any.whl').as_uri()}"],
        ),
        wheel("ring", "1.0", requires=["rung"]),
        wheel("rung", "1.0", requires=["ring"]),
        wheel(
            "extras",
            "1.0",
            extras={"first": ["one"], "second": ["two"], "all": ["extras[first,second]"]},
        ),
        wheel(
            "marked", "1.0", requires=["one; python_version < '3'", "two; python_version >= '3'"]
        ),
        wheel("My.Dotted-Name", "1.0"),
        wheel("future", "1.0", requires_python=">=3"),
        wheel("future", "2.0", requires_python=">=4"),
        wheel("only-future", "1.0", requires_python=">=4"),
        wheel("only-pre", "1.0a1"),
        wheel("only-pre", "1.0b1"),
        wheel("all-yanked", "1.0"),
        wheel("dated", "1.0"),
        wheel("dated", "2.0"),
        wheel("wrong-hash", "1.0"),
        wheel("no-sidecar", "1.0", requires=["one"]),
        wheel("local", "1.0"),
        wheel("local", "1.0+here"),
        wheel("built", "1.0"),
        wheel("built", "1.0", build="2"),
        wheel("native", "1.0", tag=native, purelib=False),
        wheel("foreign", "1.0", tag="cp39-cp39-win_amd64", purelib=False),
        wheel("abi3", "1.0", tag=f"cp38-abi3-{native.rpartition('-')[2]}", purelib=False),
        wheel("choices", "1.0", tag="cp39-cp39-win_amd64", purelib=False),
        wheel("choices", "1.0", tag="cp310-cp310-manylinux_2_17_x86_64", purelib=False),
        wheel("choices", "1.0", tag="pp39-pypy39_pp73-win_amd64", purelib=False),
        wheel("choices", "1.0"),
        wheel("both", "1.0"),
        wheel(
            "scripts",
            "1.0",
            entry_points={
                "console_scripts": ["Upper-Case = scripts:main"],
                "gui_scripts": ["window = scripts:main"],
            },
        ),
        wheel("data", "1.0", files=_data_files()),
        wheel("syntax", "1.0", files={"syntax/__init__.py": "", "syntax/wrong.py": "def (:\n"}),
        wheel("overlap", "1.0", files={"one/more.py": "", "overlap.py": ""}),
        wheel("bad-record", "1.0", record_rows={"bad_record/__init__.py": ("sha256=AAAA", "3")}),
        wheel("no-record", "1.0", record=None),
        wheel(
            "bad-version",
            "1.0",
            wheel="Wheel-Version: 9.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        ),
        wheel("bad-name", "1.0", metadata="Metadata-Version: 2.1\nName: other\nVersion: 1.0\n"),
        wheel("escaping", "1.0", entry_points={"console_scripts": ["../escaped = escaping:main"]}),
    ]


def _data_files() -> dict[str, str | bytes]:
    """Return a file for each scheme."""
    root = "data-1.0.data"
    return {
        "data/__init__.py": "",
        f"{root}/scripts/shebang": "#!python\nprint('hello')\n",
        f"{root}/scripts/plain": "#!/bin/sh\n",
        f"{root}/data/share/data/file.txt": "data\n",
        f"{root}/headers/data.h": "",
        f"{root}/purelib/data_pure.py": "",
        f"{root}/platlib/data_plat.py": "",
    }


def _sdists(directory: Path) -> list[Path]:
    def sdist(name: str, version: str, **keywords: object) -> Path:
        return make_sdist(directory, name, version, **keywords)  # type: ignore[arg-type]

    return [
        sdist("source", "1.0"),
        sdist("source", "1.1"),
        sdist("source-needs", "1.0", requires=["one<2"]),
        sdist("both", "1.0"),
        sdist("both", "1.1"),
        sdist("build-needs", "1.0", build_requires=["one"], imports=["one"]),
        sdist("build-needs-old", "1.0", build_requires=["one==1.0"], imports=["one"]),
        sdist("build-needs-missing", "1.0", build_requires=["nothing-there"]),
        sdist("build-needs-itself", "1.0", build_requires=["build-needs-itself"]),
        sdist("build-asks", "1.0", dynamic_requires=["two"], imports=[]),
        sdist("fails-metadata", "1.0", fail_in="prepare_metadata_for_build_wheel"),
        sdist("fails-wheel", "1.0", fail_in="build_wheel"),
        sdist("fails-requires", "1.0", fail_in="get_requires_for_build_wheel"),
        sdist("zipped", "1.0", archive="zip"),
        sdist("Odd.Name", "1.0"),
    ]


def _make_file_index(root: Path, links: Path) -> None:
    """Write a PEP 503 index for ``file:`` URLs."""
    for name in ("one", "two", "source"):
        found = sorted(path.name for path in links.iterdir() if path.name.startswith(f"{name}-"))
        rows = "".join(f'<a href="../../links/{file}">{file}</a>\n' for file in found)
        page = root / name / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<!DOCTYPE html><html><body>\n{rows}</body></html>", encoding="utf-8")


def _make_work(work: Path, links: Path) -> None:
    """Write the projects, archives and directories that requirements name."""
    for name, keywords in {
        "project": {"requires": ["one<2"], "extras": {"more": ["two"]}},
        "broken": {"fail_in": "build_wheel"},
        "unisolated": {"pyproject": BACKEND_NEEDING},
        "fails-requires": {"fail_in": "get_requires_for_build_wheel"},
        "unknown-backend": {"pyproject": _BACKEND.format("nowhere.backend")},
        "odd-object": {"pyproject": _BACKEND.format("in_tree_backend:nothing")},
    }.items():
        make_source_tree(work, name, "1.0", **keywords)
    with (work / "project" / "in_tree_backend.py").open("a", encoding="utf-8") as stream:
        stream.write(EDITABLE)
    make_source_tree(work / "nested", "inner", "1.0")
    (work / "empty").mkdir()
    (work / "one").mkdir()
    (work / "here").mkdir()
    for file in ("one-1.0-py3-none-any.whl", "two-1.0-py3-none-any.whl", "source-1.0.tar.gz"):
        os.link(links / file, work / "here" / file)
    (work / "not-a-zip-1.0-py3-none-any.whl").write_bytes(b"no zip")
    (work / "not-a-tar-1.0.tar.gz").write_bytes(b"no tar")
    (work / "pyproject.toml").write_text(
        '[dependency-groups]\ntest = ["one<2", {include-group = "more"}]\nmore = ["two"]\n'
        'ring = [{include-group = "ring"}]\n',
        encoding="utf-8",
    )
    (work / "script.py").write_text(
        '# /// script\n# requires-python = ">=3.8"\n# dependencies = ["one<2"]\n# ///\n',
        encoding="utf-8",
    )
    (work / "old_script.py").write_text(
        '# /// script\n# requires-python = "<3"\n# dependencies = ["one"]\n# ///\n',
        encoding="utf-8",
    )
    (work / "plain_script.py").write_text("print()\n", encoding="utf-8")


def _make_repository(root: Path) -> None:
    """Make a repository with the tags v1.0 and v2.0, a branch and a subdirectory."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "a" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "a@test" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_DATE": "2024-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
    }

    def git(*arguments: str) -> None:
        command = ["git", "-c", "init.defaultBranch=main", *arguments]
        subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)

    root.mkdir()
    git("init")
    for version in ("1.0", "2.0"):
        tree = make_source_tree(root.parent / f"checkout-{version}", "repo", version)
        inner = make_source_tree(tree, "below", version)
        assert inner.is_relative_to(tree)
        git("rm", "-rq", "--ignore-unmatch", ".")
        subprocess.run(["cp", "-r", f"{tree}/.", str(root)], check=True)
        git("add", ".")
        git("commit", "-m", version)
        git("tag", f"v{version}")
    git("branch", "side", "v1.0")


def commit_of(repository: Path, revision: str) -> str:
    """Return the full hash of a commit."""
    done = subprocess.run(
        ["git", "rev-parse", f"{revision}^{{commit}}"],
        cwd=repository,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()

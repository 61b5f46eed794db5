"""Which bytes are allowed: hashes of lines, of constraints, of URLs and of indexes, as in pip."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from support.beside import beside, plain
from support.environments import make_environment
from support.index import Index
from support.promises import refused
from support.runner import Result, Runner
from support.sdists import make_sdist
from support.wheels import make_wheel

WRONG = "0" * 64


def _digest(path: Path, algorithm: str = "sha256") -> str:
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


@pytest.fixture(autouse=True)
def known(pipwrap: Runner, index: Index, tmp_path: Path) -> dict[str, str]:
    """Return what the lines of the cases are filled with; the files are offered."""
    files, aside = tmp_path / "files", tmp_path / "aside"
    demo, newer = make_wheel(files, "demo", "1.0"), make_wheel(files, "demo", "2.0")
    sdist = make_sdist(files, "source", "1.0")
    many = make_wheel(files, "many", "1.0"), make_wheel(files, "many", "1.0", build="2")
    local = make_wheel(aside, "local", "1.0")
    named = {
        "wrong": WRONG,
        "demo": _digest(demo),
        "demo_sha512": _digest(demo, "sha512"),
        "demo_md5": _digest(demo, "md5"),
        "newer": _digest(newer),
        "source": _digest(sdist),
        "many": _digest(many[0]),
        "many_2": _digest(many[1]),
        "local": _digest(local),
        "demo_url": index.file_url(demo),
        "demo_file": demo.as_uri(),
        "source_url": index.file_url(sdist),
        "source_file": sdist.as_uri(),
        "links": str(aside),
    }
    needs = {
        "needs-file": "demo @ {demo_file}#sha256={demo}",
        "needs-url": "demo @ {demo_url}#sha256={demo}",
        "needs-wrong": "demo @ {demo_url}#sha256={wrong}",
        "needs-source": "source @ {source_file}#sha256={source}",
    }
    for name, text in needs.items():
        wheel = make_wheel(files, name, "1.0", requires=[text.format_map(named)])
        named[name.replace("-", "_")] = _digest(wheel)
        index.add(wheel)
    for file in (demo, newer, sdist, *many):
        index.add(file)
    return named


CASES: dict[str, tuple[str, str]] = {
    # requirements, constraints
    "two constraints": ("demo==1.0", "demo --hash=sha256:{demo}\ndemo --hash=sha256:{wrong}"),
    "two constraints, one in common": (
        "demo==1.0",
        (
            "demo --hash=sha256:{demo} --hash=sha256:{wrong}\n"
            "demo --hash=sha256:{newer} --hash=sha256:{demo}"
        ),
    ),
    "two constraints, two algorithms": (
        "demo==1.0",
        "demo --hash=sha256:{demo}\ndemo --hash=sha512:{demo_sha512}",
    ),
    "two constraints, another order": (
        "demo==1.0",
        "demo --hash=sha256:{wrong}\ndemo --hash=sha256:{demo}",
    ),
    "two constraints, one without": ("demo==1.0", "demo --hash=sha256:{demo}\ndemo<3"),
    "two constraints, unpinned": ("demo", "demo --hash=sha256:{demo}\ndemo --hash=sha256:{newer}"),
    "line and constraint": ("demo==1.0 --hash=sha256:{demo}", "demo --hash=sha256:{demo}"),
    "line and wrong constraint": ("demo==1.0 --hash=sha256:{demo}", "demo --hash=sha256:{wrong}"),
    "wrong line and constraint": ("demo==1.0 --hash=sha256:{wrong}", "demo --hash=sha256:{demo}"),
    "two lines": (
        "demo==1.0 --hash=sha256:{demo}\ndemo==1.0 --hash=sha256:{wrong}",
        "",
    ),
    "two lines, another order": (
        "demo==1.0 --hash=sha256:{wrong}\ndemo==1.0 --hash=sha256:{demo}",
        "",
    ),
    "two lines, the second without": ("demo==1.0 --hash=sha256:{demo}\ndemo", ""),
    "two lines, the first without": ("demo==1.0\ndemo --hash=sha256:{demo}", ""),
    "several wheels, the first": ("many==1.0 --hash=sha256:{many}", ""),
    "several wheels, the second": ("many==1.0 --hash=sha256:{many_2}", ""),
    "several wheels, neither": ("many==1.0 --hash=sha256:{wrong}", ""),
    "url and fragment": ("--require-hashes\ndemo @ {demo_url}#sha256={demo}", ""),
    "url, fragment and option": (
        "demo @ {demo_url}#sha256={demo} --hash=sha256:{demo}",
        "",
    ),
    "url, wrong fragment and option": (
        "demo @ {demo_url}#sha256={wrong} --hash=sha256:{demo}",
        "",
    ),
    "url, fragment and wrong option": (
        "demo @ {demo_url}#sha256={demo} --hash=sha256:{wrong}",
        "",
    ),
    "url, both wrong": ("demo @ {demo_url}#sha256={wrong} --hash=sha256:{wrong}", ""),
    "file, wrong fragment and option": (
        "demo @ {demo_file}#sha256={wrong} --hash=sha256:{demo}",
        "",
    ),
    "bare url, wrong fragment and option": ("{demo_url}#sha256={wrong} --hash=sha256:{demo}", ""),
    "bare file, fragment and wrong option": ("{demo_file}#sha256={demo} --hash=sha256:{wrong}", ""),
    "url, md5": ("--require-hashes\ndemo @ {demo_url}#md5={demo_md5}", ""),
    "url, wrong md5": ("demo @ {demo_url}#md5=00", ""),
    "file, wrong md5": ("demo @ {demo_file}#md5=00", ""),
    "url, wrong md5 and sha256": ("demo @ {demo_url}#md5=00&sha256={demo}", ""),
    "file, md5 and wrong sha256": ("demo @ {demo_file}#md5={demo_md5}&sha256={wrong}", ""),
    "file, wrong md5 and sha256": ("demo @ {demo_file}#md5=00&sha256={demo}", ""),
    "sdist url, fragment": ("--require-hashes\nsource @ {source_url}#sha256={source}", ""),
    "sdist url, wrong fragment and option": (
        "source @ {source_url}#sha256={wrong} --hash=sha256:{source}",
        "",
    ),
    "sdist": ("source==1.0 --hash=sha256:{source}", ""),
    "sdist, wrong": ("source==1.0 --hash=sha256:{wrong}", ""),
    "dependency on a file": ("needs-file==1.0 --hash=sha256:{needs_file}", ""),
    "dependency on a url": ("needs-url==1.0 --hash=sha256:{needs_url}", ""),
    "dependency on an sdist": ("needs-source==1.0 --hash=sha256:{needs_source}", ""),
    "dependency on a url, hash of a line": (
        "needs-url==1.0 --hash=sha256:{needs_url}\ndemo==1.0 --hash=sha256:{demo}",
        "",
    ),
    "dependency on a url, hash of a constraint": (
        "needs-url==1.0 --hash=sha256:{needs_url}",
        "demo --hash=sha256:{demo}",
    ),
    "dependency on a url that the user names too": (
        "needs-url==1.0 --hash=sha256:{needs_url}\ndemo @ {demo_url}#sha256={demo}",
        "",
    ),
    "dependency on a url, not required": ("needs-url==1.0", ""),
    "dependency on a wrong url, not required": ("needs-wrong==1.0", ""),
    "url constraint with a fragment": (
        "--require-hashes\ndemo==1.0",
        "demo @ {demo_url}#sha256={demo}",
    ),
    "url constraint with a hash": ("demo==1.0", "demo @ {demo_url} --hash=sha256:{demo}"),
    "url constraint with a hash, dependency": (
        "needs-url==1.0 --hash=sha256:{needs_url}",
        "demo @ {demo_url} --hash=sha256:{demo}",
    ),
    "url constraint, hashed line": ("demo==1.0 --hash=sha256:{demo}", "demo @ {demo_url}"),
    "url constraint, wrongly hashed line": (
        "demo==1.0 --hash=sha256:{wrong}",
        "demo @ {demo_url}#sha256={demo}",
    ),
    "url constraint, wrong fragment, hashed line": (
        "demo==1.0 --hash=sha256:{demo}",
        "demo @ {demo_url}#sha256={wrong}",
    ),
    "find-links": ("--find-links {links}\nlocal==1.0 --hash=sha256:{local}", ""),
    "find-links, wrong": ("--find-links {links}\nlocal==1.0 --hash=sha256:{wrong}", ""),
    "pinned by an unhashed constraint": ("--require-hashes\ndemo", "demo==1.0"),
    "not required, wrong": ("--no-require-hashes\ndemo==1.0 --hash=sha256:{wrong}", ""),
    "not required, constraint": ("--no-require-hashes\ndemo==1.0", "demo --hash=sha256:{wrong}"),
    "not required, url": (
        "--no-require-hashes\ndemo @ {demo_url}#sha256={wrong} --hash=sha256:{demo}",
        "",
    ),
}
COMMANDS = {
    "download": ("download", "-d", "saved"),
    "wheel": ("wheel", "-w", "saved"),
}


SAVED = (
    "two constraints",
    "line and wrong constraint",
    "several wheels, the second",
    "file, wrong fragment and option",
    "url, wrong md5 and sha256",
    "sdist, wrong",
    "dependency on a file",
    "dependency on an sdist",
    "dependency on a url, hash of a line",
    "url constraint with a fragment",
    "find-links",
)
"""The cases that are also saved, by the commands that keep files."""


@pytest.mark.parametrize(
    ("case", "command"),
    [
        *(pytest.param(name, "install", id=name) for name in CASES),
        *(pytest.param(name, kind, id=f"{kind}-{name}") for name in SAVED for kind in COMMANDS),
    ],
)
def test_what_is_allowed_is_what_pip_allows(
    pipwrap: Runner, known: dict[str, str], case: str, command: str
):
    for name, text in zip(("r.txt", "c.txt"), CASES[case], strict=True):
        (pipwrap.directory / name).write_text(f"{text.format_map(known)}\n", encoding="utf-8")
    words = COMMANDS.get(command, ("install", "--dry-run"))
    line = (*words, "-r", "r.txt", "-c", "c.txt")
    ours = pipwrap(*line)
    shutil.rmtree(pipwrap.directory / "saved", ignore_errors=True)
    theirs = pipwrap.pip(*line, "--no-cache-dir")
    assert _outcome(ours) == _outcome(theirs), f"pipwrap: {ours.output}\npip: {theirs.output}"


def _outcome(result: Result) -> tuple[int, list[str]]:
    """Return the exit status and what is said of hashes."""
    lines = [line.strip() for line in plain(result.stderr).splitlines() if line.strip()]
    # Which requirement asked for a file is not always known here.
    return result.returncode, [
        line for line in lines if not re.search(r"\(from |://.*:$|^unknown p", line)
    ]


# What an index says


NAMED = {
    "md5": {"md5": "00"},
    "sha1": {"sha1": "00"},
    "sha224": {"sha224": "00"},
    "sha256": {"sha256": WRONG},
    "sha384": {"sha384": "00"},
    "sha512": {"sha512": "00"},
    "a hash of no known kind": {"huh": "00"},
    "the right one second": {"md5": "00", "sha256": ""},
    "the right one first": {"sha256": "", "md5": "00"},
    "right": {"md5": ""},
    "of another kind": {"blake2b": "00"},
}
"""The hashes that an index names of a file; the right ones are left out."""


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        *(("json", each) for each in NAMED),
        *((kind, each) for kind in ("html", "find-links") for each in ("md5", "sha1", "right")),
        *(("cached", each) for each in ("md5", "sha224", "right", "the right one second")),
    ],
)
def test_what_an_index_names_is_compared(
    pipwrap: Runner, index: Index, tmp_path: Path, case: str, kind: str
):
    wheel, named = make_wheel(tmp_path / "named", "named", "1.0"), NAMED[case]
    index.json = kind == "json"
    hashes = {name: digest or _digest(wheel, name) for name, digest in named.items()}
    if kind == "cached":
        index.headers("/files/*", {"Cache-Control": "max-age=600"})
        index.add(wheel)
        pipwrap("download", "-d", "before", "named", expect=0)
    index.add(wheel, hashes=hashes)
    links = ("--no-index", "--find-links", index.links_url) if kind == "find-links" else ()
    ours, theirs = beside(pipwrap, "download", "-d", "saved", *links, "named", "--no-cache-dir")
    if kind == "cached":
        ours = pipwrap("download", "-d", "saved", "named")
    assert _outcome(ours) == _outcome(theirs), f"pipwrap: {ours.output}\npip: {theirs.output}"


@pytest.mark.parametrize("named", [{"md5": "00"}, {"md5": "00", "sha256": ""}], ids=str)
def test_a_wheel_in_the_store_is_compared_with_what_the_index_names_first(
    pipwrap: Runner, index: Index, tmp_path: Path, named: dict[str, str]
):
    wheel = make_wheel(tmp_path / "named", "named", "1.0")
    index.add(wheel)
    pipwrap("install", "--target", "before", "named", expect=0)
    hashes = {name: digest or _digest(wheel, name) for name, digest in named.items()}
    index.add(wheel, hashes=hashes)
    refused(pipwrap, "install", "named", says="Expected md5 00")


def test_an_index_that_names_a_wrong_sha256_is_refused_whatever_else_it_names(
    pipwrap: Runner, index: Index, tmp_path: Path
):
    """A sha256 identifies a file in the cache; pip looks at the first hash alone."""
    wheel = make_wheel(tmp_path / "named", "named", "1.0")
    index.add(wheel, hashes={"md5": _digest(wheel, "md5"), "sha256": WRONG})
    refused(pipwrap, "install", "named", says=f"Expected sha256 {WRONG}")


# What was built or saved before


def test_a_wheel_that_was_built_from_other_bytes_is_not_used(
    pipwrap: Runner, known: dict[str, str]
):
    pipwrap("install", "--target", "before", "source", expect=0)
    for digest, code in ((WRONG, 1), (known["source"], 0)):
        line = f"source==1.0 --hash=sha256:{digest}\n"
        (pipwrap.directory / "r.txt").write_text(line, encoding="utf-8")
        pipwrap("install", "--target", f"after-{code}", "-r", "r.txt", expect=code)


@pytest.mark.parametrize(
    ("project", "state", "by"),
    [
        ("demo", "same", "fragment"),
        ("demo", "another", "fragment"),
        ("demo", "gone", "option"),
        ("source", "another", "option"),
        ("source", "gone", "fragment"),
    ],
)
def test_a_saved_file_with_the_right_hash_stands_in_for_a_file_url(
    pipwrap: Runner, known: dict[str, str], tmp_path: Path, project: str, state: str, by: str
):
    url = known[f"{project}_file"]
    name = url.rpartition("/")[2]
    original, digest = tmp_path / "files" / name, known[project]
    saved = pipwrap.directory / "saved" / name
    saved.parent.mkdir()
    shutil.copyfile(original, saved)
    if state == "another":
        original.write_bytes(b"another")
    elif state == "gone":
        original.unlink()
    line = f"{url}#sha256={digest}" if by == "fragment" else f"{url} --hash=sha256:{digest}"
    (pipwrap.directory / "r.txt").write_text(line, encoding="utf-8")
    before = saved.read_bytes()
    ours, theirs = beside(pipwrap, "download", "-d", "saved", "-r", "r.txt")
    assert (ours.returncode, ours.stderr) == (theirs.returncode, theirs.stderr), ours.output
    assert "File was already downloaded" in ours.stdout
    assert (ours.returncode, saved.read_bytes()) == (0, before)


# Reports


@pytest.mark.parametrize(
    "line",
    [
        "--no-index\n--find-links {links}\nlocal==1.0 --hash=sha256:{local}",
        "demo==1.0 --hash=sha256:{demo}",
        "source==1.0 --hash=sha256:{source}",
        "demo @ {demo_url} --hash=sha256:{demo}",
        "demo @ {demo_file} --hash=sha256:{demo}",
        "{source_file} --hash=sha256:{source}",
        "demo @ {demo_url}#sha256={demo} --hash=sha256:{wrong}",
    ],
    ids=str,
)
def test_the_report_of_hashed_requirements_is_pips(
    pipwrap: Runner, known: dict[str, str], tmp_path: Path, line: str
):
    (pipwrap.directory / "r.txt").write_text(f"{line.format_map(known)}\n", encoding="utf-8")
    dry = ["--dry-run"] if line.endswith("{demo}") else []
    command = ["install", "-q", "--report", "-", *dry, "-r", "r.txt"]
    other = pipwrap.on(make_environment(tmp_path / "other"))
    ours, theirs = pipwrap(*command, expect=0), other.pip(*command, "--no-cache-dir", expect=0)
    assert json.loads(ours.stdout) == json.loads(theirs.stdout)


def test_the_report_of_a_lock_without_digests_in_links_is_pips(
    pipwrap: Runner, known: dict[str, str], tmp_path: Path
):
    lock = (
        'lock-version = "1.0"\ncreated-by = "hand"\n[[packages]]\nname = "demo"\n'
        f'version = "1.0"\nwheels = [{{url = "{known["demo_url"]}", '
        f'hashes = {{sha256 = "{known["demo"]}"}}}}]\n'
    )
    (pipwrap.directory / "pylock.toml").write_text(lock, encoding="utf-8")
    command = ["install", "-q", "--dry-run", "--report", "-", "-r", "pylock.toml"]
    ours, theirs = beside(pipwrap, *command, expect=0)
    assert json.loads(ours.stdout) == json.loads(theirs.stdout)

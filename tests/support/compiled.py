"""Shared libraries and sdists with compiled code, made by the machine's own C compiler."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.archives import tar_gz_bytes, write_file
from support.sdists import BUILD_LOG

HAS_COMPILER = shutil.which("cc") is not None and os.path.exists("/proc/self/exe")
"""Return whether there is a C compiler, and its files are ELF files."""

# Compiles code.c with the options of the file OPTIONS, and of the variable CFLAGS.
_BACKEND = """\
import os, subprocess, sysconfig, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    with open(os.environ[{log!r}], "a") as stream:
        stream.write("build_wheel {name} 1.0\\n")
    with open("OPTIONS") as stream:
        options = stream.read().split() + os.environ.get("CFLAGS", "").split()
    subprocess.run(["cc", "-shared", "-fPIC", "code.c", "-o", "_{name}.so", *options], check=True)
    tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    info = "{name}-1.0.dist-info"
    with open("_{name}.so", "rb") as stream:
        files = {{"_{name}.so": stream.read()}}
    files[info + "/METADATA"] = b"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n"
    files[info + "/WHEEL"] = (
        "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: false\\nTag: " + tag + "\\n"
    ).encode()
    files[info + "/RECORD"] = "".join(each + ",,\\n" for each in [*files, info + "/RECORD"]).encode()
    filename = "{name}-1.0-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(directory, filename), "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return filename
"""
_PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def make_compiled_sdist(
    directory: Path, name: str, code: str, options: str = "", requires: str = ""
) -> Path:
    """Return an sdist whose wheel holds a library, compiled from ``code`` when it is built."""
    root = f"{name}-1.0"
    files = {
        "PKG-INFO": f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n{requires}",
        "pyproject.toml": _PYPROJECT,
        "backend.py": _BACKEND.format(name=name, log=BUILD_LOG),
        "OPTIONS": options,
        "code.c": code,
    }
    members = {f"{root}/{path}": text.encode() for path, text in files.items()}
    return write_file(directory / f"{root}.tar.gz", tar_gz_bytes(members))


def make_library(path: Path, code: str, *options: str, versions: str = "") -> Path:
    """Compile a shared library whose symbols have the versions of a linker's version script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source, script = path.with_suffix(".c"), path.with_suffix(".map")
    source.write_text(code)
    script.write_text(versions)
    flags = [f"-Wl,-soname,{path.name}", *([f"-Wl,--version-script={script}"] if versions else [])]
    command = ["cc", "-shared", "-fPIC", *flags, str(source), *options, "-o", str(path)]
    subprocess.run(command, check=True)
    return path

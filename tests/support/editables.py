"""Source trees that can be installed as they lie (PEP 660)."""

from __future__ import annotations

from pathlib import Path

from support.sdists import make_source_tree

_EDITABLE_HOOKS = """

import sys
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    info = os.path.join(CONTENTS, SETTINGS["dist_info"])
    rows = []
    with zipfile.ZipFile(os.path.join(wheel_directory, SETTINGS["filename"]), "w") as archive:
        members = {"_editable.pth": CONTENTS + "\\n"}
        for name in os.listdir(info):
            with open(os.path.join(info, name)) as stream:
                members[SETTINGS["dist_info"] + "/" + name] = stream.read()
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
            rows.append(name + ",,")
        record = SETTINGS["dist_info"] + "/RECORD"
        archive.writestr(zipfile.ZipInfo(record), "\\n".join(rows + [record + ",,"]) + "\\n")
    return SETTINGS["filename"]


def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    return prepare_metadata_for_build_wheel(metadata_directory, config_settings)
"""


def editable_tree(
    directory: Path, name: str = "demo", version: str = "1.0", **keywords: object
) -> Path:
    """Write a source tree whose backend knows PEP 660."""
    root = make_source_tree(directory, name, version, **keywords)
    with open(root / "in_tree_backend.py", "a", encoding="utf-8") as stream:
        stream.write(_EDITABLE_HOOKS)
    return root

#!/usr/bin/env python3
"""Draws docs/options.md and docs/handed-over.md from the option tables; --check only compares."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from pipwrap.options.option import HELP, Option  # noqa: E402
from pipwrap.options.table import COMMANDS, options_of  # noqa: E402

BETTER = {
    "--cache-dir": "RFC 9111, files found by digest, wheels unpacked once",
    "--no-cache-dir": "a temporary cache through the same code; build requirements are included",
    "--no-binary": "never reaches build requirements",
    "--upgrade": "one transaction: an error leaves everything as it was",
    "--force-reinstall": "one transaction: an error leaves everything as it was",
    "--yes": "one transaction, and a crash is undone by the next command",
    "--compile": "compiled once per wheel and Python, then linked",
}
"""What pipwrap adds to an option that it honours as pip does."""

ALWAYS_PIPS = {
    "lock": "experimental; its output is pip's to define",
    "freeze": "reads the environment, changes nothing",
    "inspect": "reads the environment, changes nothing",
    "list": "reads the environment, changes nothing",
    "show": "reads the environment, changes nothing",
    "check": "reads the environment, changes nothing",
    "config": "edits pip's own files, which pipwrap reads",
    "search": "pip's word on an interface that the index has closed",
    "index": "experimental",
    "hash": "hashes local files",
    "completion": "the protocol is pip's; `pipwrap shell-init` speaks it",
    "debug": "says what pip itself sees",
    "help": "pip's text for pip's options",
}
"""The commands of pip that are not ours, with the reason."""

REFERENCE = (
    "<!-- drawn by scripts/draw_options.py from pipwrap/options/table.py; do not edit -->\n\n"
)


def options_page() -> str:
    """Return docs/options.md."""
    lines = [
        "# pip's options, one by one",
        "",
        REFERENCE.strip(),
        "",
        "*same*: pipwrap does what pip 26.3 does. *better*: the same, and what the line says.",
        "*handed over*: a command line with this option goes to the real pip, whole, with its",
        "output and its exit status. Nothing is ignored. I install, D download, W wheel,",
        "U uninstall, C cache; general options belong to all of them.",
        "",
        "| option | commands | pipwrap |",
        "| --- | --- | --- |",
    ]
    for option, commands in _options():
        spellings = ", ".join(f"`{one}`" for one in option.spellings)
        lines.append(f"| {spellings} | {commands} | {claim(option)} |")
    return "\n".join(lines) + "\n"


def handed_over_page() -> str:
    """Return docs/handed-over.md."""
    lines = [
        "# What stays with the real pip",
        "",
        REFERENCE.strip(),
        "",
        "These commands go to the real pip of the environment (to pipwrap's own with `--python`",
        "where the environment has none), byte for byte, with its exit status. So does every",
        "command that pip may learn later.",
        "",
        "| command | why |",
        "| --- | --- |",
        *(f"| `{name}` | {reason} |" for name, reason in ALWAYS_PIPS.items()),
        "",
        "And `--help` of every command. Of our own commands, these options hand the whole line",
        "over; `-v` says so:",
        "",
    ]
    handed = [option for option, _ in _options() if option.ours is not True]
    return "\n".join(lines) + "\n" + "".join(f"- {_handed(option)}\n" for option in handed)


def claim(option: Option) -> str:
    """Return what the table says of an option."""
    if option.kind == HELP or option.ours is False:
        return "handed over"
    text = "same"
    better = [BETTER[one] for one in option.spellings if one in BETTER]
    if better:
        text = f"better: {better[0]}"
    if option.ours is not True:
        others = [one for one in option.choices if one not in option.ours]
        text += f"; handed over for {', '.join(f'`{one}`' for one in others)}"
    return text


def _handed(option: Option) -> str:
    if option.ours is False:
        return f"`{option.long}`"
    others = [one for one in option.choices if one not in option.ours]
    return ", ".join(f"`{option.long}={one}`" for one in others)


def _options() -> list[tuple[Option, str]]:
    """Return every option once, with the initials of its commands, by its long name."""
    found: dict[tuple[str, ...], tuple[Option, str]] = {}
    for command in COMMANDS:
        for option in options_of(command):
            _, before = found.get(option.spellings, (option, ""))
            found[option.spellings] = (option, f"{before} {command[0].upper()}".strip())
    everywhere = " ".join(command[0].upper() for command in COMMANDS)
    return sorted(
        (
            (option, "general" if commands == everywhere else commands)
            for option, commands in found.values()
        ),
        key=lambda one: one[0].long,
    )


PAGES = {"docs/options.md": options_page, "docs/handed-over.md": handed_over_page}


def main() -> int:
    """Write the pages, or with --check tell whether they are as they would be written."""
    status = 0
    for path, page in PAGES.items():
        text, file = page(), PROJECT / path
        if "--check" not in sys.argv[1:]:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            print(f"{path} is not what scripts/draw_options.py draws")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())

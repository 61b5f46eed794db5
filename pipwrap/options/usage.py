"""pip's usage texts, as they precede the message of a usage error."""

_REQUIREMENT_USAGE = (
    "[options] <requirement specifier> [package-index-options] ...",
    "[options] -r <requirements file> [package-index-options] ...",
)

_USAGE = {
    "install": (
        *_REQUIREMENT_USAGE,
        "[options] [-e] <vcs project url> ...",
        "[options] [-e] <local project path> ...",
        "[options] <archive url/path> ...",
    ),
    "download": (
        *_REQUIREMENT_USAGE,
        "[options] <vcs project url> ...",
        "[options] <local project path> ...",
        "[options] <archive url/path> ...",
    ),
    "wheel": (
        "[options] <requirement specifier> ...",
        "[options] -r <requirements file> ...",
        "[options] [-e] <vcs project url> ...",
        "[options] [-e] <local project path> ...",
        "[options] <archive url/path> ...",
    ),
    "uninstall": (
        "[options] <package> ...",
        "[options] -r <requirements file> ...",
    ),
    "shell-init": ("bash|zsh|fish|powershell [--with-python-m]",),
    "shim": ("[--remove] <directory>",),
    "cache": (
        "dir",
        "info",
        "list [<pattern>] [--format=[human, abspath]]",
        "remove <pattern>",
        "purge",
    ),
}

_OURS_ALONE = ("shell-init", "shim")


def usage(command: "str | None", program: str = "pip") -> str:
    """Return the text that pip prints before a usage error, with its blank lines.

    ``None`` is pip itself, before any sub-command.
    """
    if command in _OURS_ALONE:
        program = "pipwrap"
    if not command:
        return f"\nUsage:   \n  {program} <command> [options]\n\n"
    lines = "".join(f"  {program} {command} {line}\n" for line in _USAGE[command])
    # pip's usage of `cache` ends with an indented empty line.
    ending = "  \n\n" if command == "cache" else "\n"
    return f"\nUsage:   \n{lines}{ending}"

"""``pipwrap shell-init SHELL``: what a profile evaluates so that ``pip`` is pipwrap there.

Functions rather than aliases: they set ``discovery.CALLED_AS_PIP`` for pipwrap alone.
Completion uses the protocol of ``pip completion``
(PIP_AUTO_COMPLETE, COMP_WORDS, COMP_CWORD), which the real pip answers.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pipwrap import errors
from pipwrap.operations.own_executable import own_executable
from pipwrap.options.option import Option
from pipwrap.options.parser import BadArgument, read_arguments

COMMAND = "shell-init"
SHELLS = ("bash", "zsh", "fish", "powershell")
_WITH_PYTHON_M = Option("with_python_m", "--with-python-m")

_POSIX = """\
pip() { PIPWRAP_CALLED_AS_PIP=1 command @PIPWRAP@ "$@"; }
pip3() { pip "$@"; }
"""

# Inside the parentheses the function is gone, so that the executable is found and named.
_POSIX_PYTHON = """\
@NAME@() {
    if [ "${1-}" = -m ] && [ "${2-}" = pip ]; then
        shift 2
        PIPWRAP_CALLED_AS_PIP=1 command @PIPWRAP@ \
--python "$(unset -f @NAME@; command -v @NAME@)" "$@"
    else
        command @NAME@ "$@"
    fi
}
"""

_BASH_COMPLETION = """\
_pipwrap_completion() {
    COMPREPLY=( $( COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
PIPWRAP_CALLED_AS_PIP=1 PIP_AUTO_COMPLETE=1 @PIPWRAP@ 2>/dev/null ) )
}
complete -o default -F _pipwrap_completion pip pip3
"""

_ZSH_COMPLETION = """\
_pipwrap_completion() {
    compadd $( COMP_WORDS="$words[*]" COMP_CWORD=$((CURRENT-1)) \
PIPWRAP_CALLED_AS_PIP=1 PIP_AUTO_COMPLETE=1 @PIPWRAP@ 2>/dev/null )
}
if (( $+functions[compdef] )); then compdef _pipwrap_completion pip pip3; fi
"""

_FISH = """\
function pip; env PIPWRAP_CALLED_AS_PIP=1 @PIPWRAP@ $argv; end
function pip3; pip $argv; end
function __pipwrap_complete
    set -lx COMP_WORDS (commandline --current-process --tokenize --cut-at-cursor)
    set -lx COMP_WORDS $COMP_WORDS (commandline --current-token --cut-at-cursor)
    set -lx COMP_CWORD (math (count $COMP_WORDS) - 1)
    set -lx PIP_AUTO_COMPLETE 1
    string split \\  -- (pip 2>/dev/null)
end
complete -fa "(__pipwrap_complete)" -c pip
complete -fa "(__pipwrap_complete)" -c pip3
"""

_FISH_PYTHON = """\
function @NAME@
    if test "$argv[1]" = -m; and test "$argv[2]" = pip
        env PIPWRAP_CALLED_AS_PIP=1 @PIPWRAP@ --python (command -s @NAME@) $argv[3..-1]
    else
        command @NAME@ $argv
    end
end
"""

_POWERSHELL = """\
function pip {
    $pipwrapBefore = $env:PIPWRAP_CALLED_AS_PIP
    $env:PIPWRAP_CALLED_AS_PIP = '1'
    try { & @PIPWRAP@ @args } finally { $env:PIPWRAP_CALLED_AS_PIP = $pipwrapBefore }
}
Set-Alias -Name pip3 -Value pip
Register-ArgumentCompleter -Native -CommandName pip, pip3 -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $env:COMP_WORDS = $commandAst.CommandElements
    $env:COMP_CWORD = $commandAst.CommandElements.Count - [int]($wordToComplete -ne '')
    $env:PIP_AUTO_COMPLETE = '1'
    try { (pip) -split '\\s+' | Where-Object { $_ } }
    finally { Remove-Item Env:COMP_WORDS, Env:COMP_CWORD, Env:PIP_AUTO_COMPLETE }
}
"""

_POWERSHELL_PYTHON = """\
function @NAME@ {
    $pipwrapReal = (Get-Command @NAME@ -CommandType Application | Select-Object -First 1).Source
    if ($args.Count -ge 2 -and $args[0] -eq '-m' -and $args[1] -eq 'pip') {
        $pipwrapRest = @($args | Select-Object -Skip 2)
        & @PIPWRAP@ --python $pipwrapReal @pipwrapRest
    } else { & $pipwrapReal @args }
}
"""

_TEXTS = {
    "bash": (_POSIX + _BASH_COMPLETION, _POSIX_PYTHON),
    "zsh": (_POSIX + _ZSH_COMPLETION, _POSIX_PYTHON),
    "fish": (_FISH, _FISH_PYTHON),
    "powershell": (_POWERSHELL, _POWERSHELL_PYTHON),
}


def run(arguments: Sequence[str]) -> str:
    """Return the text that the command prints; raise ``UsageError``."""
    try:
        given, shells = read_arguments(arguments, (_WITH_PYTHON_M,))
    except BadArgument as error:
        raise errors.UsageError(str(error), command=COMMAND) from None
    if len(shells) != 1 or shells[0] not in SHELLS:
        raise errors.UsageError(f"name one shell: {', '.join(SHELLS)}", command=COMMAND)
    return profile(shells[0], own_executable(), with_python_m=bool(given))


def profile(shell: str, executable: str, *, with_python_m: bool = False) -> str:
    """Return functions and completion for one of ``SHELLS``; ``executable`` is pipwrap's."""
    functions, python = _TEXTS[shell]
    text = functions
    if with_python_m:
        text += "".join(python.replace("@NAME@", name) for name in ("python", "python3"))
    return text.replace("@PIPWRAP@", _quoted(shell, executable))


def _quoted(shell: str, path: str) -> str:
    """Return the path as one word of the shell."""
    if shell == "powershell":
        return "'" + path.replace("'", "''") + "'"
    if shell == "fish":
        return "'" + path.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return shlex.quote(path)

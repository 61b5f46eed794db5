"""``shell-init`` and ``shim`` in real shells: the alias works, nothing loops, both can be undone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipwrap.cli import shell_init, shim
from support.environments import VirtualEnvironment, make_environment, scripts_directory
from support.index import Index
from support.runner import Runner
from support.wheels import make_wheel

PIPWRAP = str(scripts_directory() / "pipwrap")


def _bash(pipwrap: Runner, script: str, **environ: str) -> str:
    """Return what a script prints in a bash that has read no profile."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-eu", "-c", script],
        env={**pipwrap.environ, **environ},
        cwd=pipwrap.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def _initialised(script: str, *options: str) -> str:
    words = " ".join(("shell-init", "bash", *options))
    return f'eval "$({PIPWRAP} {words})"\n{script}'


def _with_shims(pipwrap: Runner, directory: Path) -> str:
    """Write shims and return a PATH that starts with them."""
    pipwrap("shim", directory, python=None, expect=0)
    return os.pathsep.join((str(directory), pipwrap.environ["PATH"]))


def test_function_installs_into_the_activated_environment(
    pipwrap: Runner, index: Index, tmp_path: Path, environment: VirtualEnvironment
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    out = _bash(
        pipwrap, _initialised("pip install demo; pip3 uninstall -qy demo; pip install demo")
    )
    assert out.count("Successfully installed demo-1.0") == 2
    assert environment.freeze() == ["demo==1.0"]


def test_function_passes_every_word_as_it_is(pipwrap: Runner):
    out = _bash(pipwrap, _initialised("pip uninstall -y 'a b' 2>&1 || true"))
    assert "Invalid requirement: 'a b'" in out


def test_function_keeps_the_exit_status(pipwrap: Runner):
    out = _bash(pipwrap, _initialised("set +e; pip install; echo $?; pip --bogus; echo $?"))
    assert out.split() == ["1", "2"]


def test_completion_is_that_of_pip(pipwrap: Runner):
    script = (
        'set +e; COMP_WORDS=(pip unin); COMP_CWORD=1; _pipwrap_completion; echo "${COMPREPLY[*]}"'
    )
    assert _bash(pipwrap, _initialised(script)).split() == ["uninstall"]
    assert "_pipwrap_completion pip3" in _bash(pipwrap, _initialised("complete -p pip3"))


def test_python_m_pip_is_left_alone_unless_asked_for(pipwrap: Runner):
    assert "python" not in _bash(pipwrap, _initialised("declare -F"))


def test_python_m_pip_is_taken_along_on_request(
    pipwrap: Runner, index: Index, tmp_path: Path, environment: VirtualEnvironment
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    script = "python -m pip install demo; python3 -c 'print(6 * 7)'; python -m pip --version"
    out = _bash(pipwrap, _initialised(script, "--with-python-m"))
    assert "Successfully installed demo-1.0\n42\n" in out
    assert re.search(r"^pip \d[\d.]* from .* \(python \d+\.\d+\)\npipwrap ", out, re.MULTILINE)
    assert environment.freeze() == ["demo==1.0"]


@pytest.mark.parametrize("shell", shell_init.SHELLS)
def test_profile_is_valid_in_its_shell(shell: str, tmp_path: Path):
    text = shell_init.profile(shell, "/a b/it's/pipwrap", with_python_m=True)
    assert "@" not in re.sub(r"\$@|[\"@(]?@args|@pipwrapRest|@\(", "", text)
    program = {"powershell": "pwsh"}.get(shell, shell)
    if shell == "zsh" and shutil.which("zsh") is None:
        program = "bash"  # the functions are the same; the condition is read as a command
        text = text.partition("if (( $+")[0]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    path = tmp_path / "profile"
    path.write_text(text)
    checks = {"pwsh": ["-NoProfile", "-Command", f"[scriptblock]::Create((gc -Raw {path}))"]}
    subprocess.run([program, *checks.get(program, ["-n", str(path)])], check=True, timeout=60)


@pytest.mark.parametrize("words", [[], ["csh"], ["bash", "zsh"], ["bash", "--bogus"]])
def test_wrong_arguments_get_usage(pipwrap: Runner, words: list[str]):
    result = pipwrap("shell-init", *words, python=None, expect=2)
    assert "pipwrap shell-init bash|zsh|fish|powershell" in result.stderr


def test_shim_installs_into_the_first_python_on_path(
    pipwrap: Runner, index: Index, tmp_path: Path, environment: VirtualEnvironment
):
    index.add(make_wheel(tmp_path, "demo", "1.0"))
    path = _with_shims(pipwrap, tmp_path / "shims")
    assert "Successfully installed demo-1.0" in _bash(pipwrap, "pip3 install demo", PATH=path)
    assert environment.freeze() == ["demo==1.0"]


def test_version_under_the_shim_reads_as_pips(pipwrap: Runner, tmp_path: Path):
    path = _with_shims(pipwrap, tmp_path / "shims")
    out = _bash(pipwrap, "pip --version", PATH=path)
    assert re.match(r"pip \d+(\.\d+)+ from \S+ \(python \d+\.\d+\)$", out.splitlines()[0])


@pytest.mark.parametrize("with_pip", [True, False])
def test_handed_over_commands_work_under_the_shim(
    pipwrap: Runner,
    tmp_path: Path,
    with_pip: bool,  # noqa: FBT001
):
    other = pipwrap.on(make_environment(tmp_path / "other", with_pip=with_pip))
    out = _bash(other, "pip list --format freeze", PATH=_with_shims(other, tmp_path / "shims"))
    assert out.startswith("pip==") == with_pip


def test_pip_called_below_the_real_pip_is_the_next_one_on_path(pipwrap: Runner, tmp_path: Path):
    """Two directories of shims do not call each other either."""
    path = _with_shims(pipwrap, tmp_path / "more")
    path = os.pathsep.join((str(tmp_path / "shims"), path))
    _with_shims(pipwrap, tmp_path / "shims")
    real = tmp_path / "real"
    real.mkdir()
    (real / "pip").write_text("#!/bin/sh\necho real $#\n")
    (real / "pip").chmod(0o755)
    out = _bash(
        pipwrap,
        "pip 'a b' c",
        PATH=f"{tmp_path}/shims:{tmp_path}/more:{real}:{path}",
        PIPWRAP_HANDED_OVER="1",
    )
    assert out == "real 2\n"


def test_shim_without_pipwrap_says_so_or_finds_another(pipwrap: Runner, tmp_path: Path):
    shim.write(str(tmp_path), "/nowhere/pipwrap")
    script = f"PATH={tmp_path}; set +e; pip 2>&1; echo $?"
    assert _bash(pipwrap, script, PATH=f"{tmp_path}:{os.defpath}") == (
        "pip: /nowhere/pipwrap cannot be used, and there is no other pip on PATH\n127\n"
    )


def test_the_real_pip_is_told_that_it_was_handed_over(pipwrap: Runner, tmp_path: Path):
    editor = f"{sys.executable} -c \"import os; print(os.environ['PIPWRAP_HANDED_OVER'])\""
    result = pipwrap(
        "config", "--user", "--editor", editor, "edit", environ={"PIP_CONFIG_FILE": None}
    )
    assert "1" in result.stdout.split(), result.output


def test_shims_are_removed_and_nothing_else(pipwrap: Runner, tmp_path: Path):
    directory = tmp_path / "shims"
    _with_shims(pipwrap, directory)
    (directory / "other").touch()
    assert "Removed" in pipwrap("shim", "--remove", directory, python=None, expect=0).stdout
    assert os.listdir(directory) == ["other"]
    assert (
        pipwrap("shim", "--remove", directory, python=None, expect=0).stdout == "No shim there.\n"
    )


def test_a_pip_that_is_in_the_way_is_kept(pipwrap: Runner, tmp_path: Path):
    (tmp_path / "pip3").write_text("mine")
    result = pipwrap("shim", tmp_path, python=None, expect=1)
    assert "pip3 is there already and is no shim of pipwrap" in result.stderr
    assert not (tmp_path / "pip").exists()


def test_shims_are_written_over_older_ones(tmp_path: Path):
    shim.write(str(tmp_path), "/old")
    shim.write(str(tmp_path), "/it's here")
    assert "'/it'\"'\"'s here'" in (tmp_path / "pip").read_text()


def test_advice_is_given_where_the_shims_are_not_first(pipwrap: Runner, tmp_path: Path):
    advice = f"Put {tmp_path / 'shims'} first on PATH."
    assert advice in pipwrap("shim", tmp_path / "shims", python=None).stdout
    path = _with_shims(pipwrap, tmp_path / "shims")
    assert advice not in _bash(pipwrap, f"{PIPWRAP} shim {tmp_path / 'shims'}", PATH=path)


def test_shims_for_windows_end_like_its_batch_files(tmp_path: Path):
    assert [
        os.path.basename(path) for path in shim.write(str(tmp_path), "C:\\p.exe", is_windows=True)
    ] == ["pip.cmd", "pip3.cmd"]
    content = (tmp_path / "pip.cmd").read_bytes()
    assert b"\r\n" in content
    assert b'@"C:\\p.exe" %*' in content


@pytest.mark.parametrize(("option", "said"), [("-v", 1), ("-vq", 0), ("-q", 0)])
def test_a_command_that_is_handed_over_says_so_when_verbose(
    pipwrap: Runner, option: str, said: int
):
    result = pipwrap("install", option, "--use-deprecated", "legacy-resolver", "nothing-there")
    assert (
        result.stdout.count("Handing the command over to pip: the option --use-deprecated") == said
    )

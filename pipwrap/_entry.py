"""The process: the console script's and the module's entry."""

import os
import sys


def main(*, as_module: bool = False) -> int:
    """Run pipwrap on this process's command line and end the process with its exit status.

    The process ends at once: a download that is no longer waited for must not delay it.
    """
    _use_utf8()
    _open_streams()
    _import_ours_first(sys.path, os.environ.get("PYTHONPATH", ""), as_module=as_module)
    status = _proven(sys.argv[1:], as_module=as_module)
    if status is None:
        import gc  # noqa: PLC0415 - built in

        # A command makes many small values that live until it ends: looking at them again and
        # again for cycles costs a tenth of a large installation, which makes 250,000 of them.
        gc.set_threshold(400_000, 20, 20)
        from pipwrap.cli.main import main as run  # noqa: PLC0415 - nothing heavy before it is needed

        status = run(sys.argv[1:], os.environ, as_module=as_module)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _proven(argv: list[str], *, as_module: bool) -> int | None:
    """Print what this line is known to print and return its status, if that is proven."""
    from pipwrap import __version__  # noqa: PLC0415 - once the search path is ours
    from pipwrap.cache import noop  # noqa: PLC0415

    try:
        key = noop.command_key(__version__, argv, os.environ, as_module=as_module)
    except OSError:  # the working directory is gone
        return None
    printed = noop.look_up(key, os.environ)
    if printed is None:
        return None
    try:
        for stream, text in printed:
            writer = sys.stderr if stream == noop.ERR else sys.stdout
            writer.write(text)
            writer.flush()
    except (OSError, ValueError):  # the ordinary run reports a stream that cannot be written to
        return None
    return 0


_STREAMS = "pipwrap_streams"
"""The -X option that names the encoding of the terminal, where that of files is another."""


def _use_utf8() -> None:
    """Begin again in UTF-8 mode (PEP 540) where names of files could not be any text otherwise.

    That is so in the POSIX locale, if the variables for it are set, and in locales with other
    encodings. Wheels and sdists have names in UTF-8, and so have their files on disk.
    """
    encoding = sys.getfilesystemencoding().lower()
    if os.name != "posix" or encoding == "utf-8" or _STREAMS in sys._xoptions:  # noqa: SLF001 - documented
        return
    terminal = encoding if sys.stdout is None else sys.stdout.encoding
    options = ["-X", "utf8", "-X", f"{_STREAMS}={terminal}"]
    try:
        os.execv(sys.executable, [sys.executable, *options, *sys.orig_argv[1:]])  # noqa: S606 - no shell
    except OSError:
        return


def _open_streams() -> None:
    """Put os.devnull where a standard stream was closed: no other file may get its number."""
    encoding = sys._xoptions.get(_STREAMS)  # noqa: SLF001 - as above
    for stream in (sys.stdout, sys.stderr):
        if isinstance(encoding, str) and stream is not None:
            stream.reconfigure(  # type: ignore[union-attr]  # both are TextIOWrapper
                encoding=encoding, errors="backslashreplace"
            )
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _import_ours_first(path: list[str], python_path: str, *, as_module: bool) -> None:
    """Change a search path so that what the user works on cannot shadow what we import.

    ``python -m`` puts the working directory first, which pip's ``__main__`` takes out as well;
    PYTHONPATH is the target's and goes last.
    """
    if as_module and path[0] in {"", os.getcwd()}:
        del path[0]
    named = {os.path.abspath(each) for each in python_path.split(os.pathsep) if each}
    if named:
        path.sort(key=lambda each: os.path.abspath(each) in named)

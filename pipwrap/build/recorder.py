"""Loaded into every Python of a build environment: records what the build reads.

Standard library only, Python 3.8 and newer. Each process appends lines ``kind<TAB>name`` to the
file that PIPWRAP_OBSERVE names; a line is one ``write``, so that lines of processes do not mix.

read     a variable that was read by name: the line of code, "own" if it is the project's, the name
copy     a line of code that reads nearly all variables, one by one: no evidence
env      a variable that a command or a constant names
prefix   the beginning of the names that code may look for in a listing
run      a program that was started
missing  a program that was looked for, or started, and is not there
failed   a program that ended with an error

``dict(os.environ)``, ``{**os.environ}`` and ``os.environ.copy()`` read every name, which is no
evidence: CPython lists all keys first and gets each in that order, so reads in the order of the
last listing are a copy. ``os.environ.copy()`` returns a mapping that records its own reads.
Reads of any other copy or listing cannot be observed: the constants in the project's own code where
it lists the environment count as read if they may be names, and so do variables in shell commands.
``shutil.which``, distutils' ``find_executable`` and the end of a process raise no audit event, so
they are wrapped.
"""

import os
import sys

_VARIABLE = "PIPWRAP_OBSERVE"
_FOREIGN = (os.path.dirname(os.__file__), os.path.dirname(__file__), "<frozen")
"""Directories of code that is not the project's: the standard library, build requirements."""
_MAPPINGS = ("os", "collections.abc")
"""Modules whose code reads the environment for its caller."""
_FEW = 12
"""The number of variables that one line of code may look up one by one."""
_sites = {}
_paths = []


def note_in(path):
    """Have this process, and those that it starts, append to another file."""
    os.environ[_VARIABLE] = path
    _paths[:] = [path]


def _start(path):
    seen = set()
    note_in(path)

    def note(kind, name):
        if not isinstance(name, str):
            name = os.fsdecode(name)
        if name and (kind, name) not in seen and "\n" not in name:
            seen.add((kind, name))
            _write(f"{kind}\t{name}\n".encode("utf-8", "surrogateescape"))

    _watch_environ(note)
    _watch_programs(note)
    _watch_searches(note)


def _write(line):
    """Append a line to the file, which is opened for it.

    A descriptor that stays open would be another file's after a backend has closed all of them.
    """
    out = os.open(_paths[-1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(out, line)
    finally:
        os.close(out)


def _watch_environ(note):
    environ = type(os.environ)
    get, listing = environ.__getitem__, environ.__iter__
    upcoming = []

    def read(self, key):
        if upcoming and upcoming[-1] == key:
            upcoming.pop()
        elif self._data is os.environ._data:  # os.environb, too
            _note_read(note, key, self._data)
        return get(self, key)

    def keys(self):
        names = list(listing(self))
        upcoming[:] = reversed(names)
        for name in _written_out(sys._getframe(1)):
            note("env", name)
            note("prefix", name)
        return iter(names)

    def copy(self):
        return _copy({key: get(self, key) for key in listing(self)}, note)

    environ.__getitem__, environ.__iter__, environ.copy = read, keys, copy


def _note_read(note, key, there):
    """Note a read with the line of code that makes it; a line that reads all of them copies.

    ``there`` has the names that are set, as the mapping has them: bytes in ``os.environ`` itself.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in _MAPPINGS:
        frame = frame.f_back
    if frame is None:
        return
    site = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    keys = _sites.setdefault(site, set())
    name = os.fsdecode(key)
    if name in there or os.fsencode(name) in there:
        keys.add(name)
    if len(keys) > _FEW and len(keys) >= len(there) * 9 // 10:
        note("copy", site)
    note("read", f"{site}\x1f{'own' if _is_own(frame) else 'env'}\x1f{name}")


def _is_own(frame):
    """Return whether the project's own code reads a variable, rather than a library for it."""
    return (
        frame.f_globals.get("__name__") != "site"  # a line of a .pth file
        and not frame.f_code.co_filename.startswith(_FOREIGN)
    )


def _written_out(frame):
    """Return the constants that may name variables, of the code that lists the environment."""
    while frame is not None and frame.f_globals.get("__name__") in _MAPPINGS:
        frame = frame.f_back
    names = []
    while frame is not None and not frame.f_code.co_filename.startswith(_FOREIGN):
        names += [each for each in frame.f_code.co_consts if _is_name(each)]
        # A comprehension has a frame of its own, up to Python 3.11.
        frame = frame.f_back if frame.f_code.co_name.startswith("<") else None
    return names


def _is_name(constant):
    return isinstance(constant, str) and constant.isidentifier() and constant.isupper()


def _copy(values, note):
    """Return a dictionary that notes what is read of it; pickled or copied it is a plain one."""

    def noting(method):
        def noted(self, key, *rest):
            if isinstance(key, (str, bytes)):
                _note_read(note, key, self.keys())
            return method(self, key, *rest)

        return noted

    names = ("__getitem__", "__contains__", "get", "pop", "setdefault")
    members = {name: noting(getattr(dict, name)) for name in names}
    members["copy"] = lambda self: _copy(self, note)
    members["__reduce_ex__"] = lambda self, protocol: (dict, (dict(self),))
    return type("dict", (dict,), members)(values)


def _watch_programs(note):
    def audit(event, arguments):
        if event == "subprocess.Popen":
            note("run", _program(arguments[0], arguments[1]))
            _note_expansions(note, arguments[1])
        elif event in ("os.posix_spawn", "os.exec", "os.spawn"):
            note("run", arguments[1] if event == "os.spawn" else arguments[0])
        elif event == "os.system":
            note("run", os.fsdecode(arguments[0]).split(None, 1)[0])
            _note_expansions(note, arguments[0])

    sys.addaudithook(audit)


def _note_expansions(note, command):
    """Note the variables that a command names as a shell expands them: ``$NAME``, ``${NAME``."""
    parts = (command,) if isinstance(command, (str, bytes)) else command
    for part in parts:
        for piece in os.fsdecode(part).split("$")[1:]:
            name = piece.lstrip("{")
            while name and not name.isidentifier():
                name = name[:-1]
            note("env", name)


def _program(executable, command):
    """Return the program of a Popen; a shell's is the first word of its command."""
    if executable:
        return executable
    if isinstance(command, (str, bytes)):
        return command
    return next(iter(command), "")


def _watch_searches(note):
    watcher = _Watcher(note)
    for name, wrap in watcher.wrappers.items():
        if name in sys.modules:
            wrap(sys.modules[name], note)
    sys.meta_path.insert(0, watcher)


class _Watcher:
    """Wraps what has to be wrapped in modules as they are imported: none is imported for it."""

    def __init__(self, note):
        self._note = note
        self._busy = False
        self.wrappers = {
            "shutil": _wrap_shutil,
            "subprocess": _wrap_subprocess,
            "distutils.spawn": _wrap_spawn,
            "setuptools._distutils.spawn": _wrap_spawn,
        }

    def find_spec(self, name, path=None, target=None):
        wrap = self.wrappers.get(name)
        if wrap is None or self._busy:
            return None
        import importlib.util

        self._busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._busy = False
        if spec is None or spec.loader is None or not hasattr(spec.loader, "exec_module"):
            return None
        execute, note = spec.loader.exec_module, self._note

        def exec_module(module):
            execute(module)
            wrap(module, note)

        spec.loader.exec_module = exec_module
        return spec


def _wrap_shutil(module, note):
    which = module.which

    def watched_which(cmd, mode=os.F_OK | os.X_OK, path=None):
        found = which(cmd, mode, path)
        if found is None and path is None:
            note("missing", cmd)
        return found

    module.which = watched_which


def _wrap_spawn(module, note):
    find = module.find_executable

    def find_executable(executable, path=None):
        found = find(executable, path)
        if found is None and path is None:
            note("missing", executable)
        return found

    module.find_executable = find_executable


def _wrap_subprocess(module, note):
    popen = module.Popen
    start = popen.__init__
    handle = getattr(popen, "_handle_exitstatus", None)

    def init(self, args, *rest, **keywords):
        program = _program(keywords.get("executable"), args)
        try:
            start(self, args, *rest, **keywords)
        except FileNotFoundError:
            note("missing", program)
            raise
        self._pipwrap_program = program

    popen.__init__ = init
    if handle is not None:

        def handle_exitstatus(self, *rest, **keywords):
            result = handle(self, *rest, **keywords)
            if self.returncode:
                note("failed", getattr(self, "_pipwrap_program", ""))
            return result

        popen._handle_exitstatus = handle_exitstatus


def start():
    """Record from now on, unless that has begun."""
    if os.environ.get(_VARIABLE) and not _paths:
        _start(os.environ[_VARIABLE])


start()

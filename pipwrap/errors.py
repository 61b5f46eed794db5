"""Every error a user can meet, as data; the text is made by ``pipwrap.report``.

Subclasses differ by what can be done about them. ``message`` is what pip would print after
``ERROR: `` (or inside its diagnostic frame); nothing here imports anything of ours.
"""


def cause_of(error: Exception) -> str:
    """Return why a file could not be used: the system's words and the path, without a number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    words = error.strerror[0].lower() + error.strerror[1:]
    places = [str(each) for each in (error.filename, error.filename2) if each is not None]
    return f"{words}: {' and '.join(places)}" if places else words


class PipwrapError(Exception):
    """What went wrong, why, and what to do; ends the command with ``exit_status``."""

    exit_status = 1

    def __init__(
        self,
        message: str,
        *,
        context: str | None = None,
        note: str | None = None,
        hint: str | None = None,
        reference: str | None = None,
        preamble: str | None = None,
    ) -> None:
        """Store the parts: ``context`` explains, ``note`` adds, ``hint`` says what to do.

        ``preamble`` is a line that is printed before all of them as it is. ``reference`` is the
        kebab-case name under which pip prints it in its diagnostic frame.
        """
        super().__init__(message)
        self.reference = reference
        self.preamble = preamble
        self.message = message
        self.context = context
        self.note = note
        self.hint = hint


class UsageError(PipwrapError):
    """The command line is wrong: usage text and message on stderr, exit 2 as optparse does."""

    exit_status = 2

    def __init__(self, message: str, *, command: str | None = None) -> None:
        """Store the sub-command, whose usage is printed; ``None`` is pip's own."""
        super().__init__(message)
        self.command = command


class CommandError(PipwrapError):
    """The command line is well formed but cannot be carried out (no requirement, bad pair)."""


class ConfigurationError(PipwrapError):
    """A configuration file or a ``PIP_*`` variable holds a value that no option takes."""

    exit_status = 3


class VirtualEnvironmentRequired(PipwrapError):
    """``--require-virtualenv`` outside a virtual environment."""

    exit_status = 3


class InvalidRequirement(PipwrapError):
    """A requirement, constraint or requirements file cannot be read."""


class InvalidConstraint(InvalidRequirement):
    """A constraint has a form that only requirements may have."""


class NoMatchingDistribution(PipwrapError):
    """No index offers a distribution that satisfies the requirement."""


class ResolutionImpossible(PipwrapError):
    """Requirements contradict each other."""


class NetworkError(PipwrapError):
    """A server cannot be reached, or answers with something that cannot be used."""


class InvalidDistribution(PipwrapError):
    """A wheel or an sdist is not what it must be: name, RECORD, zip, metadata."""


class EditableRefused(InvalidDistribution):
    """A build backend has no hook for editable installations (PEP 660)."""

    def __init__(self, project: str) -> None:
        """Take the ``project`` as pip prints its requirement."""
        super().__init__(
            f"Project {project} uses a build backend that is missing the 'build_editable' "
            "hook, so it cannot be installed in editable mode. Consider using a build backend "
            "that supports PEP 660."
        )


class UnusableMetadata(InvalidDistribution):
    """Metadata contradicts its file, or cannot be read: another version may do instead."""


class InvalidBuiltWheel(InvalidDistribution):
    """A build backend made something else than the wheel that was requested; others go on."""


class InconsistentMetadata(UnusableMetadata):
    """Metadata has another name or version than the requirement or the file's name."""

    def __init__(self, requested: str, field: str, expected: str, found: str) -> None:
        """Store the parts; ``requested`` is the requirement and its link, as pip prints them."""
        self.field, self.expected, self.found = field, expected, found
        super().__init__(self.of(requested))

    def of(self, requested: str) -> str:
        """Return the message for another spelling of what was requested."""
        return (
            f"Requested {requested} has inconsistent {self.field}: "
            f"expected {self.expected!r}, but metadata has {self.found!r}"
        )


class HashMismatch(PipwrapError):
    """The bytes are not those that were requested."""

    @classmethod
    def unpinned(cls, requirements: list[str]) -> "HashMismatch":
        """Return pip's error for requirements that leave the version open, as it prints them."""
        listed = "\n".join(f"    {each}" for each in requirements)
        return cls(
            "In --require-hashes mode, all requirements must have their versions pinned with ==. "
            f"These do not:\n{listed}"
        )


REQUIREMENTS_STEP = "build requirements"
"""The step of a build at which what it requires is resolved and installed."""
BUILD_CYCLE = "build cycle"
"""The step of a build that fails because it requires itself."""
BEFORE_THE_BACKEND = frozenset({REQUIREMENTS_STEP, BUILD_CYCLE})
"""A failure at one of these has no cause in the source: its backend was not run."""


class BuildFailed(PipwrapError):
    """A build backend ended with an error; ``log_path`` names its whole output."""

    def __init__(
        self,
        message: str,
        *,
        output: str = "",
        log_path: str = "",
        step: str = "",
        activity: str = "",
        **parts: str,
    ) -> None:
        """Keep the last lines of the backend's ``output`` and the hook (``step``) that failed.

        ``activity`` is that step as pip's last line has it: ``Failed to build 'X' when ACTIVITY``.
        With a ``reference`` (the backend cannot be imported) there is a reason, and no output.
        """
        super().__init__(message, **parts)
        self.output = output
        self.log_path = log_path
        self.step = step
        self.activity = activity
        self.source = ""
        """What was being built, as the user knows it."""


class ProgramFailed(PipwrapError):
    """A program that fetches sources (git) ended with an error."""

    def __init__(self, command: str, status: int, source: str, unseen: str = "") -> None:
        """Keep the command line without credentials, and what was to be fetched by it.

        ``unseen`` is what it printed, where that was not shown while it ran.
        """
        super().__init__(f"Failed to build '{source}' when {command.lower()}")
        self.command = command
        self.status = status
        self.unseen = unseen


class EnvironmentRefused(PipwrapError):
    """The target environment cannot or must not be changed."""


class DiagnosticError(PipwrapError):
    """An error that pip prints in its diagnostic frame, under the name ``reference``."""

    def __init__(self, reference: str, message: str, **parts: str | None) -> None:
        """Keep ``reference``, the kebab-case name that pip prints after ``error: ``."""
        super().__init__(message, **parts, reference=reference)


class WheelsNotBuilt(DiagnosticError):
    """Some wheels could not be built; the others were."""

    def __init__(self, names: dict[str, str]) -> None:
        """Keep the projects that failed, each with its name as the user knows it."""
        super().__init__(
            "failed-wheel-build-for-install",
            "Failed to build installable wheels for some pyproject.toml based projects",
            context=", ".join(names.values()),
        )
        self.projects = frozenset(names)


class DiskFull(PipwrapError):
    """A disk took no more; what was begun on it is gone again."""

    def __init__(self, doing: str, directory: str, hint: str = "Free some space there.") -> None:
        """Keep ``directory``, which is on the disk; ``doing`` is what was going on."""
        super().__init__(f"Could not {doing}: the disk of {directory} is full.", hint=hint)
        self.doing = doing
        self.directory = directory


class HandOver(Exception):
    """The command needs something that only the real pip does; ``reason`` is shown at -v."""

    def __init__(self, reason: str) -> None:
        """Name the reason in the words of a user (an option, a requirement form)."""
        super().__init__(reason)
        self.reason = reason

"""Errors that a user can meet. Everything else that escapes is our bug and exits with 70."""

from collections.abc import Sequence

from rtstart.core.findings.types import Finding

EXIT_BUG = 70
"""Exit code for an error that rtstart did not foresee (sysexits' EX_SOFTWARE)."""


class RtstartError(Exception):
    """Something went wrong that the user can understand and act on.

    `what` happened, `why` if known, `hint` is a command to type or a thing to change. `code` is
    the finding's code for `rtstart explain`, `where` is `file:line`, a port or an address.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        hint: str,
        why: str = "",
        code: str = "",
        where: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint
        self.code = code
        self.where = where
        self.findings = tuple(findings)

    @classmethod
    def of(cls, *findings: Finding) -> "RtstartError":
        """The error that says these findings, all of them; there must be at least one."""
        if len(findings) == 1:
            one = findings[0]
            return cls(
                one.what,
                why=one.why,
                hint=one.fix.command or one.fix.words,
                code=one.code,
                where=one.where,
                findings=findings,
            )
        return cls(
            f"{len(findings)} faults were found",
            hint="Correct them and run the command again.",
            findings=findings,
        )


class Failed(RtstartError):
    """The work was begun and could not be finished."""


class Usage(RtstartError):
    """The command line asks for something that does not exist or does not fit."""

    exit_code = 2


class ChecksFailed(RtstartError):
    """Checks ran and found errors."""

    exit_code = 3


class NotAProject(RtstartError):
    """The folder is no rtstart project, or its files cannot be read as one."""

    exit_code = 4


class Conflict(RtstartError):
    """Something is already there: a folder, a port, a second run."""

    exit_code = 5


class ToolFailed(RtstartError):
    """A program that rtstart called failed; its command, code and last lines are kept."""

    exit_code = 6

    def __init__(
        self,
        what: str,
        *,
        hint: str,
        command: Sequence[str],
        exit_status: int,
        last_lines: Sequence[str],
        why: str = "",
        code: str = "",
        where: str = "",
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(what, hint=hint, why=why, code=code, where=where, findings=findings)
        self.command = tuple(command)
        self.exit_status = exit_status
        self.last_lines = tuple(last_lines)[-20:]

    @classmethod
    def by(
        cls,
        finding: Finding,
        *,
        command: Sequence[str],
        exit_status: int,
        last_lines: Sequence[str] = (),
        hint: str = "",
    ) -> "ToolFailed":
        """The error for a program whose failure is this finding; `hint` replaces its fix."""
        return cls(
            finding.what,
            why=finding.why,
            hint=hint or finding.fix.command or finding.fix.words,
            code=finding.code,
            where=finding.where,
            findings=(finding,),
            command=command,
            exit_status=exit_status,
            last_lines=last_lines,
        )


class Interrupted(RtstartError):
    """The user stopped the work."""

    exit_code = 130

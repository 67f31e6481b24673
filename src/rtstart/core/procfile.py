"""What a Procfile must look like; reading it is honcho's work, naming its faults is ours."""

from collections.abc import Collection

from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_PROCFILE


def unread_lines(text: str, names: Collection[str], *, file: str = "Procfile") -> list[Finding]:
    """A fault for each line that the parser passed over in silence, or that repeats a name.

    `names` are the processes that the parser found.
    """
    faults: list[Finding] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, colon, command = line.partition(":")
        if not colon or name not in names or not command.strip():
            faults.append(
                BAD_PROCFILE.found(
                    f"Line {number} of {file} is no `name: command`", where=f"{file}:{number}"
                )
            )
        elif name in seen:
            faults.append(
                BAD_PROCFILE.found(
                    f'Line {number} of {file} names "{name}" a second time',
                    why="Each process needs its own name; the first line would be lost.",
                    where=f"{file}:{number}",
                )
            )
        seen.add(name)
    if not seen:
        faults.append(BAD_PROCFILE.found(f"{file} names no process", where=file))
    return faults

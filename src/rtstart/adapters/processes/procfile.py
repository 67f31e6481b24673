"""Reading a Procfile with honcho's parser."""

from collections.abc import Mapping


def parse_procfile(text: str) -> Mapping[str, str]:
    """The shell line of each process, by name, in the file's order; unreadable lines are absent.

    Of a name that comes twice the first line is kept.
    """
    from honcho.environ import parse_procfile as parse

    found: dict[str, str] = {}
    for line in text.splitlines():
        # One line at a time: honcho 2.0.0 asserts that no name comes twice in what it reads.
        for name, command in parse(line).processes.items():
            found.setdefault(name, command)
    return found

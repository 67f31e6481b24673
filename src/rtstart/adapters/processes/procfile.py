"""Reading a Procfile with honcho's parser."""

from collections.abc import Mapping


def parse_procfile(text: str) -> Mapping[str, str]:
    """The shell line of each process, by name, in the file's order; unreadable lines are absent."""
    from honcho.environ import parse_procfile as parse

    return dict(parse(text).processes)

"""Reading scenario files: YAML, every fault with its line."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from rtstart.core.errors import Usage
from rtstart.core.findings import Finding
from rtstart.core.findings.project import BAD_SCENARIO
from rtstart.core.realtime.scenario import Say, Scenario, parse_scenario


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file. Raises Usage with every fault of it."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
        table = yaml.safe_load(text)
    except OSError as error:
        words = f"{path.name} cannot be read: {error.strerror}"
        raise Usage.of(BAD_SCENARIO.found(words, where=str(path))) from error
    except UnicodeDecodeError as error:
        words = f"{path.name} is not UTF-8 text"
        raise Usage.of(BAD_SCENARIO.found(words, where=str(path))) from error
    except yaml.YAMLError as error:
        raise Usage.of(_not_yaml(path, error)) from error
    scenario, faults = parse_scenario(table)
    lines = dict(_lines(tree, ())) if tree is not None else {}
    numbered = [(_nearest_line(lines, fault.path), fault) for fault in faults]
    findings = [
        BAD_SCENARIO.found(f"{'.'.join(fault.path)} {fault.words}".strip(), where=f"{path}:{line}")
        for line, fault in sorted(numbered, key=lambda each: each[0])
    ]
    findings += _missing_sounds(scenario, path)
    if findings:
        raise Usage.of(*findings)
    return scenario


def _not_yaml(path: Path, error: yaml.YAMLError) -> Finding:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    problem = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error)
    where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
    return BAD_SCENARIO.found(f"This is no YAML: {problem}", where=where)


def _lines(node: yaml.Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The line of every key and list element, from 1."""
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            where = (*path, str(key.value))
            yield from _lines(value, where)
            yield where, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, str(index)))


def _nearest_line(lines: dict[tuple[str, ...], int], path: tuple[str, ...]) -> int:
    """The line of this place, or of the nearest one round it that is in the file."""
    while path not in lines and path:
        path = path[:-1]
    return lines.get(path, 1)


def _missing_sounds(scenario: Scenario, path: Path) -> Iterator[Finding]:
    steps = (step for reply in scenario.replies for step in reply.steps)
    files = [step.sound for step in steps if isinstance(step, Say) and isinstance(step.sound, str)]
    for file in files:
        if not (path.parent / file).is_file():
            yield BAD_SCENARIO.found(f'The sound file "{file}" is not there', where=str(path))

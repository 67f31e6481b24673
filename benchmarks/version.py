"""How long `rtstart --version` takes beside importing Typer alone and `copier --version`.

    uv run python -m benchmarks.version [--runs 15] [--json FILE]

All from the same environment, made for this run from the wheel. The aim is 1.2 times Typer alone.
"""

import os
from pathlib import Path

from benchmarks.race import Contender, installed, parse_options, race, show, workplace


def main() -> None:
    """Measure and print."""
    options = parse_options("rtstart --version beside its peers", runs=15)
    env = dict(os.environ)
    with workplace() as name:
        programs = installed(Path(name))
        python = str(programs / "python")
        contenders = [
            Contender("rtstart --version", [str(programs / "rtstart"), "--version"], env),
            Contender("import typer", [python, "-c", "import typer"], env),
            Contender("copier --version", [str(programs / "copier"), "--version"], env),
            Contender("python alone", [python, "-c", "pass"], env),
        ]
        times = race(contenders, runs=options.runs, cwd=Path(name))
    show("rtstart --version", times, json_path=options.json)


if __name__ == "__main__":
    main()

"""`rtstart new`: options in, a request out; the command's events to whoever shows them."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from rtstart.cli import options

if TYPE_CHECKING:
    from rtstart.adapters.scaffold.answers import Given
    from rtstart.cli.render.steps import Steps
    from rtstart.commands.new_answers import Asker
    from rtstart.core.findings import Finding


def new(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PATH]", help="Folder of the new app; it must be empty or not exist."
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option("--template", "-t", metavar="NAME", help="Which app: vite, nextjs or python."),
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Answer a question; may be repeated."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Answers from a TOML, YAML or JSON file."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take defaults.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the files that would be written.")
    ] = False,
    list_options: Annotated[
        bool, typer.Option("--list-options", help="List what can be answered, and stop.")
    ] = False,
    no_install: Annotated[bool, typer.Option("--no-install", help="Install no packages.")] = False,
    no_git: Annotated[bool, typer.Option("--no-git", help="Make no git repository.")] = False,
    run: Annotated[bool, typer.Option("--dev", help="Run the app as soon as it is there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Create a voice app. What is not given is asked, or taken by default with --yes."""
    from rtstart.commands.new import make_new, plan_new
    from rtstart.commands.new_answers import NewRequest
    from rtstart.core.errors import Usage

    if list_options:
        _list_options(as_json=as_json)
        return
    if run and no_install:
        raise Usage(
            "--dev runs the app, and --no-install leaves out what it needs to run",
            hint="Leave out one of the two.",
        )
    given, faults = _given(template, answers or [], config=config)
    request = NewRequest(
        cwd=Path.cwd(),
        target=None if path is None else Path(os.path.normpath(path.absolute())),
        given=given,
        faults=tuple(faults),
        accepts_defaults=yes,
        installs=not no_install,
        makes_repository=not no_git,
        goes_on=run,
        invocation=_invocation(),
    )
    asks = sys.stdin.isatty() and sys.stderr.isatty() and not yes and not as_json
    asker = _asker() if asks else None
    steps = _steps(as_json=as_json)
    with _ended_as_by_ctrl_c(), _shown(steps, as_json=as_json, goes_on=run and not dry_run):
        if dry_run:
            plan_new(request, asker=asker, emit=steps)
            return
        created = make_new(request, asker=asker, environment=dict(os.environ), emit=steps)
    if run:
        raise typer.Exit(_run(Path(created.project_dir), as_json=as_json, yes=yes))


def _run(project_dir: Path, *, as_json: bool, yes: bool) -> int:
    """Go straight on into `rtstart dev`; its exit code is the answer."""
    from rtstart.cli.dev import request_for, run_dev

    return run_dev(request_for(project_dir), as_json=as_json, yes=yes)


@contextmanager
def _shown(steps: "Steps", *, as_json: bool, goes_on: bool) -> Iterator[None]:
    """Leave the screen in order, and tell programs how it ended; people read it as an error.

    A run that goes on into `dev` ends there.
    """
    from rtstart.core.errors import RtstartError
    from rtstart.core.events import Finished, Found

    ending = None if goes_on else Finished(0)
    try:
        yield
    except RtstartError as error:
        ending = Finished(error.exit_code, error.what)
        if as_json:
            for finding in error.findings:
                steps(Found(finding))
        raise
    finally:
        if as_json and ending:
            steps(ending)
        steps.close()


def _given(
    template: str | None, answers: list[str], *, config: Path | None
) -> tuple[dict[str, "Given"], list["Finding"]]:
    """The answers on the command line over those in the file, and what cannot be read of them."""
    from rtstart.adapters.scaffold.answers import Given, read_answers
    from rtstart.core.findings.project import BAD_ANSWER

    given, faults = read_answers(config) if config else ({}, [])
    for text in answers:
        name, equals, value = text.partition("=")
        if equals and name.strip():
            given[name.strip()] = Given(value, f"--set {name.strip()}")
        else:
            faults.append(BAD_ANSWER.found("An answer is NAME=VALUE", where="--set"))
    if template is not None:
        given["template"] = Given(template, "--template")
    return given, faults


def _list_options(*, as_json: bool) -> None:
    from rtstart.adapters.scaffold.locate import find_source
    from rtstart.adapters.scaffold.recipe import read_recipe
    from rtstart.cli.render.jsonl import JsonLines
    from rtstart.cli.render.options import option_fields, option_lines
    from rtstart.cli.render.style import standard_output, style_of

    questions = read_recipe(find_source()).questions
    out = standard_output()
    if as_json:
        JsonLines(out).write("options", {"options": option_fields(questions)})
    else:
        out.write("".join(f"{line}\n" for line in option_lines(questions, style=style_of(out))))
    out.flush()


def _asker() -> "Asker":
    from rtstart.cli.ask import TerminalAsker
    from rtstart.cli.render.style import standard_error, style_of

    err = standard_error()
    return TerminalAsker(err, style=style_of(err))


def _steps(*, as_json: bool) -> "Steps":
    from rtstart.cli.render.jsonl import JsonLines
    from rtstart.cli.render.steps import PlainSteps, TerminalSteps
    from rtstart.cli.render.style import may_move, standard_error, standard_output, style_of

    out, err = standard_output(), standard_error()
    if as_json:
        return JsonLines(out)
    kind = TerminalSteps if may_move(err) else PlainSteps
    return kind(out, err, styles=(style_of(out), style_of(err)))


def _invocation() -> str:
    """How this very rtstart is called again: by uvx, by its name, by its path, or by Python.

    `uv run` puts the name on the PATH only for the time of the command.
    """
    if "archive-v0" in Path(sys.prefix).parts:
        return "uvx rtstart"
    import shlex
    import shutil

    script = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - `..` goes, links stay
    found = Path(shutil.which("rtstart") or "")
    is_ours = found == script or found.parent == Path(sys.executable).parent
    if is_ours and "UV_RUN_RECURSION_DEPTH" not in os.environ:
        return "rtstart"
    is_script = script.stem == "rtstart" and script.is_file()
    return shlex.quote(str(script)) if is_script else f"{shlex.quote(sys.executable)} -m rtstart"


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """A request to end, or a closed terminal, cleans up as Ctrl-C does."""
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [signal.signal(number, _interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt

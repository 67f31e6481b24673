"""`rtstart new`: every answer first; rendered beside the target, committed, moved, installed."""

import shlex
import time
from collections.abc import Mapping
from pathlib import Path

from rtstart.adapters.files import shortest
from rtstart.adapters.scaffold.locate import find_source, plain_source
from rtstart.adapters.scaffold.place import Staging, TargetTaken
from rtstart.adapters.scaffold.recipe import read_recipe
from rtstart.adapters.scaffold.render import render
from rtstart.adapters.scaffold.tree import PRIVATE, File, Tree, write_tree
from rtstart.commands.new_answers import (
    DEFAULT_TEMPLATE,
    NAME,
    Asker,
    NewRequest,
    Plan,
    check_request,
    occupied,
)
from rtstart.commands.new_repository import Repository
from rtstart.commands.new_tools import tools_for
from rtstart.core.errors import Conflict, Failed, Interrupted, RtstartError, ToolFailed
from rtstart.core.events import Created, Emit, Planned, StepDone, StepFailed, StepStarted
from rtstart.core.findings.project import TARGET_NOT_WRITABLE
from rtstart.core.packages import PackageManager

_DOTENV = """\
# Secrets of this app; git ignores this file. What else can be set: .env.example
OPENAI_API_KEY={key}
"""


def plan_new(request: NewRequest, *, asker: Asker | None, emit: Emit) -> None:
    """Tell what `make_new` would write, after the same checks. Writes nothing."""
    with plain_source(find_source()) as source:
        recipe = read_recipe(source)
        plan = check_request(request, recipe, asker)
        tree = _with_dotenv(render(recipe, plan.answers), key="")
    emit(Planned(str(plan.target), plan.template, tuple(one.relpath for one in tree.files)))


def make_new(
    request: NewRequest,
    *,
    asker: Asker | None,
    environment: Mapping[str, str],
    emit: Emit,
) -> Created:
    """Make the app and give what there is now.

    Until the app is in its place, anything that goes wrong leaves nothing. After that the app is
    kept: installing may fail or be stopped, and the error then says how to go on.
    """
    try:
        with plain_source(find_source()) as source:
            recipe = read_recipe(source)
            plan = check_request(request, recipe, asker)
            making = _Making(request, plan, environment=environment, emit=emit)
            making.look_for_tools(asker)
            key = asker.key() if asker and not environment.get("OPENAI_API_KEY") else ""
            making.create(_with_dotenv(render(recipe, plan.answers), key=key))
    except KeyboardInterrupt:
        raise Interrupted("Stopped", hint="Nothing was made.") from None
    return making.finish()


def _with_dotenv(tree: Tree, *, key: str) -> Tree:
    return tree.with_file(File(".env", _DOTENV.format(key=key).encode(), PRIVATE))


class _Making:
    """One app being made."""

    def __init__(
        self, request: NewRequest, plan: Plan, *, environment: Mapping[str, str], emit: Emit
    ) -> None:
        self._request = request
        self._plan = plan
        self._environment = environment
        self._emit = emit
        self._tools = tools_for(plan.template, environment)
        self._manager: PackageManager | None = self._tools.usual
        self._file_count = 0
        self._repository = Repository(plan.target, environment, template=plan.template)

    def look_for_tools(self, asker: Asker | None) -> None:
        """Settle where Node.js or uv comes from before anything is written, if it will be needed.

        Raises ToolFailed when it is not there and may not be brought.
        """
        if not self._request.installs:
            return
        wrong = self._tools.find()
        if wrong is None or self._request.accepts_defaults:
            return
        if not (asker and asker.may_bring(wrong)):
            raise self._tools.refused(wrong, hint=self._tools_hint())

    def create(self, tree: Tree) -> None:
        """Write, commit and move the app into its place."""
        started, name = time.monotonic(), self._plan.target.name
        self._file_count = len(tree.files)
        self._emit(StepStarted("create", f"creating {name}"))
        try:
            self._build(tree)
        except (OSError, TargetTaken, RtstartError) as error:
            self._emit(StepFailed("create", f"{name} was not made", time.monotonic() - started))
            raise self._explained(error) from error
        words = f"created  {name}  ({self._plan.template}, {self._file_count} files)"
        self._emit(StepDone("create", words, time.monotonic() - started))

    def finish(self) -> Created:
        """Install, take the lock file into the first commit, and say what to type next."""
        failure: ToolFailed | None = None
        try:
            if self._request.installs:
                self._install()
        except ToolFailed as error:
            failure = error
        except KeyboardInterrupt:
            raise Interrupted("Stopped", why=self._kept(), hint=self._go_on()) from None
        try:
            self._repository.arrive()
            self._close_repository(installed=self._request.installs and failure is None)
        except ToolFailed as error:
            failure = failure or error
        if failure:
            failure.why = f"{failure.why} {self._kept()}".strip()
            failure.hint = self._go_on()
            raise failure
        created = self._created()
        self._emit(created)
        return created

    def _build(self, tree: Tree) -> None:
        if self._request.makes_repository:
            self._repository.look_around()
        with Staging(self._plan.target) as staging:
            write_tree(tree, staging.project_dir)
            if self._request.makes_repository:
                self._repository.begin(staging.project_dir)
            staging.settle()

    def _install(self) -> None:
        import asyncio

        asyncio.run(self._bring_and_install())

    async def _bring_and_install(self) -> None:
        from rtstart.adapters.scaffold.install import install

        environment = await self._tools.ready(self._emit)
        self._manager = self._tools.manager(self._plan.target, environment)
        started = time.monotonic()
        name = (self._manager or self._tools.usual).name
        self._emit(StepStarted("install", f"installing packages with {name}"))
        try:
            words = await install(self._manager, self._plan.target, environment)
        except ToolFailed:
            spent = time.monotonic() - started
            self._emit(StepFailed("install", "packages were not installed", spent))
            raise
        self._emit(StepDone("install", words, time.monotonic() - started))

    def _tools_hint(self) -> str:
        target = shlex.quote(shortest(self._plan.target, start=self._request.cwd))
        new = f"{self._request.invocation} new {target}"
        if self._plan.template != DEFAULT_TEMPLATE:
            new += f" --template {self._plan.template}"
        release = self._tools.bringable.program.release
        return (
            f"Let rtstart bring {release} as a package from PyPI, into its own cache:\n"
            f"{new} --yes\n"
            f"or make the app now and install later:\n{new} --no-install"
        )

    def _close_repository(self, *, installed: bool) -> None:
        if self._request.makes_repository:
            self._repository.close(self._emit, installed=installed)

    def _explained(self, error: Exception) -> Exception:
        target = self._plan.target
        match error:
            case TargetTaken():
                words = "was filled by somebody else meanwhile"
                return Conflict.of(occupied(target, words, self._request))
            case OSError():
                words = error.strerror or str(error)
                return Failed.of(
                    TARGET_NOT_WRITABLE.found(
                        f'"{target.name}" cannot be made: {words}', where=str(target.parent)
                    )
                )
            case _:
                return error

    def _created(self) -> Created:
        answers = self._plan.answers.values
        return Created(
            project_dir=str(self._plan.target),
            name=str(answers.get(NAME, self._plan.target.name)),
            template=self._plan.template,
            files=self._file_count,
            has_repository=self._repository.is_made,
            is_installed=self._request.installs,
            next_commands=self._next_commands(),
        )

    def _next_commands(self) -> tuple[str, ...]:
        if self._request.goes_on:
            return ()
        change = _change_directory(self._request.cwd, self._plan.target)
        install = (self._manager or self._tools.usual).words
        needed = () if self._request.installs else (install,)
        return (*change, *needed, f"{self._request.invocation} dev")

    def _kept(self) -> str:
        where = shortest(self._plan.target, start=self._request.cwd)
        return f'The app itself is finished and kept in "{where}".'

    def _go_on(self) -> str:
        change = _change_directory(self._request.cwd, self._plan.target)
        install = (self._manager or self._tools.usual).words
        return "\n".join([*change, install, f"{self._request.invocation} dev"])


def _change_directory(cwd: Path, target: Path) -> tuple[str, ...]:
    """The `cd` that leads there, as short as it can be; none when one is there already."""
    if target == cwd:
        return ()
    return (f"cd {shlex.quote(shortest(target, start=cwd))}",)

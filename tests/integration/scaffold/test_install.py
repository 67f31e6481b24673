"""Installing with whichever package manager is there; its last words are kept when it fails."""

import asyncio
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.install import find_manager, install
from rtstart.core.errors import ToolFailed
from tests.fakes.processes import running_with
from tests.fakes.tools import Signal, Tools, names_in

pytestmark = pytest.mark.integration


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app's folder in a repository of its own."""
    folder = tmp_path / "repository" / "app"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    """A machine on which nothing is installed yet."""
    return Tools(tmp_path / "bin").link("sh", "sleep", "mkdir")


async def test_install_tells_how_many_packages_came(app: Path, tools: Tools) -> None:
    tools.script("npm", 'echo "$PWD $*" > called; echo; echo "added 41 packages in 2s"')
    environment = tools.environment()

    words = await install(find_manager(app, environment), app, environment)

    assert words == "installed 41 packages"
    called = (app / "called").read_text(encoding="utf-8")
    assert called == f"{app} install --no-audit --no-fund --no-progress\n"


async def test_install_keeps_the_last_lines_when_it_fails(app: Path, tools: Tools) -> None:
    tools.script("npm", 'for n in 1 2 3; do echo "npm error $n"; done; exit 7')
    environment = tools.environment()

    with pytest.raises(ToolFailed) as caught:
        await install(find_manager(app, environment), app, environment)

    error = caught.value
    assert (error.code, error.exit_code, error.exit_status) == ("RT204", 6, 7)
    assert error.last_lines == ("npm error 1", "npm error 2", "npm error 3")


async def test_install_says_when_there_is_no_package_manager(app: Path, tools: Tools) -> None:
    environment = tools.environment()

    with pytest.raises(ToolFailed) as caught:
        await install(find_manager(app, environment), app, environment)

    assert (caught.value.code, caught.value.exit_code) == ("RT205", 6)


async def test_install_stopped_leaves_no_process_and_no_half_filled_folder(
    app: Path, tools: Tools
) -> None:
    begun = Signal(tools.folder.parent / "begun")
    tools.script("npm", f"mkdir node_modules; echo > {begun.path}; sleep 51.7; echo never")
    environment = tools.environment()
    task = asyncio.create_task(install(find_manager(app, environment), app, environment))
    await begun.arrived()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert running_with("51.7") == []
    assert names_in(app) == []


def test_find_manager_looks_at_lock_files_within_the_repository(app: Path, tools: Tools) -> None:
    for name in ("npm", "pnpm", "yarn", "bun"):
        tools.script(name, "")
    environment = tools.environment()
    (app / "bun.lock").touch()
    found = [find_manager(app, environment)]
    (app.parents[1] / "yarn.lock").touch()
    (app.parent / ".git").mkdir()
    found.append(find_manager(app, environment))
    (app.parent / "pnpm-lock.yaml").touch()
    found.append(find_manager(app, environment))
    found.append(find_manager(app, {**environment, "npm_config_user_agent": "bun/1.2 linux"}))

    assert [manager and manager.name for manager in found] == ["npm", "npm", "pnpm", "bun"]


async def test_install_with_yarn_keeps_node_modules_in_the_app(app: Path, tools: Tools) -> None:
    tools.script("yarn", 'echo "$YARN_ENABLE_IMMUTABLE_INSTALLS" > said')
    environment = tools.environment()

    words = await install(find_manager(app, environment), app, environment)

    assert words == "installed packages"
    assert (app / "said").read_text(encoding="utf-8") == "false\n"
    assert (app / ".yarnrc.yml").read_text(encoding="utf-8").startswith("nodeLinker: node-modules")

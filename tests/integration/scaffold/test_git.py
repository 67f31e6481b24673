"""A new app's repository: one commit, whoever the user is, and never the keys."""

import subprocess
from pathlib import Path

import pytest

from rtstart.adapters.scaffold import git
from rtstart.core.errors import ToolFailed
from tests.fakes.tools import Tools

pytestmark = pytest.mark.integration


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with git, on which nobody has said who they are."""
    return Tools(tmp_path / "bin").link("git").environment()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app that is not in git yet."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / ".gitignore").write_text(".env\nnode_modules/\n", encoding="utf-8")
    (folder / ".env").write_text("OPENAI_API_KEY=sk-test-...\n", encoding="utf-8")
    (folder / "a.txt").write_text("a\n", encoding="utf-8")
    return folder


def _git(folder: Path, environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _commit(folder: Path, environment: dict[str, str]) -> None:
    git.init(folder, environment)
    git.commit(folder, environment, message="Start")


def test_commit_works_without_an_identity(app: Path, environment: dict[str, str]) -> None:
    _commit(app, environment)

    shown = _git(app, environment, "log", "--format=%an <%ae> %s", "--name-only")
    assert shown.split("\n") == ["rtstart <rtstart@localhost> Start", "", ".gitignore", "a.txt"]
    assert _git(app, environment, "branch", "--show-current") == "main"
    assert _git(app, environment, "status", "--porcelain") == ""
    assert "user" not in (app / ".git" / "config").read_text(encoding="utf-8")


def test_commit_uses_the_identity_and_branch_of_the_user(
    app: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\nname=Ada\nemail=ada@example.test\n[init]\ndefaultBranch=trunk\n"
        "[commit]\ngpgsign=true\n[gpg]\nprogram=false\n",
        encoding="utf-8",
    )
    environment["GIT_CONFIG_GLOBAL"] = str(config)

    _commit(app, environment)

    assert _git(app, environment, "log", "--format=%an <%ae>") == "Ada <ada@example.test>"
    assert _git(app, environment, "branch", "--show-current") == "trunk"


def test_commit_runs_no_hook_of_the_user(
    app: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    hooks = Tools(tmp_path / "hooks")
    for name in ("pre-commit", "commit-msg", "post-commit", "prepare-commit-msg"):
        hooks.script(name, f"touch {tmp_path}/ran; exit 1")
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\nhooksPath={hooks.folder}\n", encoding="utf-8")
    environment["GIT_CONFIG_GLOBAL"] = str(config)

    _commit(app, environment)

    assert not (tmp_path / "ran").exists()


def test_commit_never_takes_keys_even_when_nothing_ignores_them(
    app: Path, environment: dict[str, str]
) -> None:
    (app / ".gitignore").unlink()
    (app / "sub").mkdir()
    (app / "sub" / ".env").touch()

    _commit(app, environment)

    assert _git(app, environment, "ls-files").split() == ["a.txt"]


def test_take_in_adds_a_lock_file_to_the_first_commit(
    app: Path, environment: dict[str, str]
) -> None:
    _commit(app, environment)
    git.take_in(app, environment)
    (app / "pnpm-lock.yaml").touch()

    git.take_in(app, environment)

    assert _git(app, environment, "rev-list", "--count", "HEAD") == "1"
    assert _git(app, environment, "ls-files").split() == [".gitignore", "a.txt", "pnpm-lock.yaml"]


def test_git_of_a_calling_hook_is_not_used(
    app: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    environment |= {"GIT_DIR": str(tmp_path / "other"), "GIT_WORK_TREE": str(tmp_path)}

    _commit(app, environment)

    assert (app / ".git").is_dir()
    assert not (tmp_path / "other").exists()


def test_look_around_finds_a_repository_around_the_target(
    app: Path, environment: dict[str, str]
) -> None:
    _commit(app, environment)
    (app / ".gitignore").write_text("scratch/\n", encoding="utf-8")

    assert git.look_around(app / "packages" / "voice", environment) == "inside"
    assert git.look_around(app / "scratch" / "voice", environment) == "none"
    assert git.look_around(app, environment) == "none"


def test_look_around_says_when_there_is_no_git(app: Path, tmp_path: Path) -> None:
    assert git.look_around(app, Tools(tmp_path / "none").environment()) == "no git"


def test_has_commits_only_with_a_history(app: Path, environment: dict[str, str]) -> None:
    git.init(app, environment)
    assert not git.has_commits(app, environment)

    git.commit(app, environment, message="Start")
    assert git.has_commits(app, environment)


def test_failure_carries_the_words_of_git(app: Path, environment: dict[str, str]) -> None:
    Tools(Path(environment["PATH"])).script("git", "echo 'fatal: disk is full' >&2; exit 128")

    with pytest.raises(ToolFailed) as caught:
        git.init(app, environment)

    error = caught.value
    assert (error.what, error.code, error.exit_status) == ("git init failed", "RT207", 128)
    assert error.last_lines == ("fatal: disk is full",)

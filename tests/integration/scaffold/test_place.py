"""The folder of a new app: refused when it is used, and nothing is left of a failure."""

import os
import shutil
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.place import Occupied, Staging, TargetTaken, look_at
from rtstart.adapters.scaffold.tree import (
    EXECUTABLE,
    PRIVATE,
    File,
    Tree,
    make_tree,
    read_tree,
    write_tree,
)

pytestmark = pytest.mark.integration


def _tree() -> Tree:
    return make_tree(
        [File("a.txt", b"a"), File("src/run.sh", b"#!", EXECUTABLE), File(".env", b"", PRIVATE)],
        {"src", "empty"},
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_look_at_tells_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    full = tmp_path / "full"
    full.mkdir()
    for number in range(8):
        (full / f"{number}.txt").touch()

    assert [look_at(tmp_path / name) for name in ("missing", "empty", "clone")] == [
        "missing",
        "empty",
        "only git",
    ]
    assert look_at(tmp_path / "file") == Occupied("is a file, not a folder")
    assert look_at(tmp_path / "dangling") == Occupied("is a file, not a folder")
    assert look_at(full) == Occupied("holds 0.txt, 1.txt, 2.txt, 3.txt, 4.txt, 5.txt and 2 more")


@pytest.mark.parametrize("name", ["app", "deep/er/app", "with blank", "日本語"])
def test_settle_makes_the_target_of_what_was_built(tmp_path: Path, name: str) -> None:
    target = tmp_path / name

    with Staging(target) as staging:
        assert staging.project_dir.name == target.name
        write_tree(_tree(), staging.project_dir)
        assert not target.exists()
        staging.settle()

    assert _names(target) == [".env", "a.txt", "empty", "src", "src/run.sh"]
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_settle_keeps_modes_and_the_usual_rights_of_a_folder(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.mkdir()

    with Staging(tmp_path / "app") as staging:
        write_tree(_tree(), staging.project_dir)
        staging.settle()

    app = tmp_path / "app"
    assert app.stat().st_mode == usual.stat().st_mode
    assert (app / ".env").stat().st_mode & 0o777 == 0o600
    assert os.access(app / "src" / "run.sh", os.X_OK)
    assert read_tree(app).folders == ("empty", "src")


def test_settle_moves_into_a_folder_that_is_there_without_replacing_it(tmp_path: Path) -> None:
    target = tmp_path / "clone"
    (target / ".git").mkdir(parents=True)
    number = target.stat().st_ino

    with Staging(target) as staging:
        write_tree(_tree(), staging.project_dir)
        staging.settle()

    assert target.stat().st_ino == number
    assert _names(target) == [".env", ".git", "a.txt", "empty", "src", "src/run.sh"]


def _build(staging: Staging, then: Callable[[], None]) -> None:
    """Make an app of the tree, with something that happens before it settles."""
    with staging:
        write_tree(_tree(), staging.project_dir)
        then()
        staging.settle()


def _write(path: Path) -> None:
    path.write_text("mine", encoding="utf-8")


def _raising(error: type[BaseException]) -> Callable[[], None]:
    def stop() -> None:
        raise error

    return stop


@pytest.mark.parametrize("name", ["app", "deep/er/app"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_nothing_is_left_when_building_fails(
    tmp_path: Path, name: str, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        _build(Staging(tmp_path / name), _raising(error))

    assert _names(tmp_path) == []


def test_nothing_is_left_in_a_folder_that_was_there_when_building_fails(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        _build(Staging(tmp_path), _raising(KeyboardInterrupt))

    assert _names(tmp_path) == []


def test_settle_refuses_a_target_that_was_filled_meanwhile(tmp_path: Path) -> None:
    def fill() -> None:
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "mine.txt").touch()

    with pytest.raises(TargetTaken):
        _build(Staging(tmp_path / "app"), fill)

    assert _names(tmp_path) == ["app", "app/mine.txt"]


def test_settle_refuses_a_file_that_came_meanwhile_into_an_empty_folder(tmp_path: Path) -> None:
    mine = tmp_path / "a.txt"

    with pytest.raises(TargetTaken):
        _build(Staging(tmp_path), partial(_write, mine))

    assert _names(tmp_path) == ["a.txt"]
    assert mine.read_text(encoding="utf-8") == "mine"


def test_staging_refuses_a_target_that_was_filled_since_it_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()

    with pytest.raises(TargetTaken):
        _build(Staging(tmp_path), lambda: None)

    assert _names(tmp_path) == ["mine.txt"]


def test_settle_passes_on_what_the_disk_says_when_the_target_is_free(tmp_path: Path) -> None:
    staging = Staging(tmp_path / "app")

    with pytest.raises(FileNotFoundError):
        _build(staging, lambda: shutil.rmtree(staging.project_dir))

    assert _names(tmp_path) == []


def test_a_second_ctrl_c_does_not_disturb_the_clearing(tmp_path: Path) -> None:
    class Impatient(Staging):
        def _remove(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            super()._remove()

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        _build(Impatient(tmp_path / "app"), _raising(KeyboardInterrupt))

    assert _names(tmp_path) == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_write_tree_never_writes_over_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(FileExistsError):
        write_tree(_tree(), tmp_path)

    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "mine"


def test_settle_moves_back_what_it_moved_when_the_disk_refuses(tmp_path: Path) -> None:
    class Refusing(Staging):
        def _move(self, entry: Path) -> None:
            if entry.name == "src":
                raise OSError("refused")
            super()._move(entry)

    with pytest.raises(OSError, match="refused"):
        _build(Refusing(tmp_path), lambda: None)

    assert _names(tmp_path) == []

"""Where the templates lie: in the installed package first, then in the checkout."""

import subprocess
from pathlib import Path

import pytest

from rtstart.adapters.scaffold.locate import find_source, plain_source
from tests.fakes.tools import names_in

pytestmark = pytest.mark.integration


def _source(folder: Path) -> Path:
    (folder / "templates" / "vite").mkdir(parents=True)
    (folder / "copier.yml").write_text("a: 1\n", encoding="utf-8")
    (folder / "templates" / "vite" / "a.txt").write_text("a\n", encoding="utf-8")
    return folder


def test_find_source_prefers_what_is_packed_beside_the_package(tmp_path: Path) -> None:
    packed = _source(tmp_path / "package" / "_template")
    checkout = _source(tmp_path / "checkout")

    assert find_source(tmp_path / "package", checkout) == packed
    assert find_source(tmp_path / "other", checkout) == checkout


def test_find_source_takes_only_a_folder_with_both(tmp_path: Path) -> None:
    (tmp_path / "_template").mkdir()
    (tmp_path / "_template" / "copier.yml").touch()

    with pytest.raises(FileNotFoundError, match=r"no copier\.yml and templates/"):
        find_source(tmp_path, tmp_path / "checkout")


def test_plain_source_is_the_folder_itself_when_it_is_installed(tmp_path: Path) -> None:
    with plain_source(_source(tmp_path / "a")) as folder:
        assert folder == tmp_path / "a"


def test_plain_source_of_a_checkout_is_what_one_edits_without_junk(tmp_path: Path) -> None:
    checkout = _source(tmp_path / "checkout")
    vite = checkout / "templates" / "vite"
    (checkout / ".gitignore").write_text("node_modules/\n", encoding="utf-8")
    (vite / "gone.txt").touch()
    subprocess.run(["git", "init", "-q"], cwd=checkout, check=True)
    subprocess.run(["git", "add", "--all"], cwd=checkout, check=True)
    (vite / "a.txt").write_text("edited\n", encoding="utf-8")
    (vite / "new.txt").touch()
    (vite / "gone.txt").unlink()
    (vite / "node_modules").mkdir()
    (vite / "node_modules" / "junk.js").touch()

    with plain_source(checkout) as folder:
        assert names_in(folder) == ["copier.yml", "templates"]
        assert names_in(folder / "templates" / "vite") == ["a.txt", "new.txt"]
        assert (folder / "templates" / "vite" / "a.txt").read_text(encoding="utf-8") == "edited\n"
    assert not folder.exists()

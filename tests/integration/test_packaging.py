"""The wheel and the sdist: the templates as git knows them, usable when installed elsewhere."""

import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from rtstart import __version__
from tests.fakes.tools import Tools

pytestmark = pytest.mark.integration

_ROOT = Path(__file__).resolve().parents[2]
_TOP = "rtstart-" + __version__
_TEMPLATE = "rtstart/_template/"


@dataclass(frozen=True, slots=True)
class Built:
    """A copy of this checkout with junk in it, and what was built from it."""

    checkout: Path
    wheel: Path
    sdist: Path

    def indexed(self) -> list[str]:
        """The template files that git knows."""
        return _run(self.checkout, "git", "ls-files", "copier.yml", "templates").split("\n")


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        list(command), cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _build(checkout: Path, target: str, out: Path) -> Path:
    _run(checkout, sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out))
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git knows of this checkout, in a repository of its own, and junk that it ignores."""
    folder = tmp_path_factory.mktemp("build") / "checkout"
    names = _run(_ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in names.rstrip("\0").split("\0"):
        if (_ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(_ROOT / name, folder / name)
    (folder / "templates" / "vite" / "tool.py").write_text("X = 1\n", encoding="utf-8")
    _run(folder, "git", "init", "-q")
    _run(folder, "git", "add", "--all")
    for junk in ("node_modules/vite/index.js", "__pycache__/tool.pyc", ".env", "untracked.txt"):
        path = folder / "templates" / "vite" / junk
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("junk", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The wheel and the sdist of that checkout."""
    out = tmp_path_factory.mktemp("out")
    return Built(
        checkout,
        _build(checkout, "wheel", out / "wheel"),
        _build(checkout, "sdist", out / "sdist"),
    )


def test_wheel_holds_the_templates_that_git_knows_and_no_junk(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        packed = [name for name in wheel.namelist() if name.startswith(_TEMPLATE)]

    assert sorted(name.removeprefix(_TEMPLATE) for name in packed) == built.indexed()


def test_sdist_holds_the_templates_that_git_knows_and_no_junk(built: Built) -> None:
    with tarfile.open(built.sdist) as sdist:
        names = [name.removeprefix(f"{_TOP}/") for name in sdist.getnames()]

    packed = sorted(name for name in names if name.startswith(("templates/", "copier.yml")))
    assert packed == built.indexed()


def test_wheel_from_the_sdist_is_the_wheel_from_the_checkout(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")

    rebuilt = _build(tmp_path / _TOP, "wheel", tmp_path / "wheel")

    assert rebuilt.read_bytes() == built.wheel.read_bytes()


def test_build_refuses_a_symlink_because_wheels_lose_it(checkout: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(checkout, copy)
    (copy / "templates" / "link").symlink_to("vite")
    _run(copy, "git", "add", "templates/link")

    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "out")],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "templates hold symlinks" in done.stdout + done.stderr


@pytest.fixture
def installed(built: Built, tmp_path: Path) -> Path:
    """The Python of an environment that has the wheel, byte-compiled as installers do, and of the
    tests' own environment only the libraries.
    """
    home = tmp_path / "environment"
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin" / "python"
    site = Path(_run(tmp_path, str(python), "-c", "import site; print(site.getsitepackages()[0])"))
    shutil.unpack_archive(built.wheel, site, "zip")
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    _run(tmp_path, str(python), "-m", "compileall", "-q", str(site / "rtstart"))
    return python


def test_new_runs_from_an_installed_wheel(built: Built, installed: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    site = Path(_run(work, str(installed), "-c", "import rtstart; print(rtstart.__file__)")).parent
    environment = Tools(tmp_path / "bin").link("git").environment(LANG="C.UTF-8")

    done = subprocess.run(
        [installed, "-m", "rtstart", "new", "app", "--yes", "--no-install"],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    app = work / "app"
    assert site.is_relative_to(tmp_path)
    assert list(site.rglob("tool.*.pyc")) != []
    assert done.returncode == 0, done.stderr
    assert (app / "tool.py").read_text(encoding="utf-8") == "X = 1\n"
    assert [path for path in app.rglob("*") if path.suffix in {".pyc", ".jinja"}] == []
    assert not (app / "__pycache__").exists()
    assert _run(app, "git", "status", "--porcelain") == ""

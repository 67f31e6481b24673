"""Where the templates lie: inside the installed package, or at the root of a checkout."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[2]
_CHECKOUT = _PACKAGE.parents[1]
_LIST = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def is_source(folder: Path) -> bool:
    """Whether this folder holds templates: both `copier.yml` and `templates/`."""
    return (folder / "copier.yml").is_file() and (folder / "templates").is_dir()


def find_source(package_dir: Path = _PACKAGE, checkout_dir: Path = _CHECKOUT) -> Path:
    """The folder with `copier.yml` and `templates/`.

    The one packed beside the package comes first: an editable install leaves a stale copy in
    site-packages, but then this very file lies in the checkout. Raises FileNotFoundError, which
    is a fault of the packaging and not of the user.
    """
    for folder in (package_dir / "_template", checkout_dir):
        if is_source(folder):
            return folder
    raise FileNotFoundError(f"no copier.yml and templates/ in {package_dir} or {checkout_dir}")


@contextmanager
def plain_source(source: Path) -> Iterator[Path]:
    """The templates as a plain folder for as long as the block runs.

    A checkout is given as an export of what git knows there or would add, because Copier takes a
    git folder's newest tag, not what is being edited; and so that ignored junk is not rendered.
    """
    if not (source / ".git").exists():
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="rtstart-templates-") as name:
        folder = Path(name)
        for relpath in _files_of(source):
            target = folder / relpath
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / relpath, target)
        yield folder


def _files_of(checkout: Path) -> list[str]:
    listed = subprocess.run(
        [*_LIST, "--", "copier.yml", "templates"],
        cwd=checkout,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=10,
        encoding="utf-8",
    ).stdout
    return [name for name in sorted(set(listed.split("\0"))) if (checkout / name).is_file()]

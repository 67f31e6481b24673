"""Renders a template of this checkout as it lies on the disk, uncommitted edits and all."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ("vite", "nextjs", "python")

_JUNK = shutil.ignore_patterns(
    "node_modules", "dist", ".next", "__pycache__", "*.pyc", ".venv", ".rtstart", ".*_cache"
)


def render(
    template: str, target: Path, name: str, answers: Mapping[str, object] | None = None
) -> None:
    """Render into `target`, over what is there; `answers` are those that are not the default.

    Copier takes the newest tag of a git checkout, not its working tree, so it is handed a copy.
    """
    from copier import run_copy  # a second on a small machine

    with tempfile.TemporaryDirectory(prefix="rtstart-template-") as folder:
        source = Path(folder)
        shutil.copy2(ROOT / "copier.yml", source)
        shutil.copytree(ROOT / "templates", source / "templates", ignore=_JUNK)
        run_copy(
            str(source),
            target,
            data={
                **(answers or {}),
                "template": template,
                "project_name": name,
                "rtstart_commit": "v0.0.0",
                "rtstart_source": "https://github.com/rtstart/rtstart",
            },
            defaults=True,
            overwrite=True,
            quiet=True,
        )

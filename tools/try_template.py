"""Renders a template to a temporary folder, installs it, runs it, and renders again on change.

    uv run python -m tools.try_template vite
    uv run python -m tools.try_template vite --into /tmp/voice -- npm run check

Never run a template in place: it would leave node_modules where the wheel is built from.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tools.render import ROOT, TEMPLATES, render


def _arguments() -> tuple[argparse.Namespace, list[str]]:
    given = sys.argv[1:]
    cut = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("template", choices=TEMPLATES)
    parser.add_argument("--into", type=Path, help="keep the app in this folder")
    parser.add_argument("--name", default="Voice Demo")
    return parser.parse_args(given[:cut]), given[cut + 1 :]


def _render_on_change(template: str, target: Path, name: str, stop: threading.Event) -> None:
    from watchfiles import watch

    for _ in watch(ROOT / "templates", ROOT / "copier.yml", stop_event=stop):
        try:
            render(template, target, name)
        except Exception as error:  # noqa: BLE001 - half-saved template: told, and tried again
            print(f"not rendered: {error}", file=sys.stderr)
        else:
            print("rendered again", file=sys.stderr)


def _run(arguments: argparse.Namespace, command: list[str], target: Path) -> int:
    render(arguments.template, target, arguments.name)
    print(f"rendered to {target}", file=sys.stderr)
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not on PATH; Node 22.18 or newer is needed", file=sys.stderr)
        return 1
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=target, check=True)

    stop = threading.Event()
    watcher = threading.Thread(
        target=_render_on_change,
        args=(arguments.template, target, arguments.name, stop),
        daemon=True,
    )
    watcher.start()
    try:
        return subprocess.run(
            command or [sys.executable, "-m", "honcho", "start"], cwd=target, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        stop.set()
        watcher.join(timeout=5)


def main() -> int:
    """Run the command (by default the Procfile) in a freshly rendered app; its code is ours."""
    arguments, command = _arguments()
    if arguments.into is not None:
        target = arguments.into.resolve()
        target.mkdir(parents=True, exist_ok=True)
        return _run(arguments, command, target)
    with tempfile.TemporaryDirectory(prefix=f"rtstart-{arguments.template}-") as folder:
        return _run(arguments, command, Path(folder))


if __name__ == "__main__":
    sys.exit(main())

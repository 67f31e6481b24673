"""What a visitor's browser loads of the vite app, built for production, beside a bare page that
talks by OpenAI's own client (@openai/agents-realtime), built by the same Vite.

    uv run python -m benchmarks.page_weight [--json FILE]

Counted are the files of `dist/` as gzip -9 makes them; nothing but npm's registry is needed.
"""

import argparse
import gzip
import json
import sys
import tempfile
from pathlib import Path

from tests.templates.app import App, node_env
from tools.render import render

_AIM_KB = 60.0
_BARE = {
    "package.json": json.dumps(
        {
            "name": "bare",
            "private": True,
            "type": "module",
            "dependencies": {"@openai/agents-realtime": "0.20.0", "zod": "^4"},
            "devDependencies": {"vite": "^8.3.8"},
        }
    ),
    "index.html": '<button>Talk</button><script type="module" src="/main.js"></script>',
    "main.js": """
import { RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";
document.querySelector("button").addEventListener("click", async () => {
  const { value } = await (await fetch("/session", { method: "POST" })).json();
  const session = new RealtimeSession(new RealtimeAgent({ name: "Assistant" }));
  await session.connect({ apiKey: value });
});
""",
}


def _weigh(dist: Path) -> dict[str, float]:
    """Kilobytes after gzip, by kind of file."""
    sizes: dict[str, float] = {}
    for path in dist.rglob("*"):
        if path.is_file():
            size = len(gzip.compress(path.read_bytes(), 9)) / 1000
            sizes[path.suffix] = sizes.get(path.suffix, 0) + size
    return sizes


def _build(app: App, *install: str) -> dict[str, float]:
    for words in (install, ("exec", "vite", "build")):
        done = app.npm(*words, "--no-audit", "--no-fund")
        if done.returncode != 0:
            sys.exit(done.stdout)
    return _weigh(app.folder / "dist")


def main() -> int:
    """Build both, print the figures, and write them when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rtstart-weight-") as folder:
        ours = App(Path(folder) / "ours", node_env())
        render("vite", ours.folder, "Voice Demo")
        bare = App(Path(folder) / "bare", node_env())
        bare.folder.mkdir()
        for name, text in _BARE.items():
            (bare.folder / name).write_text(text, encoding="utf-8")
        weights = {
            "vite app": _build(ours, "ci"),
            "bare page on @openai/agents-realtime": _build(bare, "install"),
        }
    for name, kinds in weights.items():
        parts = "  ".join(f"{kind or 'other'} {size:.1f}" for kind, size in sorted(kinds.items()))
        print(f"{name:38} {sum(kinds.values()):6.1f} kB gzip   {parts}")
    print(f"aim: under {_AIM_KB:.0f} kB")
    if arguments.json:
        arguments.json.write_text(json.dumps(weights, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A small project that `dev` can run without Node: two services on Python's own HTTP server."""

import sys
from pathlib import Path

KEY = "sk-test-" + "0123456789abcdef"

_SERVER = """\
import http.server, json, os, sys, urllib.error, urllib.request
name, port = sys.argv[1], int(os.environ[sys.argv[2]])
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, kind="application/json"):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        self.answer(200, f"<!doctype html><title>{name}</title>", "text/html")
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if os.environ.get("ASK_API"):
            return self.answer(*ask_api())
        status = int(os.environ.get("MINT_STATUS", 200))
        words = {"error": {"message": "No such key", "code": "invalid_api_key"}}
        self.answer(status, json.dumps({"value": "ek_fake"} if status == 200 else words))
    def log_message(self, *_):
        key = os.environ.get("OPENAI_API_KEY", "no key")
        print(f"{name} saw {self.path} with {key}", flush=True)
def ask_api():
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/realtime/client_secrets",
        data=os.environ["ASK_API"].encode(),
        headers={
            "Authorization": "Bearer " + os.environ["OPENAI_API_KEY"],
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""

_CONFIG = """\
schema = 1
template = "fake"

[dev]
tunnel = "lan"
port = {port}

[tunnels.lan]
address = "127.0.0.2"

[services.token]
port_env = "TOKEN_PORT"
routes = ["/session"]
mint = "/session"
secrets = ["OPENAI_API_KEY"]
ready = {{ path = "/healthz" }}

[services.web]
port_env = "WEB_PORT"
ready = {{ path = "/" }}
"""


def write_project(folder: Path, *, port: int, dotenv: str = f"OPENAI_API_KEY={KEY}\n") -> Path:
    """Write the project's files; `port` is the gateway's wish. Gives the folder back."""
    folder.mkdir(exist_ok=True)
    (folder / "server.py").write_text(_SERVER, encoding="utf-8")
    (folder / "rtstart.toml").write_text(_CONFIG.format(port=port), encoding="utf-8")
    python = sys.executable
    (folder / "Procfile").write_text(
        f"token: exec '{python}' server.py token TOKEN_PORT\n"
        f"web: exec '{python}' server.py web WEB_PORT\n",
        encoding="utf-8",
    )
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    (folder / ".env").chmod(0o600)
    return folder

"""A program that speaks as cloudflared 2026.8.2 does (facts: tunnels 2): its log, its metrics page.

It refuses what the real one would trip over. RTSTART_TEST_CLOUDFLARED says how it behaves.
"""

import http.server
import json
import os
import sys
import threading
from pathlib import Path

HOST = "calm-river-example-words.trycloudflare.com"


def _log(level: str, message: str, **more: object) -> None:
    line = {"level": level, "time": "2026-11-22T10:00:00Z", "message": message, **more}
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


def _option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1]


class _Metrics(http.server.BaseHTTPRequestHandler):
    is_ready = False

    def do_GET(self) -> None:
        """Answer `/quicktunnel` and `/ready`."""
        if self.path == "/quicktunnel":
            status, data = 200, json.dumps({"hostname": HOST}).encode()
        else:
            count = int(_Metrics.is_ready)
            status = 200 if count else 503
            data = json.dumps({"status": status, "readyConnections": count}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Run until killed, or fail as the real one does."""
    if "--version" in sys.argv:
        sys.stdout.write("cloudflared version 2026.8.2 (built 2026-08-14-1223 UTC)\n")
        return
    if Path(_option("--config")).read_text(encoding="utf-8") or "--protocol" not in sys.argv:
        sys.stderr.write("the configuration is not empty, or no protocol was given\n")
        sys.exit(3)
    mode = os.environ.get("RTSTART_TEST_CLOUDFLARED", "good")
    _log("info", "Requesting new quick Tunnel on trycloudflare.com...")
    if mode == "rate limited":
        words = 'Error unmarshaling QuickTunnel response: error code: 1015 status_code="429 Too'
        _log("error", f'{words} Many Requests"', error="invalid character 'e'")
        sys.stderr.write("failed to unmarshal quick Tunnel: invalid character 'e'\n")
        sys.exit(1)
    if mode == "no network":
        sys.stderr.write(
            'failed to request quick Tunnel: Post "https://api.trycloudflare.com/tunnel": '
            "dial tcp: lookup api.trycloudflare.com: network is unreachable\n"
        )
        sys.exit(1)
    if mode != "page only":
        _log("info", f"|  https://{HOST}                                        |")
    if mode == "address then end":
        _log("error", "Could not lookup srv records on _v2-origintunneld._tcp.argotunnel.com")
        sys.exit(1)
    host, _, port = _option("--metrics").partition(":")
    server = http.server.ThreadingHTTPServer((host, int(port)), _Metrics)
    if mode != "never connected":
        threading.Timer(0.2, _connect).start()
    server.serve_forever()


def _connect() -> None:
    _Metrics.is_ready = True


if __name__ == "__main__":
    main()

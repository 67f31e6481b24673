"""What holds for every test: loopback only, a clean environment, no print, nothing left over."""

import builtins
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_socket import socket_allow_hosts

_LOOPBACK = ["127.0.0.1", "127.0.0.2", "::1"]
_KEPT = (
    "PATH",
    "LANG",
    "TERM",
    "UV_",
    "RTSTART_TEST_",
    "PYTHON",
    "PLAYWRIGHT_",
    "SSL_CERT",
    "COVERAGE_",
)
_INSTALLERS = ("PIP_", "NPM_CONFIG_", "npm_config_", "NODE_EXTRA_CA_CERTS")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--network` lets tests marked so run; they never run in a pull request."""
    parser.addoption("--network", action="store_true", help="run tests that need the internet")


def _installs(request: pytest.FixtureRequest) -> bool:
    return any(
        request.node.get_closest_marker(name) for name in ("templates", "clients", "e2e", "network")
    )


@pytest.fixture(autouse=True)
def _only_loopback(request: pytest.FixtureRequest) -> None:
    if not request.node.get_closest_marker("network"):
        socket_allow_hosts(_LOOPBACK, allow_unix_socket=True)


@pytest.fixture(autouse=True)
def _clean_environment(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    kept = (*_KEPT, *_INSTALLERS) if _installs(request) else _KEPT
    for name in list(os.environ):
        if not name.startswith(kept):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name, folder in (
        ("HOME", home),
        ("XDG_CACHE_HOME", home / ".cache"),
        ("XDG_CONFIG_HOME", home / ".config"),
    ):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture(autouse=True)
def _no_print(monkeypatch: pytest.MonkeyPatch) -> None:
    real = print

    def refuse(*values: object, **options: Any) -> None:
        # The library's own traceback module prints into a text that logging asked for.
        if options.get("file") in (None, sys.stdout, sys.stderr):
            raise AssertionError(f"print is banned in rtstart: {values}")
        real(*values, **options)

    monkeypatch.setattr(builtins, "print", refuse)


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    threads = set(threading.enumerate())
    children = set(psutil.Process().children())
    yield
    left = [thread for thread in set(threading.enumerate()) - threads if not thread.daemon]
    assert left == [], f"threads left over: {left}"
    for child in set(psutil.Process().children(recursive=True)) - children:
        if child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            command = child.cmdline()
            child.kill()
            raise AssertionError(f"child left over: {child.pid} {command}")


@pytest.fixture
def project_dir(tmp_path: Path) -> Path:
    """An empty folder for one test's project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder

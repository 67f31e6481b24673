"""Bringing a tunnel's program to this machine: one pinned version, checked by its SHA-256.

cloudflared is in no package that carries the program itself (facts: tunnels 2.4, 2026-11), so it
comes from the vendor's releases. The list of versions and sums lies beside this file.
"""

import asyncio
import hashlib
import json
import os
import platform
import sys
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from rtstart.adapters.folders import cache_dir
from rtstart.core.errors import Failed, RtstartError
from rtstart.core.events import Emit, StepDone, StepFailed, StepStarted
from rtstart.core.findings import tunnel_refusals as refusals

_STEP = "fetch"
_DEADLINE_S = 300.0
_LARGEST_BYTES = 120_000_000


@dataclass(frozen=True, slots=True)
class Release:
    """One file to fetch: where it is, what it must be, and what it is called here."""

    program: str
    version: str
    url: str
    sha256: str

    def path(self, environment: Mapping[str, str]) -> Path:
        """Where the program lies once it was fetched."""
        name = f"{self.program}.exe" if sys.platform == "win32" else self.program
        return cache_dir(environment) / "bin" / f"{self.program}-{self.version}" / name


def find_release(program: str, *, place: str = "") -> Release | None:
    """The pinned release of a program for this machine, or None when there is none.

    `place` is `system-architecture`, such as `linux-amd64`; this machine's by default.
    """
    text = files("rtstart.adapters.tunnels").joinpath("releases.json").read_text("utf-8")
    one = json.loads(text).get(program)
    built = one["files"].get(place or _place()) if isinstance(one, dict) else None
    if built is None:
        return None
    return Release(program, one["version"], one["base"] + built["name"], built["sha256"])


def fetched_program(program: str, environment: Mapping[str, str]) -> str | None:
    """The path of a program that was fetched before."""
    release = find_release(program)
    path = release.path(environment) if release else None
    return str(path) if path is not None and path.is_file() else None


async def fetch_program(program: str, *, emit: Emit, release: Release | None = None) -> Path:
    """Fetch a program unless it is there; its path.

    Raises Failed when there is no release for this machine, when the download fails, and when what
    came is not what it should be; nothing is left of it then.
    """
    release = release or find_release(program)
    if release is None:
        raise Failed.of(refusals.FETCH_FAILED.found(f"There is no {program} for {_place()}"))
    path = release.path(os.environ)
    if path.is_file():
        return path
    began = time.monotonic()
    emit(StepStarted(_STEP, f"fetching {program} {release.version}"))
    try:
        data = await _download(release)
        await asyncio.to_thread(_install, data, release, path)
    except OSError as error:
        failed = _failed(release, f"{path.parent} cannot be written: {error.strerror or error}")
        emit(StepFailed(_STEP, failed.what, time.monotonic() - began))
        raise failed from error
    except RtstartError as failed:
        emit(StepFailed(_STEP, failed.what, time.monotonic() - began))
        raise
    words = f"fetched {program} {release.version}"
    emit(StepDone(_STEP, words, time.monotonic() - began))
    return path


async def _download(release: Release) -> bytes:
    import httpx

    try:
        async with (
            asyncio.timeout(_DEADLINE_S),
            httpx.AsyncClient(follow_redirects=True, timeout=30.0) as client,
            client.stream("GET", release.url) as answer,
        ):
            answer.raise_for_status()
            data = bytearray()
            async for part in answer.aiter_bytes():
                data += part
                if len(data) > _LARGEST_BYTES:
                    raise _failed(release, "it is larger than any release of it")
    except (httpx.HTTPError, TimeoutError) as error:
        raise _failed(release, str(error) or type(error).__name__) from error
    return bytes(data)


def _install(data: bytes, release: Release, path: Path) -> None:
    """Check, unpack and put in place; a half-written file is never seen under the name."""
    found = hashlib.sha256(data).hexdigest()
    if found != release.sha256:
        raise Failed.of(
            refusals.CHECKSUM_WRONG.found(
                f"{release.url} is not what it should be",
                data={"expected": release.sha256, "found": found},
            )
        )
    program = _unpacked(data, release) if release.url.endswith((".tgz", ".tar.gz")) else data
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_bytes(program)
        new.chmod(0o755)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def _unpacked(data: bytes, release: Release) -> bytes:
    with tarfile.open(fileobj=BytesIO(data), mode="r:gz") as archive:
        for member in archive.getmembers():
            if Path(member.name).name == release.program and member.isfile():
                file = archive.extractfile(member)
                if file is not None:
                    return file.read()
    raise _failed(release, f"there is no {release.program} in it")


def _failed(release: Release, why: str) -> RtstartError:
    return Failed.of(refusals.FETCH_FAILED.found(f"{release.url} could not be fetched", why=why))


def _place() -> str:
    system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    architecture = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
    return f"{system}-{architecture.get(machine, machine)}"

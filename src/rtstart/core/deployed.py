"""How the answers of a deployed app are judged."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from rtstart.core.findings import Finding, deployed
from rtstart.core.findings.security import KEY_IN_BUILD
from rtstart.core.leaks import LeakFinder
from rtstart.core.proof import is_minted

PRIVATE_FILES: Mapping[str, re.Pattern[str]] = {
    "/.env": re.compile(r"^\s*[A-Za-z_][A-Za-z0-9_]*\s*=", re.MULTILINE),
    "/.git/HEAD": re.compile(r"^ref: refs/"),
}
"""What must not be served, and how it would look."""

_SCRIPT = re.compile(r"""<script[^>]*\ssrc=["']([^"']+)["']""", re.IGNORECASE)
_MOST_SCRIPTS = 20
_OK = 200
_NOT_FOUND = 404
_WANTED = {
    "content-security-policy": "Content-Security-Policy",
    "referrer-policy": "Referrer-Policy",
    "x-content-type-options": "X-Content-Type-Options",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def is_html(self) -> bool:
        """Whether it is a page."""
        return "html" in self.headers.get("content-type", "")

    def json(self) -> Mapping[str, object]:
        """Its body as an object; empty when it is none."""
        try:
            told = json.loads(self.text)
        except ValueError:
            return {}
        return told if isinstance(told, dict) else {}


def judge_page(answer: Answered, *, where: str) -> list[Finding]:
    """What is wrong with the page and its headers."""
    if answer.status != _OK or not answer.is_html:
        kind = answer.headers.get("content-type", "no type")
        return [
            deployed.PAGE_NOT_SERVED.found(
                f"{where} answers with {answer.status} ({kind})", where=where
            )
        ]
    found: list[Finding] = []
    if _forbids_microphone(answer.headers.get("permissions-policy", "")):
        found.append(deployed.MICROPHONE_FORBIDDEN.found(where=where))
    missing = [name for key, name in _WANTED.items() if key not in answer.headers]
    if not _refuses_frames(answer.headers):
        missing.append("frame-ancestors")
    if missing:
        found.append(deployed.HEADERS_MISSING.found(f"The page comes without {', '.join(missing)}"))
    return found


def judge_config(answer: Answered, page: Answered, *, where: str) -> list[Finding]:
    """What is wrong with what the page is told before a call."""
    told = answer.json()
    if answer.status != _OK or not told:
        return []
    found: list[Finding] = []
    if told.get("emulated") is True:
        found.append(deployed.EMULATED_ADDRESS.found(where=where))
    realtime_url = told.get("realtime_url")
    if isinstance(realtime_url, str):
        target = urljoin(where, realtime_url)
        policy = page.headers.get("content-security-policy", "")
        if not _may_connect(policy, target, where):
            host = urlsplit(target).netloc
            found.append(deployed.API_NOT_ALLOWED.found(f"connect-src does not allow {host}"))
    return found


def judge_mint(answer: Answered, *, where: str) -> list[Finding]:
    """What it means how a stranger's request for a secret was answered."""
    if answer.status == _NOT_FOUND or (answer.is_html and answer.status < _NOT_FOUND):
        return [
            deployed.NO_TOKEN_ROUTE.found(f"POST {where} answers with {answer.status}", where=where)
        ]
    found = [deployed.MINT_OPEN.found(where=where)] if is_minted(answer.text) else []
    if "no-store" not in answer.headers.get("cache-control", ""):
        found.append(deployed.MINT_STORED.found(where=where))
    return found


def judge_file(path: str, answer: Answered) -> list[Finding]:
    """Whether a private file is served."""
    if answer.status == _OK and not answer.is_html and PRIVATE_FILES[path].search(answer.text):
        return [deployed.FILE_SERVED.found(f"{path} is served", where=path)]
    return []


def scripts_of(page: str, *, where: str) -> list[str]:
    """The paths of the page's own scripts, the first twenty."""
    origin = urlsplit(where)
    paths = []
    for source in _SCRIPT.findall(page):
        target = urlsplit(urljoin(where, source))
        if (target.scheme, target.netloc) == (origin.scheme, origin.netloc):
            paths.append(target.path + (f"?{target.query}" if target.query else ""))
    return list(dict.fromkeys(paths))[:_MOST_SCRIPTS]


def judge_script(path: str, text: str) -> list[Finding]:
    """Keys in a script that browsers get."""
    return [
        KEY_IN_BUILD.found(f"{path} holds {leak.masked}", where=f"{path}:{leak.line}")
        for leak in LeakFinder().find(text)
    ]


def _forbids_microphone(policy: str) -> bool:
    return re.search(r"\bmicrophone\s*=\s*\(\s*\)", policy.lower()) is not None


def _refuses_frames(headers: Mapping[str, str]) -> bool:
    policy = headers.get("content-security-policy", "")
    return "frame-ancestors" in policy or "x-frame-options" in headers


def _may_connect(policy: str, target: str, where: str) -> bool:
    """Whether a policy lets a page connect there; paths in sources are not looked at."""
    rules = {
        name.lower(): sources
        for name, *sources in (part.split() for part in policy.split(";") if part.split())
    }
    sources = rules.get("connect-src", rules.get("default-src"))
    if sources is None:
        return True
    wanted, own = urlsplit(target), urlsplit(where)
    for source in sources:
        if source == "*" or source == f"{wanted.scheme}:":
            return True
        if source == "'self'" and (wanted.scheme, wanted.netloc) == (own.scheme, own.netloc):
            return True
        if _fits(source, wanted.scheme, wanted.netloc):
            return True
    return False


def _fits(source: str, scheme: str, netloc: str) -> bool:
    given, mark, rest = source.partition("://")
    host = (rest if mark else source).partition("/")[0]
    if mark and given != scheme:
        return False
    if host.startswith("*."):
        return netloc.endswith(host[1:])
    return host == netloc

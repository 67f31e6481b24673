"""`rtstart webhook`: a signed sample, the same again, and a forged one."""

import secrets
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from rtstart.adapters.net.outside import Answer, AskFailed, Outside, outside
from rtstart.adapters.run_file import read_run
from rtstart.commands.doctor.checks import Checks, Result
from rtstart.commands.load import load_project
from rtstart.core.errors import Failed, Usage
from rtstart.core.events import Emit
from rtstart.core.findings import deployed
from rtstart.core.findings.services import NOT_RUNNING
from rtstart.core.project import Project
from rtstart.core.webhooks import Webhook, sample, sign, webhook_key

_TAKEN = range(200, 300)


async def send_webhook(
    project_dir: Path,
    environment: Mapping[str, str],
    *,
    address: str = "",
    emit: Emit,
    tls: ssl.SSLContext | None = None,
) -> int:
    """Send a sample of an incoming call to the app's webhook; 0 when the app does right, else 3.

    `address` is a whole URL; without one it is the declared path at the address of the running
    `rtstart dev`, the public one if there is one. Raises Failed when nothing runs or no webhook is
    declared.
    """
    project, _ = load_project(project_dir)
    hook = _hook(project, environment, urlsplit(address).path)
    target = address or _running(project_dir) + hook.path
    split = urlsplit(target)
    if split.scheme not in ("http", "https") or not split.hostname:
        raise Usage(f'"{address}" is no address', hint="rtstart webhook https://…/webhooks/openai")
    checks = Checks(emit)
    async with outside(f"{split.scheme}://{split.netloc}", tls=tls) as visitor:
        sender = _Sender(visitor, split.path or hook.path, webhook_key(hook.secret))
        checks.tell(
            await checks.run("genuine", sender.genuine),
            await checks.run("again", sender.again),
            await checks.run("forged", sender.forged),
        )
    return checks.code


class _Sender:
    def __init__(self, visitor: Outside, path: str, key: bytes) -> None:
        self._visitor = visitor
        self._path = path
        self._key = key
        self._id, self._body = sample(now_unix=int(time.time()), token=secrets.token_hex(6))

    async def genuine(self) -> Result:
        return await self._taken("an incoming call")

    async def again(self) -> Result:
        return await self._taken("the same delivery once more")

    async def forged(self) -> Result:
        try:
            answer = await self._post(secrets.token_bytes(32))
        except AskFailed as failed:
            return Result(findings=(deployed.WEBHOOK_NOT_TAKEN.found(str(failed)),))
        if answer.status in _TAKEN:
            words = f"A forged delivery is answered with {answer.status}"
            return Result(findings=(deployed.WEBHOOK_FORGED.found(words, where=self._path),))
        return Result(f"a wrong signature is answered with {answer.status}")

    async def _taken(self, what: str) -> Result:
        try:
            answer = await self._post(self._key)
        except AskFailed as failed:
            return Result(findings=(deployed.WEBHOOK_NOT_TAKEN.found(str(failed)),))
        if answer.status not in _TAKEN:
            words = f"{what} is answered with {answer.status}: {answer.text.strip()[:200]}"
            return Result(findings=(deployed.WEBHOOK_NOT_TAKEN.found(words, where=self._path),))
        return Result(f"{what} is answered with {answer.status}")

    async def _post(self, key: bytes) -> Answer:
        timestamp = str(int(time.time()))
        signature = sign(key, id=self._id, timestamp=timestamp, body=self._body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": self._id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature,
        }
        return await self._visitor.ask(
            "POST", self._path, headers=headers, body=self._body.decode()
        )


def _hook(project: Project, environment: Mapping[str, str], path: str) -> Webhook:
    """The webhook that is declared, at this path if one is given."""
    values = {**environment, **{k: v for k, v in project.dotenv.values.items() if v}}
    declared = {
        place: name for service in project.services() for place, name in service.webhooks.items()
    }
    for place, name in declared.items():
        if (not path or place == path) and values.get(name):
            return Webhook(place, values[name])
    if declared and not path:
        names = ", ".join(declared.values())
        raise Failed.of(deployed.NO_WEBHOOK.found(f"{names} has no value in .env", where=".env"))
    raise Failed.of(
        deployed.NO_WEBHOOK.found(f"rtstart.toml declares no webhook at {path}" if path else "")
    )


def _running(project_dir: Path) -> str:
    run = read_run(project_dir)
    address = run.get("public_url") or run.get("local_url")
    if not address:
        raise Failed.of(NOT_RUNNING.found(where=str(project_dir)))
    return str(address)

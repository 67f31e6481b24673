"""The vite app through real tunnel programs: npm's localtunnel and Debian's sshd, in Chromium."""

import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme
from playwright.async_api import Browser, expect

from rtstart.commands.dev import DevRequest
from rtstart.core.events import Announced, Found, Minted, ProofStep, Started, TunnelDown, Visited
from tests.fakes.browser import Ears, chromium, listening, spoken_at
from tests.fakes.dev_sessions import Session, session_of
from tests.fakes.hosted_ssh import hosted_ssh
from tests.fakes.hostile import hostile_tunnel
from tests.fakes.localtunnel import install, localtunnel_server
from tests.fakes.names import BROWSER_RULE, names_of_this_machine, trust_in_browser
from tests.fakes.speech import ONE_TURN
from tests.fakes.sshd import SSHD, Sshd, sshd
from tests.templates.app import App
from tests.templates.serving import artefact, hear_one_answer

pytestmark = [pytest.mark.templates, pytest.mark.timeout(300)]
needs_sshd = pytest.mark.skipif(not Path(SSHD).exists(), reason="needs openssh-server")

# Next compiles each page when it is asked for the first time, and on a busy machine slowly.
_UP_WITHIN_S = 90

# Media never passes an HTTP tunnel, and a visitor elsewhere cannot reach this machine by UDP. This
# browser could, so it may send through relays alone, of which there are none.
_ELSEWHERE = """
globalThis.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(options) { super({ ...options, iceTransportPolicy: "relay" }); }
};
"""


@pytest.fixture(scope="session")
def localtunnel(vite_app: App, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of npm's `lt`, with the server beside it."""
    return install(tmp_path_factory.mktemp("localtunnel") / "npm", vite_app.env)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that this test's programs and browser trust."""
    ca = trustme.CA()
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(path))
    trust_in_browser(Path(os.environ["HOME"]), path)
    return ca


@pytest.fixture
def project(vite_app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the app, to be changed and run."""
    monkeypatch.setenv("PATH", vite_app.env["PATH"])
    copy = tmp_path / "voice"
    packages = "node_modules"
    shutil.copytree(
        vite_app.folder, copy, symlinks=True, ignore=shutil.ignore_patterns(packages, ".next")
    )
    shutil.copytree(
        vite_app.folder / packages, copy / packages, symlinks=True, copy_function=os.link
    )
    return copy


@pytest.fixture
async def browser(tmp_path: Path, authority: trustme.CA) -> AsyncIterator[Browser]:
    """Chromium whose microphone speaks late enough for a call over a tunnel, twice."""
    del authority  # it must be trusted before the browser starts
    microphone = spoken_at(ONE_TURN, tmp_path / "late.wav", 14, 30, ends_s=60)
    with names_of_this_machine():
        async with chromium(microphone, BROWSER_RULE) as running:
            yield running


def _configure(project: Path, table: str, **options: object) -> None:
    lines = "".join(f'{key} = "{value}"\n' for key, value in options.items())
    with (project / "rtstart.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[tunnels.{table}]\n{lines}\n[tunnels.lan]\naddress = "127.0.0.2"\n')


@contextlib.asynccontextmanager
async def _visit(browser: Browser, told: Announced) -> AsyncIterator[Ears]:
    """A phone that opens the invitation."""
    async with listening(browser, width=390, height=844) as ears:
        await ears.page.add_init_script(_ELSEWHERE)
        await ears.page.goto(told.invite_url)
        # An edit before the update socket is open would be shown by a reload, and rightly so.
        async with ears.page.expect_console_message(
            lambda said: "] connected" in said.text, timeout=20_000
        ):
            await ears.page.get_by_role("button", name="Come in").click()
        await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")
        yield ears


async def _carries_everything(ears: Ears, project: Path, run: Session, picture: str) -> None:
    """Page, edits without a reload, a secret, and a call by WebSocket that says why it is one."""
    page = ears.page
    await page.evaluate("globalThis.notReloaded = true")
    style = next((project / "src").rglob("*.css"))
    rules = style.read_text(encoding="utf-8")
    for width in ("7px", "8px", "9px"):
        # A dev server that has only just started may miss the first edit.
        edited = f"{rules}\n#talk {{ outline: {width} solid rgb(1, 2, 3) }}\n"
        style.write_text(edited, encoding="utf-8")
        with contextlib.suppress(AssertionError):
            await expect(page.locator("#talk")).to_have_css("outline-width", width, timeout=8_000)
            break
    else:
        pytest.fail("no edit was shown")

    await page.locator("#talk").click()
    await expect(page.locator("body")).to_have_attribute("data-phase", "live", timeout=25_000)
    await hear_one_answer(ears)
    await page.screenshot(path=artefact(picture))

    assert await page.evaluate("globalThis.notReloaded")
    note = page.locator(".turn.note")
    await expect(note).to_have_attribute("data-code", "RT616")
    await expect(note).to_contain_text("WebRTC did not get through")
    assert {(event.visitor, event.status) for event in run.of(Minted)} == {("Linux Chrome", 200)}
    assert [(event.visitor, event.decision) for event in run.of(Visited)] == [
        ("Linux Chrome", "admitted")
    ]


async def test_localtunnel_carries_the_app(
    project: Path,
    vite_app: App,
    localtunnel: Path,
    authority: trustme.CA,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", f"{localtunnel}{os.pathsep}{os.environ['PATH']}")
    async with localtunnel_server(localtunnel, vite_app.env, authority) as server:
        _configure(project, "localtunnel", host=server.host, subdomain="voicedemo")
        async with session_of(DevRequest(project, tunnel="localtunnel")) as run:
            told = await run.until_public(within_s=_UP_WITHIN_S)
            async with _visit(browser, told) as ears:
                await _carries_everything(ears, project, run, "localtunnel")

    assert told.public_url == server.address("voicedemo")
    assert _failed(run) == []
    assert (told.passed, told.asked) == (9, 9)
    codes = {event.finding.code for event in run.of(Found)}
    assert "RT432" in codes


@needs_sshd
async def test_own_ssh_server_carries_the_app(
    project: Path, tmp_path: Path, authority: trustme.CA, browser: Browser
) -> None:
    async with (
        sshd(tmp_path / "sshd") as server,
        hostile_tunnel(
            server.remote_port, authority=authority, names=("voice.tunnel.test",)
        ) as front,
    ):
        url = front.url.replace("localhost", "voice.tunnel.test")
        _configure(project, "ssh", **_ssh(server, url))
        async with session_of(DevRequest(project, tunnel="ssh")) as run:
            told = await run.until_public(within_s=_UP_WITHIN_S)
            async with _visit(browser, told) as ears:
                await _carries_everything(ears, project, run, "ssh")

    assert told.public_url == url
    assert _failed(run) == []
    assert (told.passed, told.asked) == (9, 9)


@needs_sshd
async def test_call_goes_on_when_the_tunnels_program_is_killed(
    project: Path, tmp_path: Path, authority: trustme.CA, browser: Browser
) -> None:
    async with (
        sshd(tmp_path / "sshd") as server,
        hostile_tunnel(
            server.remote_port, authority=authority, names=("voice.tunnel.test",)
        ) as front,
    ):
        url = front.url.replace("localhost", "voice.tunnel.test")
        _configure(project, "ssh", **_ssh(server, url))
        async with session_of(DevRequest(project, tunnel="ssh")) as run:
            told = await run.until_public(within_s=_UP_WITHIN_S)
            async with _visit(browser, told) as ears:
                page = ears.page
                await page.evaluate("globalThis.notReloaded = true")
                await page.locator("#talk").click()
                body = page.locator("body")
                await expect(body).to_have_attribute("data-phase", "live", timeout=25_000)
                await hear_one_answer(ears)
                seen = len(run.all)
                (pid,) = [one.pid for one in run.of(Started) if one.service == "tunnel"]
                os.killpg(pid, signal.SIGKILL)

                await expect(body).to_have_attribute("data-phase", "reconnecting")
                await page.screenshot(path=artefact("tunnel-killed"))
                again = await run.until_public(after=seen, within_s=_UP_WITHIN_S)
                await expect(body).to_have_attribute("data-phase", "live", timeout=20_000)
                await hear_one_answer(ears, nth=1)
                await page.screenshot(path=artefact("tunnel-back"))
                assert await page.evaluate("globalThis.notReloaded")

    assert again.public_url == told.public_url == url
    (down,) = run.of(TunnelDown)
    assert (down.why, down.next_step) == ("ssh ended", "ssh again in 1 s")


async def test_open_page_offers_to_move_when_the_address_changes(
    project: Path, authority: trustme.CA, browser: Browser
) -> None:
    async with hosted_ssh(authority) as hosted:
        _configure(project, '"localhost.run"', host="127.0.0.1", port=hosted.port)
        async with session_of(DevRequest(project, tunnel="localhost.run")) as run:
            first = await run.until_public(within_s=_UP_WITHIN_S)
            async with _visit(browser, first) as ears:
                seen = len(run.all)
                await hosted.move()
                second = await run.until_public(after=seen)
                notice = ears.page.get_by_role("status").filter(has_text="moved")
                await expect(notice).to_contain_text("This app has moved to a new address.")
                await ears.page.screenshot(path=artefact("moved"))
                await notice.get_by_role("link", name="Go there").click()
                await ears.page.get_by_role("button", name="Come in").click()
                await expect(ears.page.locator("#model")).to_contain_text("gpt-realtime")
                await expect(notice).to_have_count(0)
                assert ears.page.url == f"{second.public_url}/"

    assert second.public_url != first.public_url
    assert [event.decision for event in run.of(Visited)] == ["admitted", "admitted"]


@needs_sshd
async def test_open_page_says_that_the_way_is_lost_and_back(
    project: Path, tmp_path: Path, authority: trustme.CA, browser: Browser
) -> None:
    async with (
        sshd(tmp_path / "sshd") as server,
        hostile_tunnel(
            server.remote_port, authority=authority, names=("voice.tunnel.test",)
        ) as front,
    ):
        url = front.url.replace("localhost", "voice.tunnel.test")
        _configure(project, "ssh", **_ssh(server, url))
        async with session_of(DevRequest(project, tunnel="ssh")) as run:
            told = await run.until_public(within_s=_UP_WITHIN_S)
            async with _visit(browser, told) as ears:
                notice = ears.page.get_by_role("status").filter(has_text="address")
                away = ears.page.get_by_role("status").filter(has_text="interrupted")
                run.session.toggle_tunnel()
                await expect(notice.or_(away)).to_be_visible(timeout=15_000)
                await ears.page.screenshot(path=artefact("switched-off"))
                seen = len(run.all)
                run.session.toggle_tunnel()
                await run.until_public(after=seen)
                await expect(notice.or_(away)).to_have_count(0, timeout=20_000)


def _failed(run: Session) -> list[tuple[str, str]]:
    return [(step.name, step.detail) for step in run.of(ProofStep) if step.state == "failed"]


def _ssh(server: Sshd, url: str) -> dict[str, object]:
    return {
        "server": server.server,
        "port": server.port,
        "remote_port": server.remote_port,
        "identity": server.identity,
        "known_hosts": server.known_hosts,
        "url": url,
    }

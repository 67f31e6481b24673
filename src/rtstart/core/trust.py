"""How to make a device trust the local certificate authority, and how to undo it, as data."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

Computer: TypeAlias = Literal["linux", "macos", "windows", "firefox"]
"""A trust store on a computer; Firefox has its own everywhere."""

Phone: TypeAlias = Literal["android", "ios"]

AUTHORITY_URL_PATH = "/.rtstart/ca.crt"
"""Where the gateway gives the authority's certificate to phones; it holds no secret."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What to do on one platform. `commands` can be pasted one by one, and fit a terminal of 80
    columns as far as the paths in them do; `undo` takes it back.

    `caution` names what may still not work there, or is empty.
    """

    platform: Computer | Phone
    words: str
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    caution: str = ""


def trust_on_computer(platform: Computer, authority_path: str, *, name: str) -> Trust:
    """How a computer comes to trust the authority of this name, whose certificate is that file."""
    quoted = f'"{authority_path}"'
    match platform:
        case "linux":
            store = "-d sql:$HOME/.pki/nssdb"
            return Trust(
                platform,
                "Chromium and Chrome keep their own store. certutil comes with the package "
                "libnss3-tools (Debian) or nss-tools (Fedora).",
                (
                    "mkdir -p $HOME/.pki/nssdb",
                    f'certutil {store} -A -t C,, \\\n  -n "{name}" \\\n  -i {quoted}',
                ),
                (f'certutil {store} -D -n "{name}"',),
            )
        case "macos":
            keychain = "$HOME/Library/Keychains/login.keychain-db"
            return Trust(
                platform,
                "The login keychain asks for your password once.",
                (f"security add-trusted-cert -r trustRoot -k {keychain} {quoted}",),
                (f"security remove-trusted-cert {quoted}",),
            )
        case "windows":
            return Trust(
                platform,
                "Windows shows the certificate and asks once. Chrome and Edge use this store.",
                (f"certutil -user -addstore Root {quoted}",),
                (f'certutil -user -delstore Root "{name}"',),
            )
        case "firefox":
            return Trust(
                platform,
                "Firefox has a store of its own: Settings, Privacy & Security, View Certificates, "
                f"Authorities, Import, choose {authority_path}, trust it to identify websites.",
            )
        case _:
            assert_never(platform)


def trust_on_phone(platform: Phone, origin: str) -> Trust:
    """How a phone on the same network comes to trust the authority of the gateway at `origin`."""
    url = f"{origin}{AUTHORITY_URL_PATH}"
    if platform == "android":
        return Trust(
            platform,
            f"Open {url} and continue past the warning to save the file. Then: Settings, Security, "
            "Encryption & credentials, Install a certificate, CA certificate, choose the file.",
            caution="Chrome uses it; Firefox and other apps may not.",
        )
    return Trust(
        platform,
        f"Open {url} in Safari and continue past the warning. Then: Settings, Profile Downloaded, "
        "Install; and Settings, General, About, Certificate Trust Settings, switch it on.",
        caution=(
            "Some versions of Safari still refuse WebSockets on such certificates, so edits may "
            "not show by themselves and Next pages may not come alive. A tunnel avoids this."
        ),
    )

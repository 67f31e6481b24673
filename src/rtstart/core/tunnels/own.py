"""Reading an address that a person typed as their own."""

from urllib.parse import urlsplit

from rtstart.core.findings import Finding, Fix, tunnel
from rtstart.core.findings import tunnel_refusals as refusals
from rtstart.core.hosts import parse_origin


def parse_own_address(text: str) -> tuple[str, Finding | None]:
    """The https origin in a text, or the finding that says what is wrong with it.

    The origin has no slash at its end. A single slash after the host is forgiven.
    """
    typed = text.strip()
    if "://" not in typed:
        bare = typed.partition("/")[0]
        return "", _bad(typed, "It has no scheme.", f"https://{bare}")
    try:
        parts = urlsplit(typed)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return "", _bad(typed, f"{error}.")
    if parts.scheme == "http":
        return "", refusals.NO_TLS.found(f'"{typed}" is not https')
    if parts.scheme != "https":
        return "", _bad(typed, f'Its scheme is "{parts.scheme}".')
    if parts.username or parts.password:
        return "", _bad(f"https://…@{host}", "It holds a user name; access is rtstart's own.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        instead = f"https://{host}" + (f":{port}" if port else "")
        return "", _bad(typed, "An app needs an origin of its own.", instead)
    origin = parse_origin(typed.rstrip("/"))
    if origin is None:
        return "", _bad(typed, "Its host is not one that a browser would accept.")
    return str(origin), None


def _bad(typed: str, why: str, instead: str = "") -> Finding:
    fix = Fix("Give it so.", f"rtstart dev --tunnel {instead}") if instead else None
    return tunnel.BAD_ADDRESS.found(f'"{typed}" is no address a tunnel can have', why=why, fix=fix)

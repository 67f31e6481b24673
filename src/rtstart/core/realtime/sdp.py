"""What the emulator reads and changes in an SDP offer; negotiation itself is aiortc's."""

from rtstart.core.realtime.wire import Fault

MAX_OFFER_BYTES = 128 * 1024
CODECS = ("opus", "PCMU", "PCMA")
"""What the real service answers with (openai-openapi f85dbe2)."""

_STATIC = {"0": "PCMU", "8": "PCMA"}


def offer_fault(offer: str) -> Fault | None:
    """Why this text is no offer for a call, or None."""
    if not offer.strip():
        return _invalid("the body is empty")
    if len(offer) > MAX_OFFER_BYTES:
        return _invalid(f"it is longer than {MAX_OFFER_BYTES} bytes")
    if not offer.lstrip().startswith("v=0"):
        return _invalid("it does not begin with v=0")
    if not any(line.startswith("m=audio ") for line in offer.splitlines()):
        return _invalid("it has no audio section")
    for attribute in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if attribute not in offer:
            return _invalid(f"it has no {attribute.removeprefix('a=').rstrip(':')}")
    if not offered_codecs(offer):
        return _invalid("it offers none of Opus, PCMU and PCMA")
    return None


def _invalid(why: str) -> Fault:
    return Fault("invalid_offer", f"Invalid SDP offer: {why}.", "sdp")


def without_candidates(offer: str) -> str:
    """The offer without its candidates: the caller's address is learned from its own checks.

    So nothing is ever sent to an address that an offer merely names, and names under `.local`
    need not be resolved. Browsers usually post their offer before they have candidates at all.
    """
    dropped = ("a=candidate:", "a=end-of-candidates")
    kept = [line for line in offer.splitlines() if not line.startswith(dropped)]
    return "\r\n".join(kept) + "\r\n"


def offered_codecs(offer: str) -> tuple[str, ...]:
    """Those of `CODECS` that the first audio section offers, in its order."""
    section: list[str] = []
    for line in offer.splitlines():
        if line.startswith("m="):
            if section:
                break
            section = [line] if line.startswith("m=audio ") else []
        elif section:
            section.append(line)
    if not section:
        return ()
    names = dict(_STATIC)
    for line in section[1:]:
        if line.startswith("a=rtpmap:"):
            number, _, name = line.removeprefix("a=rtpmap:").partition(" ")
            names[number] = name.split("/")[0]
    known = {codec.lower(): codec for codec in CODECS}
    found = [known.get(names.get(number, "").lower()) for number in section[0].split()[3:]]
    return tuple(dict.fromkeys(codec for codec in found if codec is not None))


def astray(answer: str) -> str:
    """The answer with candidates that lead nowhere (port 9 throws everything away)."""
    lines = []
    for line in answer.splitlines():
        words = line.split(" ")
        if line.startswith("a=candidate:"):
            words[5] = "9"
        lines.append(" ".join(words))
    return "\r\n".join(lines) + "\r\n"

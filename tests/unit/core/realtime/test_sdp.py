"""SDP offers: which are taken, and what of them is read."""

import pytest

from rtstart.core.realtime.sdp import (
    MAX_OFFER_BYTES,
    astray,
    offer_fault,
    offered_codecs,
    without_candidates,
)

OFFER = """\
v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13
a=ice-ufrag:abcd
a=ice-pwd:0123456789012345678901
a=fingerprint:sha-256 00:11
a=candidate:1 1 udp 1 203.0.113.7 4000 typ host
a=candidate:2 1 udp 1 0a1b.local 4000 typ host
a=end-of-candidates
a=rtpmap:111 opus/48000/2
a=rtpmap:63 red/48000/2
a=rtpmap:9 G722/8000
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
a=rtpmap:0 opus/48000/2
""".replace("\n", "\r\n")


def test_a_whole_offer_is_taken() -> None:
    assert offer_fault(OFFER) is None


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ("", "the body is empty"),
        (" \n", "the body is empty"),
        ("v=0" + "x" * MAX_OFFER_BYTES, f"it is longer than {MAX_OFFER_BYTES} bytes"),
        ('{"sdp": "v=0"}', "it does not begin with v=0"),
        (OFFER.replace("m=audio", "m=video"), "it has no audio section"),
        (OFFER.replace("a=ice-ufrag", "a=x"), "it has no ice-ufrag"),
        (OFFER.replace("a=fingerprint", "a=x"), "it has no fingerprint"),
        (OFFER.replace(" 111 63 9 0 8 13", " 63 9"), "it offers none of Opus, PCMU and PCMA"),
    ],
)
def test_an_offer_is_refused_when_there_can_be_no_call(offer: str, why: str) -> None:
    fault = offer_fault(offer)

    assert fault is not None
    assert (fault.code, fault.message) == ("invalid_offer", f"Invalid SDP offer: {why}.")


def test_candidates_are_taken_out_and_nothing_else() -> None:
    left = without_candidates(OFFER)

    assert left == "\r\n".join(line for line in OFFER.split("\r\n") if "candidate" not in line)


def test_codecs_are_read_in_the_order_of_the_offer() -> None:
    assert offered_codecs(OFFER) == ("opus", "PCMU", "PCMA")
    assert offered_codecs(OFFER.replace("111 63 9 0 8", "8 111")) == ("PCMA", "opus")
    assert offered_codecs("v=0\r\nm=video 9 x 0\r\na=rtpmap:0 PCMU/8000") == ()


def test_an_answer_goes_astray_when_its_ports_lead_nowhere() -> None:
    assert astray("v=0\r\na=candidate:1 1 udp 1 127.0.0.1 4000 typ host\r\n") == (
        "v=0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n"
    )

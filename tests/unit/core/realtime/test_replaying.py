"""What a replayed client sends, and what it waits for before."""

from rtstart.core.realtime.recording import Happening, Recording
from rtstart.core.realtime.replaying import Cue, cues, ending

CREATE = {"type": "response.create"}
CALL = Recording(
    "track",
    "m",
    (
        Happening(0, "server", {"type": "session.created"}),
        Happening(0.5, "client", CREATE),
        Happening(0.6, "server", {"type": "response.output_text.delta"}),
        Happening(0.7, "loudspeaker", audio=b"\0\0"),
        Happening(0.8, "server", {"type": "response.done"}),
        Happening(0.9, "microphone", audio=b"\1\2"),
        Happening(1.0, "server", {"type": "response.done"}),
    ),
)


def test_a_client_waits_for_what_it_had_seen() -> None:
    assert list(cues(CALL)) == [
        Cue(0.5, CREATE, {"session.created": 1}),
        Cue(
            0.9,
            {"type": "input_audio_buffer.append", "audio": "AQI="},
            {"session.created": 1, "response.done": 1},
        ),
    ]


def test_a_call_has_ended_when_everything_came() -> None:
    assert ending(CALL) == {"session.created": 1, "response.done": 2}

"""Turn detection: thresholds, padding, silence, melody."""

from hypothesis import given
from hypothesis import strategies as st

from rtstart.core.realtime.settings import Eagerness, SemanticVad, ServerVad
from rtstart.core.realtime.turns import (
    FRAME_MS,
    LONGEST_WAIT_MS,
    SHORTEST_WAIT_MS,
    Frame,
    TurnBegan,
    TurnDetector,
    TurnEnded,
    TurnNews,
    doneness,
)

QUIET = Frame(0.0)
LOUD = Frame(0.9)


def _news(detector: TurnDetector, *runs: tuple[Frame, int]) -> list[TurnNews]:
    return [news for frame, count in runs for news in detector.hear([frame] * count)]


def test_a_turn_begins_with_its_padding_and_ends_after_the_silence() -> None:
    detector = TurnDetector(ServerVad(prefix_padding_ms=100, silence_duration_ms=320))

    news = _news(detector, (QUIET, 20), (LOUD, 30), (QUIET, 20))

    assert news == [TurnBegan(20 * FRAME_MS - 100), TurnEnded(60 * FRAME_MS)]


def test_one_loud_frame_is_no_turn() -> None:
    detector = TurnDetector(ServerVad())

    assert _news(detector, (QUIET, 20), (LOUD, 1), (QUIET, 20)) == []


def test_padding_does_not_reach_before_the_session_nor_into_the_last_turn() -> None:
    detector = TurnDetector(ServerVad(prefix_padding_ms=1000, silence_duration_ms=64))

    news = _news(detector, (LOUD, 10), (QUIET, 4), (LOUD, 10))

    assert news == [TurnBegan(0), TurnEnded(12 * FRAME_MS), TurnBegan(12 * FRAME_MS)]


def test_a_short_pause_does_not_end_a_turn() -> None:
    detector = TurnDetector(ServerVad(silence_duration_ms=500))

    news = _news(detector, (LOUD, 10), (QUIET, 15), (LOUD, 10))

    assert news == [TurnBegan(0)]
    assert detector.is_speaking


def test_speech_that_fades_does_not_end_a_turn_at_the_threshold() -> None:
    detector = TurnDetector(ServerVad(threshold=0.5, silence_duration_ms=64))

    news = _news(detector, (LOUD, 10), (Frame(0.4), 20))

    assert news == [TurnBegan(0)]


def test_a_higher_threshold_needs_surer_speech() -> None:
    detector = TurnDetector(ServerVad(threshold=0.95))

    assert _news(detector, (LOUD, 50)) == []


def test_times_go_on_from_where_a_new_detector_starts() -> None:
    detector = TurnDetector(ServerVad(prefix_padding_ms=0), start_ms=5000)

    assert _news(detector, (LOUD, 2)) == [TurnBegan(5000)]


def _semantic_wait_ms(eagerness: Eagerness, pitches: list[float]) -> int:
    detector = TurnDetector(SemanticVad(eagerness))
    _news(detector, *((Frame(0.9, pitch_hz=pitch), 1) for pitch in pitches))
    before = detector.time_ms
    (ended,) = _news(detector, (QUIET, 300))
    assert isinstance(ended, TurnEnded)
    return ended.audio_end_ms - before


def test_a_voice_that_falls_ends_its_turn_soon() -> None:
    falling = [150.0] * 20 + [140.0, 130.0, 120.0, 110.0, 100.0]

    assert _semantic_wait_ms("auto", falling) == SHORTEST_WAIT_MS


def test_a_voice_that_stays_level_is_waited_for_by_eagerness() -> None:
    level = [150.0] * 25

    names: tuple[Eagerness, ...] = ("low", "medium", "auto", "high")
    waits = {name: _semantic_wait_ms(name, level) for name in names}

    assert waits["low"] > waits["medium"] == waits["auto"] > waits["high"]
    assert all(wait <= LONGEST_WAIT_MS["low"] for wait in waits.values())


def test_melodies_are_judged() -> None:
    level = [100.0] * 20
    assert [
        doneness([]),
        doneness([*level, *[115.0] * 5]),
        doneness([*level, *[130.0] * 5]),
        doneness([*level, *[93.0] * 5]),
        doneness([*level, *[100.0] * 5]),
    ] == [0.6, 0.8, 1.0, 0.8, 0.4]


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 40)), max_size=30),
    st.builds(
        ServerVad,
        threshold=st.floats(0, 1),
        prefix_padding_ms=st.integers(0, 2000),
        silence_duration_ms=st.integers(0, 2000),
    ),
)
def test_turns_alternate_and_never_overlap(runs: list[tuple[float, int]], rule: ServerVad) -> None:
    detector = TurnDetector(rule)

    news = _news(detector, *((Frame(speech), count) for speech, count in runs))

    times = [one.audio_start_ms if isinstance(one, TurnBegan) else one.audio_end_ms for one in news]
    assert times == sorted(times)
    assert [isinstance(one, TurnBegan) for one in news] == [
        index % 2 == 0 for index in range(len(news))
    ]

"""The process behind `listening`: turns of sound on standard input, a line of JSON for each.

Nothing else of rtstart is imported here: it starts faster, and ends when its input does.
"""

import json
import signal
import sys


def main() -> None:
    """Write down turn after turn until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    turns, words = sys.stdin.buffer, sys.stdout.buffer
    while len(head := turns.read(4)) == 4:
        sound = turns.read(int.from_bytes(head, "little"))
        decoder.start_utt()
        decoder.process_raw(sound, no_search=False, full_utt=True)
        decoder.end_utt()
        found = decoder.hyp()
        words.write(json.dumps("" if found is None else found.hypstr).encode() + b"\n")
        words.flush()


if __name__ == "__main__":
    main()

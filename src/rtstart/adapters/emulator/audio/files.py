"""Sound files of any kind that FFmpeg reads."""

from pathlib import Path

import av
import numpy as np

from rtstart.adapters.emulator.audio.samples import Mixdown, Samples


def read_sound(path: Path) -> Samples:
    """A whole file at the emulator's rate, one channel.

    Raises FileNotFoundError or av.FFmpegError when it cannot be read.
    """
    mix = Mixdown()
    with av.open(str(path)) as container:
        found = [mix(frame) for frame in container.decode(audio=0)]
    return np.concatenate([np.zeros(0, np.int16), *found, mix.flush()])

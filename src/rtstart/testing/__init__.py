"""For the tests of your own app: a Realtime API on this machine, started and stopped by a `with`.

    from rtstart.testing import emulator

    with emulator(scenario="hello.yaml", faults=["slow-answer:turn=2"]) as api:
        client = OpenAI(base_url=api.base_url, api_key=api.key)

`replay_client` does again what the client of a recorded call did, against any server.
The pytest fixture `rtstart_emulator` does the same and sets the environment (see `plugin`).
"""

from rtstart.core.realtime.seen import SeenCall
from rtstart.testing.running import RunningEmulator, emulator, replay_client

__all__ = ["RunningEmulator", "SeenCall", "emulator", "replay_client"]

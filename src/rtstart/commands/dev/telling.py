"""What a run says of its addresses, and the invitation to the public one."""

import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rtstart.adapters.run_file import RunFile
from rtstart.commands.dev.layout import Layout
from rtstart.commands.dev.request import DevRequest
from rtstart.commands.prove import Proof
from rtstart.core.events import Announced, Emit

if TYPE_CHECKING:
    from rtstart.adapters.gateway import Gateway


class Telling:
    """The addresses of one run as they were announced last, and its invitation."""

    def __init__(
        self,
        layout: Layout,
        gateway: "Gateway",
        request: DevRequest,
        run_file: RunFile,
        *,
        local_url: str,
        began: float,
        emit: Emit,
    ) -> None:
        self.announced: Announced | None = None
        self.local_url = local_url
        self._layout = layout
        self._gateway = gateway
        self._is_open = request.is_public
        self._run_file = run_file
        self._began = began
        self._ready_s = 0.0
        self._emit = emit

    def announce(self, public_url: str, tunnel: str, reason: str, proof: Proof) -> None:
        """Say the addresses, with a fresh invitation to the public one."""
        if self.announced is None:
            self._ready_s = time.monotonic() - self._began
        self._say(
            Announced(
                project=self._layout.project.name,
                template=self._layout.project.config.template,
                mode=self._layout.mode,
                local_url=self.local_url,
                public_url=public_url,
                invite_url=self._invitation(public_url),
                tunnel=tunnel,
                tunnel_reason=reason,
                passed=proof.passed,
                asked=proof.asked,
                seconds=self._ready_s,
            )
        )
        self._run_file.write(local_url=self.local_url, public_url=public_url)

    def new_invitation(self) -> None:
        """Say the addresses again, with a fresh invitation in place of the last one."""
        told = self.announced
        if told is not None and told.invite_url:
            self._say(dataclasses.replace(told, invite_url=self._invitation(told.public_url)))

    def _invitation(self, public_url: str) -> str:
        if not public_url or self._is_open:
            return ""
        return self._gateway.rotate_invitation().url_at(public_url)

    def _say(self, announced: Announced) -> None:
        self.announced = announced
        self._emit(announced)

    def variables(self) -> Mapping[str, str]:
        """The addresses as a command finds them in its environment, as far as there are any."""
        told = self.announced
        if told is None:
            return {}
        found = {
            "RTSTART_LOCAL_URL": told.local_url,
            "RTSTART_PUBLIC_URL": told.public_url,
            "RTSTART_INVITE_URL": told.invite_url,
        }
        return {name: value for name, value in found.items() if value}

"""An upgrade taken apart, a line a layer."""

from collections.abc import Iterator

from rtstart.cli.render.failure import finding_lines
from rtstart.cli.render.style import Stream, Style
from rtstart.core.events import AnswerSeen, Event, Found, ProofStep

_LAYER = 9
_TIME = 9


class ProbeLines:
    """Shows the events of a probe as they come. Headers are shown when asked for, or when the
    upgrade itself has failed.
    """

    def __init__(self, out: Stream, *, style: Style, shows_headers: bool = False) -> None:
        self._out = out
        self._style = style
        self._shows_headers = shows_headers
        self._out.write("\n")

    def __call__(self, event: Event) -> None:
        """Show one event."""
        for line in self._lines(event):
            self._out.write(f"{line}\n")
        self._out.flush()

    def _lines(self, event: Event) -> Iterator[str]:
        match event:
            case ProofStep(name=layer, state=state, milliseconds=spent, detail=detail):
                self._shows_headers |= layer == "upgrade" and state == "failed"
                yield self._step(layer, state, spent, detail)
            case AnswerSeen(headers=headers) if self._shows_headers:
                yield ""
                yield from (self._style.ink(f"    {header}", "dim") for header in headers)
            case Found(finding=finding):
                yield ""
                yield from finding_lines(finding, style=self._style)
                yield ""
            case _:
                pass

    def _step(self, layer: str, state: str, spent_ms: float, detail: str) -> str:
        style, glyphs = self._style, self._style.glyphs
        if state == "skipped":
            words = f"  {glyphs.dash} {layer.ljust(_LAYER)}{' ' * _TIME}  {detail}"
            return style.ink(words.rstrip(), "dim")
        is_passed = state == "passed"
        sign = style.ink(
            glyphs.done if is_passed else glyphs.failed, "good" if is_passed else "bad"
        )
        spent = f"{spent_ms:.0f} ms".rjust(_TIME)
        words = detail if is_passed else style.ink(detail, "bad")
        return f"  {sign} {layer.ljust(_LAYER)}{style.ink(spent, 'dim')}  {words}".rstrip()

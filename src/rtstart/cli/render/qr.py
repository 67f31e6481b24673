"""An address as a QR code for the terminal, in half blocks with its quiet zone."""

from collections.abc import Iterator

_QUIET = 2
"""Modules of light ground around the code. The standard says 4; phones read 2, and it fits in
less of a small terminal."""


def qr_lines(address: str, *, color: bool) -> Iterator[str]:
    """The lines of the code. With colour the ground is white whatever the terminal's theme; without
    it a dark terminal is assumed, where drawn blocks are light.
    """
    import segno

    matrix = [
        [bool(module) for module in row]
        for row in segno.make(address, error="l", micro=False).matrix_iter(border=_QUIET)
    ]
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    for upper, lower in zip(matrix[::2], matrix[1::2], strict=True):
        pairs = zip(upper, lower, strict=True)
        drawn = "".join(_half_blocks(color)[pair] for pair in pairs)
        yield f"  \x1b[30;107m{drawn}\x1b[0m" if color else f"  {drawn}"


def _half_blocks(color: bool) -> dict[tuple[bool, bool], str]:
    """Which sign draws a dark or light module above another: dark ink on white, or the reverse."""
    if color:
        return {
            (True, True): "█",
            (True, False): "▀",
            (False, True): "▄",
            (False, False): " ",
        }
    return {(True, True): " ", (True, False): "▄", (False, True): "▀", (False, False): "█"}

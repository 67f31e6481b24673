"""What a visitor of a public address could do, in words, before it is opened (row S10)."""

from rtstart.core.mint_guard import MintLimits
from rtstart.core.routes import Framework


def what_visitors_can_do(
    *, framework: Framework, mints: bool, is_open: bool, is_emulated: bool, limits: MintLimits
) -> tuple[str, ...]:
    """One sentence for each thing, the costly ones first."""
    who = "Anybody who finds the address" if is_open else "Whoever you send an invitation to"
    told: list[str] = []
    if mints and not is_emulated:
        told.append(
            f"{who} can talk with the model at your cost: up to {limits.open_per_visitor} calls at "
            f"once each, about ${limits.run_dollars:.0f} or {limits.run_minutes:.0f} minutes in "
            "this run."
        )
        told.append("An ephemeral secret in a visitor's browser is theirs until it expires.")
    if framework != "none":
        told.append(f"{who} can read the app's source: this is a development server.")
    told.append(f"{who} can use everything the app itself offers, as if on your machine.")
    told.append("The tunnel's provider can read what passes, as it ends the encryption.")
    return tuple(told)

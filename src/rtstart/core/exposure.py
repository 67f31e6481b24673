"""What a visitor of a public address could do, in words, before it is opened (row S10)."""

from rtstart.core.mint_guard import MintLimits
from rtstart.core.routes import Framework


def what_visitors_can_do(
    *,
    framework: Framework,
    mints: bool,
    is_open: bool,
    is_emulated: bool,
    limits: MintLimits,
    read_by: str = "nobody",
) -> tuple[str, ...]:
    """One sentence for each thing, the costly ones first.

    `read_by` names who ends the encryption on the way, or is `nobody`.
    """
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
    if read_by != "nobody":
        told.append(f"What passes can be read by {read_by}, where the encryption ends.")
    return tuple(told)

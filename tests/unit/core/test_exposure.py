from rtstart.core.exposure import what_visitors_can_do
from rtstart.core.mint_guard import MintLimits


def test_costs_are_named_first_and_by_number() -> None:
    told = what_visitors_can_do(
        framework="vite",
        mints=True,
        is_open=False,
        is_emulated=False,
        limits=MintLimits(),
        read_by="Cloudflare",
    )

    who = "Whoever you send an invitation to can"
    cost = "at your cost: up to 6 calls at once each, about $10 or 240 minutes in this run."
    assert told == (
        f"{who} talk with the model {cost}",
        "An ephemeral secret in a visitor's browser is theirs until it expires.",
        f"{who} read the app's source: this is a development server.",
        f"{who} use everything the app itself offers, as if on your machine.",
        "What passes can be read by Cloudflare, where the encryption ends.",
    )


def test_open_address_says_who_and_emulation_costs_nothing() -> None:
    told = what_visitors_can_do(
        framework="none", mints=True, is_open=True, is_emulated=True, limits=MintLimits()
    )

    who = "Anybody who finds the address can"
    assert told == (f"{who} use everything the app itself offers, as if on your machine.",)

from rtstart.core.trust import trust_on_computer, trust_on_phone


def test_every_computer_can_trust_and_forget() -> None:
    told = {
        platform: trust_on_computer(platform, "/home/me/my config/ca.crt", name="rtstart local CA")
        for platform in ("linux", "macos", "windows")
    }

    assert {platform: one.commands[-1] for platform, one in told.items()} == {
        "linux": (
            "certutil -d sql:$HOME/.pki/nssdb -A -t C,, \\\n"
            '  -n "rtstart local CA" \\\n'
            '  -i "/home/me/my config/ca.crt"'
        ),
        "macos": (
            "security add-trusted-cert -r trustRoot -k "
            '$HOME/Library/Keychains/login.keychain-db "/home/me/my config/ca.crt"'
        ),
        "windows": 'certutil -user -addstore Root "/home/me/my config/ca.crt"',
    }
    assert all(one.undo for one in told.values())


def test_firefox_is_told_in_words() -> None:
    told = trust_on_computer("firefox", "/ca.crt", name="x")

    assert (told.commands, "/ca.crt" in told.words) == ((), True)


def test_phones_fetch_the_authority_from_the_gateway() -> None:
    told = [trust_on_phone(phone, "https://192.168.1.20:4443") for phone in ("android", "ios")]

    assert all("https://192.168.1.20:4443/.rtstart/ca.crt" in one.words for one in told)
    assert all(one.caution for one in told)

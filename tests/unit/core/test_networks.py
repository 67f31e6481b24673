"""Local networks are told apart from the internet."""

import pytest

from rtstart.core.networks import is_local_network


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.168.1.20", True),
        ("10.1.2.3", True),
        ("100.100.1.1", True),
        ("192.0.2.2", True),
        ("fd00::2", True),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("myhost", False),
    ],
)
def test_is_local_network(address: str, expected: bool) -> None:
    assert is_local_network(address) is expected

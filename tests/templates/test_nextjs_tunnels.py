"""The nextjs app through the same tunnels as the vite app."""

import pytest

from tests.templates.app import App
from tests.templates.test_vite_tunnels import (  # noqa: F401 - collected here for this app too
    authority,
    browser,
    localtunnel,
    project,
    test_call_goes_on_when_the_tunnels_program_is_killed,
    test_localtunnel_carries_the_app,
    test_own_ssh_server_carries_the_app,
)

pytestmark = [pytest.mark.templates, pytest.mark.timeout(300)]


@pytest.fixture(scope="session")
def vite_app(nextjs_app: App) -> App:
    """What is carried here."""
    return nextjs_app

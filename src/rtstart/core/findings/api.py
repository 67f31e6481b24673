"""RT5xx: the key, the ephemeral secret and the Realtime API."""

from rtstart.core.findings.types import Entry, Fix

KEY_SHAPE = Entry(
    code="RT501",
    level="error",
    title="OPENAI_API_KEY does not look like a key",
    why="An OpenAI key starts with sk- and has no blanks, quotes or line ends in it.",
    fix=Fix("Copy the key again from platform.openai.com/api-keys into .env, or leave it empty."),
    recognised="the value is a placeholder, has blanks or quotes, or does not start with sk-",
)

MINT_REFUSED = Entry(
    code="RT520",
    level="error",
    title="The token backend could not get an ephemeral secret",
    why="The API refused the request, or the backend failed on the way.",
    fix=Fix("Read the token service's last lines above; its own words are the cause."),
    recognised="a mint through the printed address is answered with anything but an ek_ secret",
)

KEY_REFUSED = Entry(
    code="RT521",
    level="error",
    title="The API does not accept this key",
    why="It was revoked, belongs to another organization, or was copied wrong.",
    fix=Fix("Copy the key again from platform.openai.com/api-keys into .env, then run again."),
    recognised="a mint is answered with 401",
    source="facts: realtime-api 1.1, 2026-11",
)

NO_CREDIT = Entry(
    code="RT522",
    level="error",
    title="The account behind the key has no credit",
    why="The API answers 429 with insufficient_quota when nothing is left to spend.",
    fix=Fix(
        "Add credit at platform.openai.com/settings/organization/billing, or use the emulator.",
        command="rtstart dev --emulate",
    ),
    recognised="a mint is answered with 429 and code insufficient_quota",
    source="facts: realtime-api 1.1, 2026-11",
)

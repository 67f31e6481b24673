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

"""RT7xx: keys, visitors and what the world may reach."""

from rtstart.core.findings.types import Entry, Fix

KEY_IN_PUBLIC_NAME = Entry(
    code="RT701",
    level="error",
    title="A secret key stands in a variable that the browser will see",
    why="Vite and Next copy VITE_* and NEXT_PUBLIC_* variables into the page.",
    fix=Fix("Rename the variable to OPENAI_API_KEY; only the token backend needs it."),
    recognised="a VITE_ or NEXT_PUBLIC_ name whose value has the form of a key",
)

DOTENV_READABLE = Entry(
    code="RT702",
    level="warning",
    title="Other users of this machine can read .env",
    why="Its mode lets group or others read it.",
    fix=Fix("Make it private.", command="chmod 600 .env", safe=True),
    recognised="mode bits 077 of .env are not all zero",
)

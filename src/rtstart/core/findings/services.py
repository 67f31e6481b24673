"""RT3xx: the processes that `dev` runs."""

from rtstart.core.findings.types import Entry, Fix

NEVER_READY = Entry(
    code="RT301",
    level="error",
    title="A service did not answer in time",
    why="It runs, but gave no HTTP answer below 500 within its deadline.",
    fix=Fix('Read its last lines above, or allow more time: ready = { within = "60s" }.'),
    recognised="the readiness probe's deadline passes",
)

CRASHED = Entry(
    code="RT302",
    level="error",
    title="A service ended and was not to be restarted again",
    why="It ended by itself more often than `restarts` allows.",
    fix=Fix("Read its last lines above; run its Procfile command alone to see more."),
    recognised="a process ends after its last allowed restart",
)

CANNOT_START = Entry(
    code="RT303",
    level="error",
    title="A service could not be started",
    why="The system refused to run its command.",
    fix=Fix("Run its Procfile command alone in the project folder."),
    recognised="spawning fails, or the shell answers 126 or 127",
)

PACKAGES_MISSING = Entry(
    code="RT304",
    level="error",
    title="The app's packages are not installed",
    why="There is a package.json but no node_modules folder.",
    fix=Fix("Install them in the project folder.", command="npm install"),
    recognised="package.json without node_modules",
)

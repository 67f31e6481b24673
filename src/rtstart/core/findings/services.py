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
    recognised="package.json without node_modules, or uv.lock without .venv",
)

WAITS_FOR_CHANGE = Entry(
    code="RT305",
    level="warning",
    title="A service ended after a change and waits for the next",
    why="A changed file started it anew, and it ended before it was ready.",
    fix=Fix("Correct the file; the service starts again when it is saved."),
    recognised="a process ends before it is ready, in a life begun by a change of watched files",
)

CANNOT_END = Entry(
    code="RT306",
    level="warning",
    title="A process is still there after it was killed",
    why="The system cannot end it now; it is most likely waiting for a disk or a device.",
    fix=Fix("Look at it with `ps`; it ends when what it waits for answers."),
    recognised="a process has not ended a second after SIGKILL",
)

NO_LOG = Entry(
    code="RT307",
    level="warning",
    title="Log files cannot be written",
    why="The disk is full, or the folder may not be written.",
    fix=Fix("Make room, or change who may write there; services run on without log files."),
    recognised="opening or writing a file in .rtstart/logs fails",
)

NOT_WATCHED = Entry(
    code="RT308",
    level="warning",
    title="Changes of a service's files are not seen",
    why="A path under `watch` does not exist, or the system cannot watch more files.",
    fix=Fix("Correct `watch` in rtstart.toml, or press r to restart the service by hand."),
    recognised="a path under `watch` is missing, or the file watcher fails",
)

NOT_RUNNING = Entry(
    code="RT309",
    level="error",
    title="The app in this folder is not running",
    why="No `rtstart dev` has told its address here.",
    fix=Fix("Start it in another terminal, or give the address.", command="rtstart dev"),
    recognised="no address in .rtstart/run.json",
)

"""RT1xx: the project's own files."""

from rtstart.core.findings.types import Entry, Fix

NOT_A_PROJECT = Entry(
    code="RT101",
    level="error",
    title="This folder is not an rtstart project",
    why="There is no rtstart.toml and no Procfile here, so nothing says what to run.",
    fix=Fix("Make an app, then run it there.", command="rtstart new myapp"),
    recognised="neither rtstart.toml nor Procfile in the project folder",
)

BAD_CONFIG = Entry(
    code="RT102",
    level="error",
    title="rtstart.toml cannot be used as it is",
    why="A key is misspelt, has the wrong type, or is missing.",
    fix=Fix("Correct the line named above; docs/configuration.md shows every key."),
    recognised="parsing rtstart.toml against its schema, all faults at once",
)

BAD_PROCFILE = Entry(
    code="RT103",
    level="error",
    title="A line of the Procfile cannot be read",
    why="A line is `name: command`; honcho and foreman skip other lines without a word.",
    fix=Fix("Write the line as `name: command`, or start it with # to make it a comment."),
    recognised="lines of the Procfile that honcho's parser drops",
    source="honcho 2.0.0 environ.parse_procfile, 2026-11",
)

BAD_DOTENV = Entry(
    code="RT104",
    level="error",
    title="A line of .env cannot be read",
    why="A line is `NAME=value`; a value with blanks or # needs quotes.",
    fix=Fix("Correct the line named above. Values are never shown here."),
    recognised="lines of .env that are no assignment, comment or blank",
)

SECOND_RUN = Entry(
    code="RT105",
    level="error",
    title="This project is already running",
    why="Two runs would fight for ports, log files and the tunnel.",
    fix=Fix("Use the running one, or stop it first."),
    recognised=".rtstart/run.json names a process that is alive",
)

SERVICE_WITHOUT_COMMAND = Entry(
    code="RT106",
    level="error",
    title="A service of rtstart.toml has no line in the Procfile",
    why="The Procfile says what runs; rtstart.toml only says what rtstart must know beyond that.",
    fix=Fix("Add a line with that name to the Procfile, or remove the table from rtstart.toml."),
    recognised="names under [services] compared with the Procfile's",
)

TARGET_NOT_EMPTY = Entry(
    code="RT110",
    level="error",
    title="The folder for the new app is not empty",
    why="rtstart never writes over what is already there.",
    fix=Fix("Choose another name, or empty the folder first.", command="rtstart new myapp2"),
    recognised="the target exists and holds anything but a lone .git folder",
)

BAD_ANSWER = Entry(
    code="RT111",
    level="error",
    title="An answer for the new app cannot be used",
    why="Its name is unknown or its value is not allowed.",
    fix=Fix("See what can be answered.", command="rtstart new --list-options"),
    recognised="answers compared with the questions of copier.yml, all faults at once",
)

TARGET_NOT_WRITABLE = Entry(
    code="RT113",
    level="error",
    title="The folder for the new app cannot be written",
    why="The disk refuses it: read-only, full, or not yours.",
    fix=Fix("Choose a place where you may write.", command="rtstart new ~/myapp"),
    recognised="making the folder or a file in it fails; nothing of it is left",
)

NOBODY_TO_ASK = Entry(
    code="RT114",
    level="error",
    title="An answer is missing and there is no terminal to ask on",
    why="Standard input or standard error is not a terminal, so nobody would see the question.",
    fix=Fix("Take the defaults with --yes, or give the answer with --set name=value."),
    recognised="a question is left after --set, --template and --config, without --yes",
)

BAD_ANSWERS_FILE = Entry(
    code="RT115",
    level="error",
    title="The file of answers cannot be read",
    why="It holds one answer a line: `name = value` in TOML, `name: value` in YAML, or JSON.",
    fix=Fix("Correct the place named above.", command="rtstart new --list-options"),
    recognised="parsing the file given with --config by the end of its name",
)

BAD_SCENARIO = Entry(
    code="RT116",
    level="error",
    title="The scenario for the emulator cannot be read",
    why="It is YAML with schema: 1, a list of replies and, if wanted, hears and faults.",
    fix=Fix("Correct the place named above; docs/emulator.md shows every key."),
    recognised="parsing the file given with --scenario",
)

BAD_RECORDING = Entry(
    code="RT117",
    level="error",
    title="The recording of a call cannot be read",
    why="It is what `rtstart emulate --record` writes: JSON lines, compressed.",
    fix=Fix("Record the call again.", command="rtstart emulate --record calls"),
    recognised="parsing the file given with --replay",
)

BAD_WEBHOOK_SECRET = Entry(
    code="RT118",
    level="error",
    title="A webhook's secret is none",
    why="It begins with whsec_ and goes on in base64, as the dashboard shows it once.",
    fix=Fix("Copy it again from the webhook's page; make a new one if it is gone."),
    recognised="the variable that rtstart.toml names for a webhook, read from .env",
)

"""What the model may do in this app. A tool is a typed function; its docstring is for the model.

The server runs them, whichever way a call goes. What only a page can do has its function in
`web/tools.js`, under the same name; here it is described (`in_page`).
"""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from app.toolbox import Toolbox, tool


async def local_time(
    time_zone: Annotated[str, Field(description='IANA name, for example "Europe/Lisbon"')],
) -> dict[str, str]:
    """The current local date and time in a time zone. Use it whenever the time somewhere matters;
    you cannot know it otherwise.
    """
    now = datetime.now(ZoneInfo(time_zone))
    return {"local_time": now.strftime("%A, %d %B %Y, %H:%M")}


async def open_page(
    url: Annotated[str, Field(description="The address; it begins with https://")],
) -> None:
    """Opens a web page in a new tab for the user. The user is asked first."""


TOOLS = Toolbox(
    [
        tool(local_time, timeout_s=2),
        tool(open_page, asks=True, in_page=True),
    ]
)

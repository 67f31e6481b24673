"""Looking for keys, while a run begins, where browsers or git would find them."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from rtstart.adapters.leak_scan import scan_build, scan_git
from rtstart.core.events import Emit, Found


@asynccontextmanager
async def looking_for_keys(
    project_dir: Path, secrets: Iterable[str], *, emit: Emit
) -> AsyncIterator[None]:
    """Tell, beside the run, of every key in built files, in what is served as it is, and in git.

    `secrets` are known ones, for those whose form says nothing.
    """
    looking = asyncio.create_task(_tell(project_dir, secrets, emit=emit))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _tell(project_dir: Path, secrets: Iterable[str], *, emit: Emit) -> None:
    built, kept = await asyncio.gather(
        scan_build(project_dir, literals=secrets), scan_git(project_dir, env=dict(os.environ))
    )
    for finding in (*built, *kept):
        emit(Found(finding))

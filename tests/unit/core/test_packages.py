"""Which package manager installs, and how many packages it says it installed."""

import pytest

from rtstart.core.packages import choose_manager, count_packages


@pytest.mark.parametrize(
    ("user_agent", "lock_files", "available", "name"),
    [
        ("", [], ["npm", "pnpm"], "npm"),
        ("pnpm/9.1.0 npm/? node/v24.1.0 linux x64", [], ["npm", "pnpm"], "pnpm"),
        ("pnpm/9.1.0", [], ["npm"], "npm"),
        ("", ["yarn.lock", "package-lock.json"], ["npm", "yarn"], "yarn"),
        ("", ["bun.lock"], ["bun"], "bun"),
        ("", ["yarn.lock"], ["pnpm"], "pnpm"),
        ("bun/1.2", ["package-lock.json"], ["npm", "bun"], "bun"),
        ("", ["unknown.lock"], ["yarn"], "yarn"),
    ],
)
def test_choose_manager_by_caller_then_lock_file_then_what_is_there(
    user_agent: str, lock_files: list[str], available: list[str], name: str
) -> None:
    manager = choose_manager(user_agent=user_agent, lock_files=lock_files, available=available)

    assert manager is not None
    assert (manager.name, manager.words) == (name, f"{name} install")


def test_choose_manager_is_none_when_there_is_none() -> None:
    assert choose_manager(user_agent="", lock_files=["bun.lock"], available=[]) is None


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["", "added 41 packages in 2s"], 41),
        (["added 1 package, and audited 2 packages in 1s"], 1),
        (["Packages: +120", "+++++"], 120),
        (["bun install v1.2", "57 packages installed [1.2s]"], 57),
        (["\u27a4 YN0013: \u2502 90 packages were added to the project (+ 98 MiB)."], 90),
        (["\u27a4 YN0013: \u2502 A package was added to the project (+ 1 MiB)."], None),
        (["up to date"], None),
        ([], None),
    ],
)
def test_count_packages_in_what_installers_say(lines: list[str], count: int | None) -> None:
    assert count_packages(lines) == count

"""What the machine says when a service is given up."""

from rtstart.core.findings import Finding, services
from rtstart.core.services import HttpReady, LineReady, Service

NOT_EXECUTABLE = 126
NOT_FOUND = 127


def never_ready(service: Service) -> Finding:
    """The finding for a service that runs and did not become ready in time."""
    within = f"{service.ready_within_s:g} s"
    match service.ready:
        case HttpReady(path):
            what = f'"{service.name}" did not answer on port {service.port} within {within}'
            why = f"GET {path} gave no answer below 500."
        case LineReady(pattern):
            what = f'"{service.name}" did not say that it is ready within {within}'
            why = f'No line of its output matched "{pattern}".'
        case _:
            what, why = f'"{service.name}" was not ready within {within}', ""
    return services.NEVER_READY.found(
        what,
        why=why,
        where=f"port {service.port}" if service.port else "",
        data={"service": service.name},
    )


def crashed(service: Service, code: int, times: int) -> Finding:
    """The finding for a service that ended once more than it may."""
    often = "" if times == 1 else f" {times} times"
    return services.CRASHED.found(
        f'"{service.name}" ended{often}, {how_ended(code)}',
        data={"service": service.name, "code": code},
    )


def waits_for_change(service: Service, code: int) -> Finding:
    """The finding for a service that ended right after a change and waits for the next."""
    return services.WAITS_FOR_CHANGE.found(
        f'"{service.name}" ended after a change, {how_ended(code)}',
        data={"service": service.name, "code": code},
    )


def not_startable(service: Service, code: int) -> Finding:
    """The finding for a shell that could not run the command."""
    return services.CANNOT_START.found(
        f'"{service.name}" could not be started',
        why="The shell did not find the program."
        if code == NOT_FOUND
        else "The shell may not execute the program.",
        data={"service": service.name, "code": code},
    )


def not_endable(service: Service, pid: int) -> Finding:
    """The finding for a process that is still there after it was killed."""
    return services.CANNOT_END.found(
        f'"{service.name}" is still there after it was killed', where=f"pid {pid}"
    )


def how_ended(code: int) -> str:
    """An exit code in words; negative for a signal."""
    return f"by signal {-code}" if code < 0 else f"with code {code}"

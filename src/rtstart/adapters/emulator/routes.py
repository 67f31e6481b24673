"""The HTTP routes of the Realtime API: minting, calls, the WebSocket, models, and what is gone."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import BodyPartReader, web

from rtstart.adapters.emulator.calls import Calls
from rtstart.adapters.emulator.ids import new_secret
from rtstart.adapters.emulator.refusals import HttpTroubles
from rtstart.adapters.emulator.replies import allow_page, failed, mark, no_such_route
from rtstart.adapters.emulator.websocket import new_socket, serve
from rtstart.core.realtime.admission import (
    BAD_CREDENTIALS_CLOSE,
    Admission,
    Joining,
    Knock,
    Turned,
    admit,
    check_credential,
    close_reason,
    credential,
)
from rtstart.core.realtime.models import MODELS
from rtstart.core.realtime.sdp import MAX_OFFER_BYTES, offer_fault
from rtstart.core.realtime.settings import Settings
from rtstart.core.realtime.sip import Ringing, verb_fault, verb_of
from rtstart.core.realtime.tokens import (
    BETA_DISABLED,
    KeyPolicy,
    SecretStore,
    parse_mint,
    parse_session,
)
from rtstart.core.realtime.wire import Fault, Ids, Json, parse_json


class Routes:
    """All routes, around one store of secrets and one set of calls."""

    def __init__(
        self, calls: Calls, *, ids: Ids, policy: KeyPolicy, troubles: HttpTroubles
    ) -> None:
        self._calls = calls
        self._troubles = troubles
        self._ids = ids
        self._policy = policy
        self._secrets = SecretStore()
        self._ringing = Ringing()
        self._sockets: set[web.WebSocketResponse] = set()

    def application(self) -> web.Application:
        """The application that serves them."""
        app = web.Application(
            middlewares=[self._in_api_form], client_max_size=MAX_OFFER_BYTES + 1024 * 1024
        )
        app.on_response_prepare.append(self._mark)
        app.on_shutdown.append(self._hang_up)
        app.router.add_get("/healthz", self._health)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{model}", self._model)
        app.router.add_post("/v1/realtime/client_secrets", self._mint)
        app.router.add_post("/v1/realtime/calls", self._call)
        app.router.add_options("/v1/realtime/calls", self._preflight)
        app.router.add_post("/v1/realtime/calls/{call_id}/{verb}", self._call_verb)
        app.router.add_get("/v1/realtime", self._socket)
        for gone in ("", "/sessions", "/transcription_sessions"):
            app.router.add_post(f"/v1/realtime{gone}", self._gone)
        return app

    # What every answer has

    @web.middleware
    async def _in_api_form(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if request.path.startswith("/v1/realtime/") and _is_beta(request):
            return failed(BETA_DISABLED, 400)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return no_such_route(request)
        except web.HTTPMethodNotAllowed:
            words = f"Not allowed to {request.method} on {request.path}."
            return failed(Fault(None, words), 405)
        except web.HTTPRequestEntityTooLarge:
            return failed(Fault(None, "The request body is too large."), 413)

    async def _mark(self, request: web.Request, response: web.StreamResponse) -> None:
        mark(response.headers, self._ids("req"))
        if request.path == "/v1/realtime/calls":
            allow_page(response.headers)

    async def _hang_up(self, app: web.Application) -> None:
        del app
        await self._calls.end_all()
        for socket in list(self._sockets):
            await socket.close(code=1001, message=b"rtstart emulate was stopped")

    async def _health(self, request: web.Request) -> web.Response:
        del request
        return web.json_response({"status": "ok", "emulated": True})

    # Keys, secrets, models

    def _refusal(self, request: web.Request, *, secrets_too: bool) -> Settings | Fault | None:
        """What the request's credential is worth: see `check_credential`."""
        key = credential(request.headers.get("Authorization", ""))
        if key.startswith("ek_") and not secrets_too:
            return Fault("invalid_api_key", "An ephemeral key cannot be used here.")
        found = check_credential(key, secrets=self._secrets, policy=self._policy, now=time.time())
        return found if isinstance(found, Fault) else self._struck(key) or found

    def _struck(self, key: str) -> Fault | None:
        is_secret = key.startswith("ek_")
        return self._troubles.secret(key) if is_secret else self._troubles.key(key)

    async def _models(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request, secrets_too=False)
        if isinstance(refusal, Fault):
            return failed(refusal, 401)
        return web.json_response({"object": "list", "data": [model.wire() for model in MODELS]})

    async def _model(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request, secrets_too=False)
        if isinstance(refusal, Fault):
            return failed(refusal, 401)
        name = request.match_info["model"]
        for model in MODELS:
            if model.name == name:
                return web.json_response(model.wire())
        words = f"The model '{name}' does not exist or you do not have access to it."
        return failed(Fault("model_not_found", words, "model"), 404)

    async def _mint(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request, secrets_too=False)
        if isinstance(refusal, Fault):
            return failed(refusal, 401)
        trouble = await self._troubles.mint()
        if trouble is not None:
            return failed(*trouble)
        body, size_bytes = await _json(request)
        wanted = body if isinstance(body, Fault) else parse_mint(body)
        if isinstance(wanted, Fault):
            return failed(wanted, 400)
        secret = self._secrets.keep(new_secret(), wanted, now=time.time(), size_bytes=size_bytes)
        return web.json_response(
            {
                "value": secret.value,
                "expires_at": secret.expires_at,
                "session": secret.settings.wire(session_id=self._ids("sess"), expires_at=0),
            }
        )

    # Calls

    async def _preflight(self, request: web.Request) -> web.Response:
        del request
        return web.Response(status=204)

    async def _call(self, request: web.Request) -> web.Response:
        bound = self._refusal(request, secrets_too=True)
        if isinstance(bound, Fault):
            return failed(bound, 401)
        trouble = await self._troubles.call()
        if trouble is not None:
            return failed(*trouble)
        if "model" in request.query:
            words = "Unknown parameter: 'model'. The session or the ephemeral key names the model."
            return failed(Fault("unknown_parameter", words, "model"), 400)
        read = await _offer(request)
        if isinstance(read, Fault):
            return failed(read, 400)
        offer, asked = read
        settings = asked or bound or Settings().with_model(MODELS[0].name)
        answer = await self._calls.open_peer(settings, offer)
        if isinstance(answer, Fault):
            return failed(answer, 400)
        call_id, sdp = answer
        return web.Response(
            status=201,
            text=sdp,
            content_type="application/sdp",
            headers={"Location": f"/v1/realtime/calls/{call_id}"},
        )

    async def _call_verb(self, request: web.Request) -> web.Response:
        refusal = self._refusal(request, secrets_too=False)
        if isinstance(refusal, Fault):
            return failed(refusal, 401)
        verb, call_id = verb_of(request.match_info["verb"]), request.match_info["call_id"]
        if verb is None:
            return no_such_route(request)
        call = self._calls.find(call_id)
        rings = call is None and verb != "refer" and self._ringing.has(call_id)
        if call is None and not rings:
            return failed(_no_such_call(call_id), 404)
        body, _ = await _json(request)
        if isinstance(body, Fault):
            return failed(body, 400)
        fault = verb_fault(verb, body)
        if fault is not None:
            return failed(fault, 400)
        if rings:
            await self._pick_up(call_id, parse_session(body) if verb == "accept" else None)
        elif call is not None and verb in ("hangup", "reject"):
            call.hang_up()
        return web.Response(status=200)

    async def _pick_up(self, call_id: str, settings: Settings | Fault | None) -> None:
        self._ringing.stop(call_id)
        if isinstance(settings, Settings):
            await self._calls.open_telephone(call_id, settings)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = new_socket()

        def abort() -> None:
            if request.transport is not None:
                request.transport.abort()

        if not socket.can_prepare(request):
            return failed(Fault(None, "This route takes WebSocket connections only."), 400)
        decision = self._admit(_knock(request))
        joined = None
        if isinstance(decision, Joining):
            joined = self._calls.find(decision.call_id)
            if joined is None:
                return failed(_no_such_call(decision.call_id), 404)
        await socket.prepare(request)
        self._sockets.add(socket)
        await self._troubles.start()
        try:
            if isinstance(decision, Turned):
                await self._turn_away(socket, decision)
            elif joined is not None:
                await serve(socket, joined, is_owner=False, abort=abort)
            elif not isinstance(decision, Joining):
                call = self._calls.open_socket(decision.settings)
                try:
                    await serve(socket, call, is_owner=True, abort=abort)
                finally:
                    await call.finish()
        finally:
            self._sockets.discard(socket)
        return socket

    def _admit(self, knock: Knock) -> Admission:
        decision = admit(knock, secrets=self._secrets, policy=self._policy, now=time.time())
        if isinstance(decision, Turned):
            return decision
        fault = self._struck(credential(knock.authorization, knock.protocols))
        return decision if fault is None else Turned(fault, BAD_CREDENTIALS_CLOSE)

    async def _turn_away(self, socket: web.WebSocketResponse, turned: Turned) -> None:
        error = {**turned.fault.wire(), "event_id": None}
        event = {"type": "error", "event_id": self._ids("event"), "error": error}
        await socket.send_json(event)
        reason = close_reason(turned.fault)
        await socket.close(code=turned.close_code, message=reason.encode())

    # What is gone

    async def _gone(self, request: web.Request) -> web.Response:
        del request
        return failed(BETA_DISABLED, 400)


def _is_beta(request: web.Request) -> bool:
    return request.headers.get("OpenAI-Beta", "").startswith("realtime")


def _no_such_call(call_id: str) -> Fault:
    return Fault("call_not_found", f"No call with id '{call_id}' exists, or it has ended.")


def _knock(request: web.Request) -> Knock:
    offered = request.headers.get("Sec-WebSocket-Protocol", "")
    return Knock(
        authorization=request.headers.get("Authorization", ""),
        beta_header=request.headers.get("OpenAI-Beta", ""),
        protocols=tuple(name.strip() for name in offered.split(",") if name.strip()),
        model=request.query.get("model"),
        call_id=request.query.get("call_id"),
        intent=request.query.get("intent"),
    )


async def _json(request: web.Request) -> tuple[Json | Fault, int]:
    """The body, and how long it is."""
    body = await request.read()
    return _parsed(body or b"{}"), len(body)


def _parsed(body: bytes) -> Json | Fault:
    try:
        return parse_json(body.decode("utf-8"))
    except ValueError:
        words = (
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't "
            "using your HTTP library correctly. The OpenAI API expects a JSON payload, but what "
            "was sent was not valid JSON.)"
        )
        return Fault(None, words)


async def _offer(request: web.Request) -> tuple[str, Settings | None] | Fault:
    """The offer and the session that came with it, from a raw or a multipart body."""
    settings: Settings | None = None
    if request.content_type == "multipart/form-data":
        parts = await _parts(request)
        if isinstance(parts, Fault):
            return parts
        offer = parts.get("sdp", b"").decode("utf-8", "replace")
        if "session" in parts:
            session = _parsed(parts["session"])
            parsed = session if isinstance(session, Fault) else parse_session(session)
            if isinstance(parsed, Fault):
                return parsed
            settings = parsed
    else:
        offer = (await request.read()).decode("utf-8", "replace")
    fault = offer_fault(offer)
    return fault if fault is not None else (offer, settings)


async def _parts(request: web.Request) -> dict[str, bytes] | Fault:
    """The fields of a form, whether or not their parts name a content type."""
    parts: dict[str, bytes] = {}
    try:
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader) and part.name in ("sdp", "session"):
                parts[part.name] = bytes(await part.read(decode=True))
    except ValueError as error:
        # aiohttp's reader has no error type of its own.
        return Fault(None, f"The form cannot be read: {error}.")
    return parts

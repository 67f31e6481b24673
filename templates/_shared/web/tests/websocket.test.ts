/** The WebSocket transport against a socket and a player that are in the test's hand. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { AnyEvent, ClientEvent } from "../src/realtime/events.ts";
import type { Failure } from "../src/realtime/failures.ts";
import type { Heard } from "../src/realtime/playback.ts";
import { WebSocketTransport } from "../src/realtime/websocket.ts";
import { SECRET, settle } from "./fakes.ts";

class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static last: FakeSocket;
  readonly url: string;
  readonly protocols: readonly string[];
  readonly sent: unknown[] = [];
  readyState = 0;
  bufferedAmount = 0;
  closedWith: number | null = null;

  constructor(url: URL, protocols: readonly string[]) {
    super();
    this.url = url.href;
    this.protocols = protocols;
    FakeSocket.last = this;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code: number): void {
    this.closedWith = code;
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  says(event: AnyEvent): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(event) }));
  }

  closes(code: number, reason = ""): void {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason }));
  }
}

const queued: string[] = [];
let heard: Heard | null;
let take: ((bytes: Uint8Array) => void) | null;
let received: string[];
let lost: Failure[];
let troubles: Failure[];
let transport: WebSocketTransport;

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeSocket);
  queued.length = 0;
  heard = null;
  take = null;
  received = [];
  lost = [];
  troubles = [];
  transport = new WebSocketTransport(
    {
      prepare: () => Promise.resolve(),
      capture: (taker) => {
        take = taker;
        return () => (take = null);
      },
      makePlayer: () => ({
        add: (itemId, index, bytes) => queued.push(`${itemId}/${index}: ${bytes.length}`),
        end: () => queued.push("end"),
        stop: () => Promise.resolve(heard),
        close: () => queued.push("close"),
      }),
    },
    {
      received: (event) => received.push(event.type),
      sent: () => undefined,
      sounding: () => undefined,
      trouble: (failure) => troubles.push(failure),
      lost: (failure) => lost.push(failure),
    },
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

async function connect(): Promise<FakeSocket> {
  const connected = transport.connect(SECRET, new AbortController().signal, () => undefined);
  FakeSocket.last.opens();
  await connected;
  return FakeSocket.last;
}

function delta(responseId: string, itemId: string): AnyEvent {
  return {
    type: "response.output_audio.delta",
    response_id: responseId,
    item_id: itemId,
    content_index: 0,
    delta: "AAAAAAAA",
  };
}

function created(responseId: string): AnyEvent {
  return { type: "response.created", response: { id: responseId } };
}

test("calls the address with the model, and the secret as a subprotocol", async () => {
  const { url, protocols } = await connect();

  expect({ url, protocols }).toEqual({
    url: "ws://127.0.0.1:1/v1/realtime?model=gpt-realtime-2.1",
    protocols: ["realtime", "openai-insecure-api-key.ek_test_0123"],
  });
});

test("sends the microphone's sound only when it is opened, and no more when it is closed", async () => {
  const socket = await connect();
  expect(take).toBeNull();
  transport.openMicrophone();
  take?.(Uint8Array.of(1, 2, 3));
  transport.closeMicrophone();

  expect(take).toBeNull();
  expect(socket.sent).toEqual([{ type: "input_audio_buffer.append", audio: "AQID" }]);
});

test("queues an answer's sound and says when it is whole", async () => {
  const socket = await connect();
  socket.says(created("r1"));
  socket.says(delta("r1", "i1"));
  socket.says({ type: "response.output_audio.done", response_id: "r1", item_id: "i1" });

  expect(queued).toEqual(["i1/0: 6", "end"]);
});

test("when the caller speaks, tells the server what was heard and drops the rest", async () => {
  const socket = await connect();
  socket.says(created("r1"));
  socket.says(delta("r1", "i1"));
  heard = { itemId: "i1", contentIndex: 0, audioEndMs: 901 };
  socket.says({ type: "input_audio_buffer.speech_started", item_id: "i2", audio_start_ms: 0 });
  await settle();
  socket.says(delta("r1", "i1"));
  socket.says({ type: "response.output_audio.done", response_id: "r1", item_id: "i1" });
  socket.says(created("r2"));
  socket.says(delta("r2", "i3"));

  expect(socket.sent).toEqual([
    {
      type: "conversation.item.truncate",
      item_id: "i1",
      content_index: 0,
      audio_end_ms: 901,
    } satisfies ClientEvent,
  ]);
  expect(queued).toEqual(["i1/0: 6", "i3/0: 6"]);
});

test("says nothing when the caller speaks into silence", async () => {
  const socket = await connect();
  socket.says({ type: "input_audio_buffer.speech_started", item_id: "i2", audio_start_ms: 0 });
  await settle();

  expect(socket.sent).toEqual([]);
});

test("goes on playing when the session does not want interruptions", async () => {
  const socket = await connect();
  const turn_detection = { type: "server_vad", interrupt_response: false };
  socket.says({ type: "session.updated", session: { audio: { input: { turn_detection } } } });
  heard = { itemId: "i1", contentIndex: 0, audioEndMs: 901 };
  socket.says({ type: "input_audio_buffer.speech_started", item_id: "i2", audio_start_ms: 0 });
  await settle();

  expect(socket.sent).toEqual([]);
});

test.each([
  [3000, "invalid_request_error.invalid_api_key", "RT511"],
  [4000, "invalid_request_error.invalid_model", "RT519"],
  [4000, "invalid_request_error.beta_api_shape_disabled", "RT524"],
  [1001, "Your session hit the maximum duration of 60 minutes.", "RT610"],
  [1006, "", "RT610"],
])("close code %i %s is named", async (code, reason, finding) => {
  const socket = await connect();
  socket.closes(code, reason);

  expect(lost.map((failure) => failure.code)).toEqual([finding]);
});

test("what is said from the beginning of a turn is kept, also after the connection is lost", async () => {
  const socket = await connect();
  transport.openMicrophone();
  for (let portion = 0; portion < 40; portion += 1) take?.(Uint8Array.of(portion));
  expect(transport.unheard()).toEqual([]);
  socket.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  take?.(Uint8Array.of(40));
  socket.closes(1006);
  take?.(Uint8Array.of(41));

  expect(transport.unheard().map(([portion]) => portion)).toEqual([
    ...Array.from({ length: 15 }, (_, index) => 25 + index),
    40,
    41,
  ]);
});

test("what the server has taken for a turn is not kept", async () => {
  const socket = await connect();
  transport.openMicrophone();
  socket.says({ type: "input_audio_buffer.speech_started", item_id: "i1", audio_start_ms: 0 });
  take?.(Uint8Array.of(1));
  socket.says({ type: "input_audio_buffer.committed", item_id: "i1" });

  expect(transport.unheard()).toEqual([]);
});

test("what was said to another session is said first", async () => {
  const socket = await connect();
  transport.openMicrophone([Uint8Array.of(1, 2, 3)]);
  take?.(Uint8Array.of(4, 5, 6));

  expect(socket.sent).toEqual([
    { type: "input_audio_buffer.append", audio: "AQID" },
    { type: "input_audio_buffer.append", audio: "BAUG" },
  ]);
});

test("a close that was asked for is no loss", async () => {
  const socket = await connect();
  transport.close();
  socket.closes(1000);

  expect(lost).toEqual([]);
  expect(socket.closedWith).toBe(1000);
});

test("a socket that does not open is refused with the host's name", async () => {
  const connected = transport.connect(SECRET, new AbortController().signal, () => undefined);
  FakeSocket.last.closes(1006);

  await expect(connected).rejects.toMatchObject({
    failure: { code: "RT608", detail: "127.0.0.1:1" },
  });
  expect(lost).toEqual([]);
});

test("a network that takes nothing any more is a loss", async () => {
  const socket = await connect();
  transport.openMicrophone();
  socket.bufferedAmount = 700_000;
  take?.(new Uint8Array(1920));

  expect(lost.map((failure) => failure.code)).toEqual(["RT610"]);
});

test("a message that is not JSON is handed on as unreadable", async () => {
  const socket = await connect();
  socket.dispatchEvent(new MessageEvent("message", { data: "{" }));

  expect(received).toEqual(["client.unreadable"]);
});

test("sound that is not base64 is trouble, not the end", async () => {
  const socket = await connect();
  socket.says({ ...delta("r1", "i1"), delta: "***" });

  expect(troubles.map((failure) => failure.code)).toEqual(["RT614"]);
  expect(lost).toEqual([]);
});

/**
 * A call over WebSocket: sound travels inside the messages, so this side paces it, stops it when
 * the caller interrupts, and tells the server how much was heard.
 */

import { parseEvent } from "./events.ts";
import type { AnyEvent, ClientEvent, SessionObject, TurnDetection } from "./events.ts";
import { CallError, failure, failureOfApi } from "./failures.ts";
import type { Failure } from "./failures.ts";
import { fromBase64, toBase64 } from "./pcm.ts";
import type { Heard } from "./playback.ts";
import type { StageName } from "./stages.ts";
import type { Secret } from "./token.ts";
import type { Sound, Transport, TransportListener } from "./transport.ts";
import { Utterance } from "./utterance.ts";

const OPEN_TIMEOUT_MS = 10_000;
/** Ten seconds of sound that the network has not taken yet: it has gone, though nobody said so. */
const STALLED_BYTES = 640_000;

/** What this transport needs of the page's audio. */
export interface WebSocketAudio {
  /** Loads what the two others need. */
  prepare(): Promise<void>;
  /** Hands over the microphone's sound in portions, until the answer is called. */
  capture(take: (bytes: Uint8Array) => void): () => void;
  makePlayer(sounding: (is: boolean) => void): SoundQueue;
}

/** The queue of the model's sound. */
export interface SoundQueue {
  add(itemId: string, contentIndex: number, bytes: Uint8Array): void;
  end(): void;
  stop(): Promise<Heard | null>;
  close(): void;
}

export class WebSocketTransport implements Transport {
  readonly name: "websocket" | "server";
  readonly #audio: WebSocketAudio;
  readonly #listener: TransportListener;
  #player: SoundQueue | null = null;
  #socket: WebSocket | null = null;
  #stopCapture: (() => void) | null = null;
  #state: "connecting" | "open" | "lost" | "closed" = "connecting";
  /** Answers whose further sound is not wanted. */
  readonly #cut = new Set<unknown>();
  #response: unknown = null;
  #interruptible = true;
  /** Nobody but the caller says when a turn ends. */
  #holds = false;
  #utterance = new Utterance();

  /** It speaks to whatever the secret is for: the API, or a server that speaks as the API does. */
  constructor(
    audio: WebSocketAudio,
    listener: TransportListener,
    name: "websocket" | "server" = "websocket",
  ) {
    this.name = name;
    this.#audio = audio;
    this.#listener = listener;
  }

  async connect(
    secret: Secret,
    signal: AbortSignal,
    entered: (stage: StageName) => void,
  ): Promise<void> {
    entered("network");
    const prepared = this.#audio.prepare();
    const url = new URL(secret.realtimeUrl);
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
    url.searchParams.set("model", secret.model);
    // A browser cannot send headers with a WebSocket, so the secret travels as a subprotocol.
    const socket = new WebSocket(url, ["realtime", `openai-insecure-api-key.${secret.value}`]);
    this.#socket = socket;
    socket.addEventListener("message", (message) => this.#read(message.data));
    socket.addEventListener("close", (close) => this.#lose(closing(close)));
    try {
      await Promise.all([prepared, opened(socket, url.host, signal)]);
      this.#player = this.#audio.makePlayer((is) => this.#listener.sounding(is));
      this.#state = "open";
    } catch (error) {
      this.close();
      throw error;
    }
  }

  send(event: ClientEvent): void {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify(event));
    this.#listener.sent(event);
  }

  openMicrophone(first: Sound = []): void {
    for (const portion of first) this.#say(portion);
    if (first.length > 0 || this.#holds) this.#utterance.begin();
    this.#stopCapture ??= this.#audio.capture((portion) => this.#say(portion));
  }

  closeMicrophone(): void {
    this.#stopCapture?.();
    this.#stopCapture = null;
  }

  unheard(): Sound {
    return this.#utterance.sound;
  }

  silence(): void {
    this.#cut.add(this.#response);
    void this.#player?.stop().then((heard) => {
      if (heard === null) return;
      this.send({
        type: "conversation.item.truncate",
        item_id: heard.itemId,
        content_index: heard.contentIndex,
        audio_end_ms: heard.audioEndMs,
      });
    });
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.closeMicrophone();
    this.#player?.close();
    this.#socket?.close(1000);
  }

  #say(portion: Uint8Array): void {
    this.#utterance.add(portion);
    if (this.#state !== "open") return;
    if ((this.#socket?.bufferedAmount ?? 0) > STALLED_BYTES) {
      this.#lose(failure("callLost", "the network takes no more"));
    } else {
      this.send({ type: "input_audio_buffer.append", audio: toBase64(portion) });
    }
  }

  #read(data: unknown): void {
    if (typeof data !== "string" || this.#state === "closed" || this.#state === "lost") return;
    const event = parseEvent(data) ?? { type: "client.unreadable", text: data.slice(0, 500) };
    this.#listener.received(event);
    try {
      this.#play(event);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.#listener.trouble(failure("audioFormat", said));
    }
  }

  #play(event: AnyEvent): void {
    switch (event.type) {
      case "response.created":
        this.#response = (event["response"] as { id?: unknown } | null)?.id;
        break;
      case "response.output_audio.delta": {
        const { item_id: item, content_index: index, delta } = event;
        if (typeof item !== "string" || typeof delta !== "string") return;
        if (this.#cut.has(event["response_id"])) return;
        this.#player?.add(item, typeof index === "number" ? index : 0, fromBase64(delta));
        break;
      }
      case "response.output_audio.done":
        if (!this.#cut.has(event["response_id"])) this.#player?.end();
        break;
      case "input_audio_buffer.speech_started":
        this.#utterance.begin();
        if (this.#interruptible) this.silence();
        break;
      case "input_audio_buffer.committed":
      case "input_audio_buffer.cleared":
        this.#utterance.end();
        break;
      case "session.created":
      case "session.updated": {
        const detection = detectionIn(event["session"]);
        this.#interruptible = detection?.interrupt_response !== false;
        this.#holds = detection === null;
        break;
      }
    }
  }

  #lose(why: Failure): void {
    if (this.#state !== "open") return;
    this.#state = "lost";
    this.#socket?.close();
    // Until it is closed, what has arrived of the model's words may be heard to their end, and
    // what the caller goes on to say is kept.
    this.#utterance.begin();
    this.#listener.lost(why);
  }
}

function opened(socket: WebSocket, host: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      done.abort();
      settle();
    };
    const timer = setTimeout(
      () => end(() => reject(new CallError("networkBlocked", `${host} did not answer`))),
      OPEN_TIMEOUT_MS,
    );
    const options = { signal: done.signal };
    socket.addEventListener("open", () => end(resolve), options);
    // The browser tells a page no more than that it failed.
    socket.addEventListener(
      "close",
      () => end(() => reject(new CallError("offerRefused", host))),
      options,
    );
    signal.addEventListener("abort", () => end(() => reject(signal.reason as Error)), options);
    if (signal.aborted) end(() => reject(signal.reason as Error));
  });
}

/** The failure behind a close: the API puts `<type>.<code>` into the reason. */
function closing(close: CloseEvent): Failure {
  const detail = close.reason === "" ? `close code ${close.code}` : close.reason;
  if (close.code === 3000) return failure("secretRefused", detail);
  if (close.code === 4000) {
    return failureOfApi(close.reason.split(".").at(-1) ?? null, 400, detail);
  }
  return failure("callLost", detail);
}

function detectionIn(session: unknown): TurnDetection | null | undefined {
  return (session as SessionObject | null)?.audio?.input?.turn_detection;
}

/** What a call needs of the way to the API: straight by WebRTC or WebSocket, or by way of our server. */

import type { AnyEvent, ClientEvent } from "./events.ts";
import type { Failure } from "./failures.ts";
import type { StageName } from "./stages.ts";
import type { Secret } from "./token.ts";

/** "server" is a WebSocket to this app's own server, which holds the one to the API. */
export type TransportName = "webrtc" | "websocket" | "server";

/** Portions of 16-bit samples at 24 kHz, in order. */
export type Sound = readonly Uint8Array[];

export interface TransportListener {
  /** A message came. */
  received(event: AnyEvent): void;
  /** A message went out, by the transport's own doing or by `send`. */
  sent(event: ClientEvent): void;
  /** The model's sound began to play, or has come to its end. */
  sounding(is: boolean): void;
  /** Something failed that the call survives. */
  trouble(failure: Failure): void;
  /** The connection ended though nobody closed it. Said once, only after `connect` resolved. */
  lost(failure: Failure): void;
}

export interface Transport {
  readonly name: TransportName;

  /**
   * Resolves when messages can go both ways. Rejects with a CallError; the transport is closed
   * then. `entered` is told each step as it begins.
   */
  connect(
    secret: Secret,
    signal: AbortSignal,
    entered: (stage: StageName) => void,
  ): Promise<void>;

  send(event: ClientEvent): void;

  /**
   * Lets the microphone's sound through to the model; before this nothing is sent. `first` was
   * said before and goes ahead of it, where sound travels in messages.
   */
  openMicrophone(first?: Sound): void;
  closeMicrophone(): void;

  /**
   * What the caller is in the middle of saying, also when the connection was lost meanwhile: the
   * next one can be told. Empty where sound does not travel in messages.
   */
  unheard(): Sound;

  /** Stops the model's sound at once and lets the server know what was heard of it. */
  silence(): void;

  /** Ends it. May be called more than once. */
  close(): void;
}

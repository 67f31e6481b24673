/**
 * The messages of the Realtime API that this client sends and reads. Others arrive too; they are
 * shown in the event list and otherwise left alone.
 *
 * Source: OpenAI's API reference, client and server events of `/v1/realtime`, November 2026.
 */

import type { ToolCall } from "./tools.ts";

export interface TurnDetection {
  readonly type: "server_vad" | "semantic_vad";
  readonly threshold?: number;
  readonly prefix_padding_ms?: number;
  readonly silence_duration_ms?: number;
  readonly eagerness?: "low" | "medium" | "high" | "auto";
  readonly create_response?: boolean;
  readonly interrupt_response?: boolean;
}

/** What `session.update` may change; a field that is absent keeps its value. */
export interface SessionUpdate {
  readonly type: "realtime";
  readonly instructions?: string;
  readonly tools?: readonly object[];
  readonly tool_choice?: "auto" | "none" | "required";
  readonly audio?: {
    readonly input?: {
      readonly turn_detection?: TurnDetection | null;
      readonly noise_reduction?: { readonly type: "near_field" | "far_field" } | null;
    };
    readonly output?: { readonly voice?: string; readonly speed?: number };
  };
}

export type Content =
  | { readonly type: "input_text"; readonly text: string }
  | { readonly type: "output_text"; readonly text: string }
  | { readonly type: "input_audio"; readonly transcript?: string | null }
  | { readonly type: "output_audio"; readonly transcript?: string | null };

export type Item =
  | {
      readonly id?: string;
      readonly type: "message";
      readonly role: "user" | "assistant" | "system";
      readonly status?: string;
      readonly content: readonly Content[];
    }
  | {
      readonly id?: string;
      readonly type: "function_call";
      readonly status?: string;
      readonly name: string;
      readonly call_id: string;
      readonly arguments: string;
    }
  | {
      readonly id?: string;
      readonly type: "function_call_output";
      readonly call_id: string;
      readonly output: string;
    };

export type ClientEvent =
  | { readonly type: "session.update"; readonly event_id?: string; readonly session: SessionUpdate }
  | { readonly type: "input_audio_buffer.append"; readonly audio: string }
  | { readonly type: "input_audio_buffer.commit" }
  | { readonly type: "input_audio_buffer.clear" }
  | { readonly type: "output_audio_buffer.clear" }
  | {
      readonly type: "conversation.item.create";
      readonly event_id?: string;
      readonly item: Item;
      readonly previous_item_id?: string;
    }
  | {
      readonly type: "conversation.item.truncate";
      readonly item_id: string;
      readonly content_index: number;
      readonly audio_end_ms: number;
    }
  | { readonly type: "response.create"; readonly response?: { readonly instructions?: string } }
  | { readonly type: "response.cancel"; readonly response_id?: string };

export interface Usage {
  readonly total_tokens?: number;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly input_token_details?: {
    readonly text_tokens?: number;
    readonly audio_tokens?: number;
    readonly cached_tokens?: number;
    readonly cached_tokens_details?: {
      readonly text_tokens?: number;
      readonly audio_tokens?: number;
    };
  };
  readonly output_token_details?: {
    readonly text_tokens?: number;
    readonly audio_tokens?: number;
  };
}

export interface ApiError {
  readonly type?: string;
  readonly code?: string | null;
  readonly message?: string;
  readonly param?: string | null;
  readonly event_id?: string | null;
}

export interface SessionObject {
  readonly id?: string;
  readonly model?: string;
  readonly expires_at?: number;
  readonly instructions?: string;
  readonly audio?: {
    readonly input?: { readonly turn_detection?: TurnDetection | null };
    readonly output?: { readonly voice?: string };
  };
}

export interface ResponseObject {
  readonly id: string;
  readonly status: "in_progress" | "completed" | "cancelled" | "incomplete" | "failed";
  readonly status_details?: { readonly reason?: string; readonly error?: ApiError } | null;
  readonly output?: readonly Item[];
  readonly usage?: Usage | null;
}

interface OfItem {
  readonly item_id: string;
}

interface OfPart extends OfItem {
  readonly response_id: string;
  readonly content_index: number;
}

interface Bodies {
  error: { readonly error: ApiError };
  "session.created": { readonly session: SessionObject };
  "session.updated": { readonly session: SessionObject };
  "conversation.item.added": { readonly previous_item_id?: string | null; readonly item: Item };
  "conversation.item.done": { readonly previous_item_id?: string | null; readonly item: Item };
  "conversation.item.deleted": OfItem;
  "conversation.item.truncated": OfItem & {
    readonly content_index: number;
    readonly audio_end_ms: number;
  };
  "conversation.item.input_audio_transcription.delta": OfItem & { readonly delta: string };
  "conversation.item.input_audio_transcription.completed": OfItem & {
    readonly transcript: string;
  };
  "conversation.item.input_audio_transcription.failed": OfItem & { readonly error: ApiError };
  "input_audio_buffer.speech_started": OfItem & { readonly audio_start_ms: number };
  "input_audio_buffer.speech_stopped": OfItem & { readonly audio_end_ms: number };
  "input_audio_buffer.committed": OfItem;
  "input_audio_buffer.cleared": object;
  "output_audio_buffer.started": { readonly response_id: string };
  "output_audio_buffer.stopped": { readonly response_id: string };
  "output_audio_buffer.cleared": { readonly response_id: string };
  "response.created": { readonly response: ResponseObject };
  "response.done": { readonly response: ResponseObject };
  "response.output_item.added": { readonly response_id: string; readonly item: Item };
  "response.output_item.done": { readonly response_id: string; readonly item: Item };
  "response.output_text.delta": OfPart & { readonly delta: string };
  "response.output_text.done": OfPart & { readonly text: string };
  "response.output_audio.delta": OfPart & { readonly delta: string };
  "response.output_audio.done": OfPart;
  "response.output_audio_transcript.delta": OfPart & { readonly delta: string };
  "response.output_audio_transcript.done": OfPart & { readonly transcript: string };
  /** Not of the API: this app's own server, when it holds the connection, ran a tool. */
  "server.tool": { readonly call: ToolCall };
}

/** A message from the server whose fields are known to be there. */
export type ServerEvent = {
  [Type in keyof Bodies]: { readonly type: Type; readonly event_id?: string } & Bodies[Type];
}[keyof Bodies];

/** Any message from the server. */
export interface AnyEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

type Kind = "string" | "number" | "object";

/** The fields this client relies on. A message without them is reported, not acted on. */
const NEEDED: { readonly [Type in keyof Bodies]: Readonly<Record<string, Kind>> } = {
  error: { error: "object" },
  "session.created": { session: "object" },
  "session.updated": { session: "object" },
  "conversation.item.added": { item: "object" },
  "conversation.item.done": { item: "object" },
  "conversation.item.deleted": { item_id: "string" },
  "conversation.item.truncated": { item_id: "string", audio_end_ms: "number" },
  "conversation.item.input_audio_transcription.delta": { item_id: "string", delta: "string" },
  "conversation.item.input_audio_transcription.completed": {
    item_id: "string",
    transcript: "string",
  },
  "conversation.item.input_audio_transcription.failed": { item_id: "string", error: "object" },
  "input_audio_buffer.speech_started": { item_id: "string" },
  "input_audio_buffer.speech_stopped": { item_id: "string" },
  "input_audio_buffer.committed": { item_id: "string" },
  "input_audio_buffer.cleared": {},
  "output_audio_buffer.started": { response_id: "string" },
  "output_audio_buffer.stopped": { response_id: "string" },
  "output_audio_buffer.cleared": { response_id: "string" },
  "response.created": { response: "object" },
  "response.done": { response: "object" },
  "response.output_item.added": { item: "object" },
  "response.output_item.done": { item: "object" },
  "response.output_text.delta": { item_id: "string", delta: "string" },
  "response.output_text.done": { item_id: "string", text: "string" },
  "response.output_audio.delta": { item_id: "string", delta: "string" },
  "response.output_audio.done": { item_id: "string" },
  "response.output_audio_transcript.delta": { item_id: "string", delta: "string" },
  "response.output_audio_transcript.done": { item_id: "string", transcript: "string" },
  "server.tool": { call: "object" },
};

/** The message in this text, or null when it is not a JSON object with a type. */
export function parseEvent(text: string): AnyEvent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    return typeof (value as AnyEvent).type === "string" ? (value as AnyEvent) : null;
  } catch {
    return null;
  }
}

/** The message as one this client reads, or null when it is another or lacks what it needs. */
export function known(event: AnyEvent): ServerEvent | null {
  const needed: Readonly<Record<string, Kind>> | undefined = Object.hasOwn(NEEDED, event.type)
    ? NEEDED[event.type as keyof Bodies]
    : undefined;
  if (needed === undefined) return null;
  for (const [field, kind] of Object.entries(needed)) {
    const value = event[field];
    if (typeof value !== kind || value === null) return null;
  }
  return event as unknown as ServerEvent;
}

/** What a route answers when it does not do what it was asked. */

/** A refusal, in the form OpenAI gives its errors; `status` is the HTTP status to answer with. */
export interface Refusal {
  readonly status: number;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string | null;
    readonly param: string | null;
  };
  /** Seconds to wait before asking again, when the other side said so. */
  readonly retryAfter?: string;
}

export function refuse(status: number, code: string, message: string): Refusal {
  return { status, error: { message, type: "token_service_error", code, param: null } };
}

/** Tells a refusal from what was asked for. */
export function isRefusal(outcome: unknown): outcome is Refusal {
  return typeof outcome === "object" && outcome !== null && "error" in outcome && "status" in outcome;
}

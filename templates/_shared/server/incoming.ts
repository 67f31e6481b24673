/** Whose telephone calls are answered: the file to edit for the webhook of incoming calls. */

export interface IncomingCall {
  readonly callId: string;
  /** As in `sip:+15550100@example.com`; callers can write here what they like. */
  readonly from: string;
  readonly to: string;
}

/**
 * Answers those whose number is in ACCEPT_CALLS_FROM (separated by commas; `*` for everybody).
 * Every call costs money, so without that variable nobody is answered.
 */
export function isAnswered({ from }: IncomingCall): boolean {
  const listed = process.env["ACCEPT_CALLS_FROM"] ?? "";
  const allowed = new Set(listed.split(",").map((one) => one.trim()));
  const number = /sips?:([^@;>]+)/.exec(from)?.[1] ?? "";
  return allowed.has("*") || (number !== "" && allowed.has(number));
}

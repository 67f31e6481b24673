/** What the transcript says of a turn. Pure. */

export const SPEAKERS = { user: "You", assistant: "Model" };

export function wordsOf(turn) {
  if (turn.state === "unheard") return "(could not be put into words)";
  if (turn.text !== "") return turn.text;
  return turn.state === "partial" ? "…" : "(no words)";
}

export const TOOL_STATES = { asking: "asks you", running: "running", done: "", failed: "failed" };

/** JSON with its parts on lines of their own; any other text as it is. */
export function pretty(json) {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}

/** What a call has used, and about what it costs. Pure. */

export const NO_TOKENS = {
  textIn: 0,
  textCached: 0,
  audioIn: 0,
  audioCached: 0,
  textOut: 0,
  audioOut: 0,
};

/**
 * US dollars for a million tokens. Source: OpenAI's model pages, November 2026. Prices change; a
 * model that is not here has no estimate rather than a wrong one.
 */
const PRICES = {
  "gpt-realtime-2.1": {
    textIn: 4,
    textCached: 0.4,
    audioIn: 32,
    audioCached: 0.4,
    textOut: 24,
    audioOut: 64,
  },
  "gpt-realtime-2.1-mini": {
    textIn: 0.6,
    textCached: 0.06,
    audioIn: 10,
    audioCached: 0.3,
    textOut: 2.4,
    audioOut: 20,
  },
};

/** The tokens with those of one more answer. */
export function addUsage(tokens, usage) {
  const input = usage.input_token_details;
  const output = usage.output_token_details;
  // Where it is not said which kind the cached ones are, they are counted as text: that is how
  // most of a conversation's beginning (instructions, tools) is kept.
  const textCached = input?.cached_tokens_details?.text_tokens ?? input?.cached_tokens ?? 0;
  const audioCached = input?.cached_tokens_details?.audio_tokens ?? 0;
  return {
    textIn: tokens.textIn + Math.max(0, (input?.text_tokens ?? 0) - textCached),
    textCached: tokens.textCached + textCached,
    audioIn: tokens.audioIn + Math.max(0, (input?.audio_tokens ?? 0) - audioCached),
    audioCached: tokens.audioCached + audioCached,
    textOut: tokens.textOut + (output?.text_tokens ?? 0),
    audioOut: tokens.audioOut + (output?.audio_tokens ?? 0),
  };
}

/** The estimate in US dollars, without the transcription of the caller, or null. */
export function costOf(tokens, model) {
  const price = PRICES[model];
  if (price === undefined) return null;
  const kinds = Object.keys(NO_TOKENS);
  return kinds.reduce((sum, kind) => sum + (tokens[kind] * price[kind]) / 1e6, 0);
}

/** What a visitor may choose for a call, and what of it the API must be told. Pure. */

/** What the token service mints, so that nothing need be said about it. */
export const DEFAULTS = {
  transport: "webrtc",
  voice: "",
  instructions: "",
  turnTaking: "server_vad",
  threshold: 0.5,
  silenceMs: 500,
  eagerness: "auto",
  noise: "far_field",
  microphone: "",
  speaker: "",
};

/** Voices of the API as of November 2026. */
export const VOICES = [
  "alloy",
  "ash",
  "ballad",
  "cedar",
  "coral",
  "echo",
  "marin",
  "sage",
  "shimmer",
  "verse",
];

export const LIMITS = {
  threshold: { least: 0, most: 1 },
  silenceMs: { least: 100, most: 3000 },
  instructions: { most: 8000 },
};

const CHOICES = {
  transport: ["webrtc", "websocket", "server"],
  voice: ["", ...VOICES],
  turnTaking: ["server_vad", "semantic_vad", "push_to_talk"],
  eagerness: ["low", "medium", "high", "auto"],
  noise: ["far_field", "near_field", "off"],
};

/** The settings in these values, each checked; what is not understood is as in `otherwise`. */
export function checkSettings(values, otherwise = DEFAULTS) {
  const chosen = (name) => {
    const options = CHOICES[name];
    return options.includes(values[name]) ? values[name] : otherwise[name];
  };
  const number = (name) => {
    const value = Number(values[name] ?? Number.NaN);
    const { least, most } = LIMITS[name];
    return value >= least && value <= most ? value : otherwise[name];
  };
  const text = (name) => {
    const value = values[name];
    return typeof value === "string" ? value.slice(0, LIMITS.instructions.most) : otherwise[name];
  };
  return {
    transport: chosen("transport"),
    voice: chosen("voice"),
    instructions: text("instructions"),
    turnTaking: chosen("turnTaking"),
    threshold: number("threshold"),
    silenceMs: number("silenceMs"),
    eagerness: chosen("eagerness"),
    noise: chosen("noise"),
    microphone: text("microphone"),
    speaker: text("speaker"),
  };
}

/**
 * What must change in a session that is as in `before`, or null when nothing must. A voice can
 * change only before the model has spoken, so one that is refused must not take the rest with it:
 * the API applies all of an update or nothing.
 */
export function updateFor(settings, before = DEFAULTS) {
  const detection = detectionOf(settings);
  const turns =
    JSON.stringify(detection) !== JSON.stringify(detectionOf(before)) ||
    settings.turnTaking !== before.turnTaking;
  const noise = settings.noise !== before.noise;
  const voice = settings.voice !== "" && settings.voice !== before.voice;
  const instructions =
    settings.instructions !== "" && settings.instructions !== before.instructions;
  if (!turns && !noise && !voice && !instructions) return null;
  const input = {
    ...(turns ? { turn_detection: detection } : {}),
    ...(noise
      ? { noise_reduction: settings.noise === "off" ? null : { type: settings.noise } }
      : {}),
  };
  return {
    type: "realtime",
    ...(instructions ? { instructions: settings.instructions } : {}),
    audio: {
      ...(turns || noise ? { input } : {}),
      ...(voice ? { output: { voice: settings.voice } } : {}),
    },
  };
}

function detectionOf(settings) {
  const answers = { create_response: true, interrupt_response: true };
  switch (settings.turnTaking) {
    case "push_to_talk":
      return null;
    case "semantic_vad":
      return { type: "semantic_vad", eagerness: settings.eagerness, ...answers };
    case "server_vad":
      return {
        type: "server_vad",
        threshold: settings.threshold,
        prefix_padding_ms: 300,
        silence_duration_ms: settings.silenceMs,
        ...answers,
      };
  }
}

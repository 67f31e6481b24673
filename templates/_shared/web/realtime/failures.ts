/**
 * Everything that can go wrong with a call, by name: what happened, why, and what to do next.
 * The codes are those of `rtstart explain`; the page shows them so that they can be looked up.
 */

export interface Failure {
  readonly name: FailureName;
  readonly code: string;
  readonly title: string;
  readonly why: string;
  /** What the person in front of the page can do. */
  readonly next: string;
  /** What the other side said, in its own words; empty when it said nothing. */
  readonly detail: string;
  /** Whether the same click can succeed the next time with nothing changed. */
  readonly passing: boolean;
}

interface Page {
  readonly code: string;
  readonly title: string;
  readonly why: string;
  readonly next: string;
  readonly passing?: boolean;
}

const PAGES = {
  keyShape: {
    code: "RT501",
    title: "OPENAI_API_KEY does not look like a key",
    why: "An OpenAI key starts with sk- and has no blanks, quotes or line ends in it.",
    next: "Copy the key again into .env, then start the token service again.",
  },
  keyMissing: {
    code: "RT510",
    title: "The token service has no OPENAI_API_KEY",
    why: "Without a key no session can be asked for.",
    next: "Put OPENAI_API_KEY into .env and start again, or run rtstart dev --emulate.",
  },
  keyRefused: {
    code: "RT521",
    title: "The API does not accept this key",
    why: "The key was revoked, mistyped, or belongs to a project without access.",
    next: "Check the key at platform.openai.com/api-keys, then put it into .env.",
  },
  noCredit: {
    code: "RT522",
    title: "The account behind the key has no credit",
    why: "The key is right, but its account or project has reached its limit.",
    next: "Add credit or raise the limit at platform.openai.com, under Billing.",
  },
  tooMany: {
    code: "RT513",
    title: "Too many calls were started in a short time",
    why: "The token service or OpenAI limits how often a session may begin.",
    next: "Wait a moment, then press Talk again.",
    passing: true,
  },
  tokenServiceDown: {
    code: "RT514",
    title: "The token service did not answer",
    why: "The page could not reach POST /session on its own address.",
    next: "Look at the terminal: the service that answers POST /session must be running.",
    passing: true,
  },
  tokenServiceSlow: {
    code: "RT515",
    title: "The token service took too long",
    why: "No secret came within 20 seconds.",
    next: "Press Talk again; if it stays slow, look at the token service's log.",
    passing: true,
  },
  notInvited: {
    code: "RT516",
    title: "This browser has no invitation",
    why: "Calls cost money, so a public address lets in only whom it was shown to.",
    next: "Open the invitation link from the terminal in this browser.",
  },
  apiDown: {
    code: "RT517",
    title: "The Realtime API had an error of its own",
    why: "The failure is on OpenAI's side.",
    next: "Press Talk again; status.openai.com says whether it is known.",
    passing: true,
  },
  sessionRefused: {
    code: "RT518",
    title: "The Realtime API did not accept the session's settings",
    why: "One unknown or wrong field makes it refuse the whole request.",
    next: "Correct the field that is named above, in server/mint.ts.",
  },
  modelRefused: {
    code: "RT519",
    title: "The model is not one of the Realtime API",
    why: "The name is wrong, the model was shut down, or the account may not use it.",
    next: "Set REALTIME_MODEL to a current one, or remove it.",
  },
  secretRefused: {
    code: "RT511",
    title: "The ephemeral secret was refused",
    why: "It was used after its time, used twice, or minted by another service.",
    next: "Press Talk again; a new secret is made for each call.",
    passing: true,
  },
  notJson: {
    code: "RT512",
    title: "Something between the page and the token service answered",
    why: "The answer to POST /session was a web page, not JSON: a tunnel's warning or a login.",
    next: "Reload the page and pass what is asked there, or use another tunnel.",
  },
  apiUnreachable: {
    code: "RT525",
    title: "The token service could not reach OpenAI",
    why: "Its request to the API had no answer: no network, a proxy, or a wrong OPENAI_BASE_URL.",
    next: "Check the network of the machine the token service runs on.",
    passing: true,
  },
  closed: {
    code: "RT526",
    title: "This app lets nobody call yet",
    why: "In production the token route is closed until the app says who may call.",
    next: "Say who may call, in server/authorise.ts (python: app/authorise.py); build it and start it again.",
  },
  notSignedIn: {
    code: "RT527",
    title: "You are not signed in",
    why: "Calls cost money, so this app lets only those call whom it knows.",
    next: "Sign in, then press Talk again.",
    passing: true,
  },
  answerFailed: {
    code: "RT523",
    title: "The model could not answer",
    why: "The API ended the answer as failed.",
    next: "Say it again; the words above name the cause when there is one.",
    passing: true,
  },
  betaShape: {
    code: "RT524",
    title: "The request has the shape of the old beta interface",
    why: "The beta of the Realtime API ended on 2026-05-12.",
    next: "Send no OpenAI-Beta header, and use /realtime/client_secrets and /realtime/calls.",
  },
  microphoneDenied: {
    code: "RT601",
    title: "The browser was not allowed to use the microphone",
    why: "The permission was refused now or earlier for this address.",
    next: "Allow the microphone in the browser's address bar, then press Talk again.",
  },
  microphoneMissing: {
    code: "RT602",
    title: "No microphone was found",
    why: "The browser sees no device that records sound.",
    next: "Connect a microphone or a headset, then press Talk again.",
  },
  microphoneBusy: {
    code: "RT603",
    title: "The microphone could not be started",
    why: "Another program holds it, or the system switched it off.",
    next: "Close what else is recording, then press Talk again.",
    passing: true,
  },
  insecureOrigin: {
    code: "RT604",
    title: "This address is not secure, so there is no microphone",
    why: "Browsers give microphones only to https pages and to localhost.",
    next: "Open the https address from the terminal, or http://localhost on this machine.",
  },
  microphoneLost: {
    code: "RT605",
    title: "The microphone was disconnected",
    why: "The device was unplugged or taken away during the call.",
    next: "Connect it again or choose another one in the settings.",
    passing: true,
  },
  microphoneSilent: {
    code: "RT606",
    title: "The microphone gives no sound at all",
    why: "Every sample is zero: it is muted by the system or by a switch on the device.",
    next: "Unmute it in the system's sound settings or on the headset.",
  },
  networkBlocked: {
    code: "RT607",
    title: "The call's sound could not get through the network",
    why: "Neither UDP nor the fallback reached the other side within the time limit.",
    next: "Choose WebSocket as the transport in the settings, or try another network.",
    passing: true,
  },
  offerRefused: {
    code: "RT608",
    title: "The page could not reach the Realtime API",
    why: "The request for the call had no answer: offline, blocked by a filter, or by a policy.",
    next: "Check this device's network; a content filter may block api.openai.com.",
    passing: true,
  },
  sessionSilent: {
    code: "RT609",
    title: "The session did not begin",
    why: "The connection stood, but no session.created came within the time limit.",
    next: "Press Talk again.",
    passing: true,
  },
  callLost: {
    code: "RT610",
    title: "The connection was lost",
    why: "The network changed, went to sleep, or the other side closed the call.",
    next: "Press Talk to go on; what was said stays on the page.",
    passing: true,
  },
  sessionExpired: {
    code: "RT611",
    title: "The session reached its time limit",
    why: "A session of the Realtime API lasts 60 minutes at most.",
    next: "Press Talk to go on in a new one.",
    passing: true,
  },
  soundBlocked: {
    code: "RT612",
    title: "The browser would not play sound",
    why: "Sound may begin only with a click, and the system may have refused the device.",
    next: "Press Talk again; check that the tab is not muted.",
    passing: true,
  },
  browserTooOld: {
    code: "RT613",
    title: "This browser lacks what a call needs",
    why: "Neither WebRTC nor WebSocket with an AudioWorklet is available here.",
    next: "Use a current Chrome, Edge, Firefox or Safari.",
  },
  audioFormat: {
    code: "RT614",
    title: "The audio is not in the form the API understands",
    why: "It takes 16-bit little-endian samples at 24 kHz, one channel.",
    next: "Send what the capture worklet gives, not MediaRecorder's containers.",
  },
  offline: {
    code: "RT615",
    title: "This device is offline",
    why: "The browser reports no network.",
    next: "Connect to a network, then press Talk again.",
    passing: true,
  },
  fellBack: {
    code: "RT616",
    title: "The call runs over WebSocket, because WebRTC did not get through",
    why: "Some networks let no UDP pass; the fallback needs none.",
    next: "Nothing needs to be done; the settings can make WebSocket the first choice.",
    passing: true,
  },
  takenOver: {
    code: "RT617",
    title: "The call was ended because another tab began one",
    why: "Two calls on one device would hear each other.",
    next: "Press Talk to have it here again.",
    passing: true,
  },
  heldTooShort: {
    code: "RT618",
    title: "The button was let go too soon",
    why: "Less than a fifth of a second of speech cannot be sent.",
    next: "Hold the button, or the space bar, for as long as you speak.",
    passing: true,
  },
  unexpected: {
    code: "RT699",
    title: "Something unexpected happened",
    why: "The app met a case it does not know.",
    next: "Press Talk again; the browser's console has the details.",
    passing: true,
  },
} as const satisfies Record<string, Page>;

export type FailureName = keyof typeof PAGES;

/** The failure of that name, with what the other side said. */
export function failure(name: FailureName, detail = ""): Failure {
  const { code, title, why, next, passing = false }: Page = PAGES[name];
  return { name, code, title, why, next, detail, passing };
}

/** A failure on its way to whoever shows it. */
export class CallError extends Error {
  readonly failure: Failure;

  constructor(name: FailureName, detail = "", options?: ErrorOptions) {
    const what = failure(name, detail);
    super(`${what.code} ${what.title}${detail === "" ? "" : `: ${detail}`}`, options);
    this.name = "CallError";
    this.failure = what;
  }
}

/** What to show for anything that was thrown. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CallError) return error.failure;
  return failure("unexpected", error instanceof Error ? error.message : String(error));
}

/** The failure behind an error object of the API, on HTTP, in an event or in a response. */
export function failureOfApi(code: string | null, status: number, message: string): Failure {
  switch (code) {
    case "key_missing":
      return failure("keyMissing", message);
    case "key_shape":
      return failure("keyShape", message);
    case "closed":
      return failure("closed", message);
    case "not_authorised":
      return failure("notSignedIn", message);
    case "limits_unavailable":
      return failure("tokenServiceDown", message);
    case "invalid_api_key":
      return failure("keyRefused", message);
    case "insufficient_quota":
    case "credit_balance_exhausted":
      return failure("noCredit", message);
    case "beta_api_shape_disabled":
      return failure("betaShape", message);
    case "invalid_model":
    case "missing_model":
      return failure("modelRefused", message);
    case "session_expired":
      return failure("sessionExpired", message);
    case "upstream_unreachable":
    case "upstream_timeout":
      return failure("apiUnreachable", message);
  }
  if (status === 401) return failure("keyRefused", message);
  if (status === 403) return failure("notInvited", message);
  if (status === 429) return failure("tooMany", message);
  if (status >= 500) return failure("apiDown", message);
  return failure("sessionRefused", message);
}

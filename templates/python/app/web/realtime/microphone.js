/** Asks the browser for a microphone and names what can go wrong. */

import { CallError } from "./failures.js";

/**
 * The microphone, as a stream with one audio track; whoever asked stops it. Throws a CallError.
 * Echo cancellation is on: without it the model hears itself from the loudspeaker and answers.
 */
export async function openMicrophone(deviceId) {
  // On an insecure page there is no error to catch: mediaDevices itself is missing.
  if (!globalThis.isSecureContext) throw new CallError("insecureOrigin", location.origin);
  if (navigator.mediaDevices?.getUserMedia === undefined) throw new CallError("browserTooOld");
  const wanted = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    channelCount: 1,
  };
  try {
    return await ask(deviceId === null ? wanted : { ...wanted, deviceId: { exact: deviceId } });
  } catch (error) {
    // A device that was chosen once may be gone today: the system's own choice is better than none.
    if (deviceId === null || nameOf(error) !== "microphoneMissing") throw toCallError(error);
  }
  try {
    return await ask(wanted);
  } catch (error) {
    throw toCallError(error);
  }
}

/** Whether the microphone may be used without asking; null where the browser does not tell. */
export async function mayUseMicrophone() {
  try {
    const status = await navigator.permissions.query({ name: "microphone" });
    return status.state === "granted";
  } catch {
    return null;
  }
}

function ask(audio) {
  return navigator.mediaDevices.getUserMedia({ audio });
}

/** The failure behind an error of getUserMedia. */
export function nameOf(error) {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "microphoneDenied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "microphoneMissing";
    case "NotReadableError":
    case "AbortError":
      return "microphoneBusy";
    default:
      return "unexpected";
  }
}

function toCallError(error) {
  const said = error instanceof Error ? error.message : String(error);
  return new CallError(nameOf(error), said, { cause: error });
}

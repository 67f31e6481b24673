/** The form of sound on the wire: 16-bit little-endian samples at 24 kHz, one channel, base64. */

import { CallError } from "./failures.js";

export const WIRE_RATE_HZ = 24_000;

/** Samples between -1 and 1 as bytes for the wire. What is louder is clipped, not wrapped. */
export function toPcm16(samples) {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [index, sample] of samples.entries()) {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(index * 2, Math.round(clipped * 32_767), true);
  }
  return bytes;
}

/** Bytes of the wire as samples. Throws a CallError when they cannot be 16-bit samples. */
export function fromPcm16(bytes) {
  if (bytes.length % 2 !== 0) {
    throw new CallError("audioFormat", `${bytes.length} bytes are no whole number of samples`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Float32Array(bytes.length / 2);
  for (let index = 0; index < samples.length; index += 1) {
    samples[index] = view.getInt16(index * 2, true) / 32_768;
  }
  return samples;
}

export function toBase64(bytes) {
  let letters = "";
  // In portions: a call with a whole second of samples as arguments overflows the stack.
  for (let start = 0; start < bytes.length; start += 0x2000) {
    letters += String.fromCharCode(...bytes.subarray(start, start + 0x2000));
  }
  return btoa(letters);
}

export function fromBase64(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index += 1) bytes[index] = letters.charCodeAt(index);
  return bytes;
}

const CONTAINERS = [
  ["a WAV file", 0, [0x52, 0x49, 0x46, 0x46]],
  ["a WebM file, as MediaRecorder gives it", 0, [0x1a, 0x45, 0xdf, 0xa3]],
  ["an Ogg file", 0, [0x4f, 0x67, 0x67, 0x53]],
  ["an MP4 file, as MediaRecorder gives it", 4, [0x66, 0x74, 0x79, 0x70]],
];

/**
 * Refuses sound that the API would take without a word and hear as noise. For code that sends
 * sound of its own making: `rateHz` is what it believes it recorded at.
 */
export function checkSound(bytes, rateHz, channels) {
  for (const [name, at, start] of CONTAINERS) {
    if (start.every((byte, index) => bytes[at + index] === byte)) {
      throw new CallError("audioFormat", `this is ${name}, not bare samples`);
    }
  }
  if (rateHz !== WIRE_RATE_HZ) {
    throw new CallError("audioFormat", `the rate is ${rateHz} Hz, not ${WIRE_RATE_HZ} Hz`);
  }
  if (channels !== 1) throw new CallError("audioFormat", `there are ${channels} channels, not one`);
  if (bytes.length % 2 !== 0) {
    throw new CallError("audioFormat", `${bytes.length} bytes are no whole number of samples`);
  }
}

import { afterEach, expect, test, vi } from "vitest";

import { CallError, failureOf, failureOfApi } from "../src/realtime/failures.ts";
import { nameOf, openMicrophone } from "../src/realtime/microphone.ts";
import { fetchSecret } from "../src/realtime/token.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test.each([
  ["invalid_api_key", 401, "RT521"],
  ["insufficient_quota", 429, "RT522"],
  ["credit_balance_exhausted", 429, "RT522"],
  [null, 429, "RT513"],
  ["beta_api_shape_disabled", 400, "RT524"],
  ["invalid_model", 400, "RT519"],
  ["unknown_parameter", 400, "RT518"],
  ["session_expired", 400, "RT611"],
  ["key_missing", 500, "RT510"],
  ["key_shape", 500, "RT501"],
  ["upstream_unreachable", 502, "RT525"],
  [null, 403, "RT516"],
  [null, 500, "RT517"],
])("an API error %s with status %i is %s", (code, status, finding) => {
  expect(failureOfApi(code, status, "said").code).toBe(finding);
});

test.each([
  ["NotAllowedError", "microphoneDenied"],
  ["NotFoundError", "microphoneMissing"],
  ["NotReadableError", "microphoneBusy"],
])("%s of getUserMedia is %s", (name, failure) => {
  expect(nameOf(new DOMException("", name))).toBe(failure);
});

test("an insecure page is named before the browser is asked", async () => {
  vi.stubGlobal("isSecureContext", false);
  vi.stubGlobal("location", { origin: "http://192.168.1.20:5173" });

  await expect(openMicrophone(null)).rejects.toMatchObject({
    failure: { code: "RT604", detail: "http://192.168.1.20:5173" },
  });
});

test("a device that is gone is replaced by the system's choice", async () => {
  const asked: unknown[] = [];
  const stream = {};
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", {
    mediaDevices: {
      getUserMedia: ({ audio }: { audio: { deviceId?: unknown } }) => {
        asked.push(audio.deviceId);
        return audio.deviceId === undefined
          ? Promise.resolve(stream)
          : Promise.reject(new DOMException("", "OverconstrainedError"));
      },
    },
  });

  expect(await openMicrophone("headset")).toBe(stream);
  expect(asked).toEqual([{ exact: "headset" }, undefined]);
});

test("anything else that is thrown is shown with its words", () => {
  expect(failureOf(new TypeError("x is not a function"))).toMatchObject({
    code: "RT699",
    detail: "x is not a function",
  });
});

interface Answering {
  readonly status: number;
  readonly body: string;
}

function answering({ status, body }: Answering): void {
  vi.stubGlobal("location", { href: "https://voice.example.test/page" });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { status })));
}

const MINTED = { value: "ek_1", expires_at: 7, model: "m", emulated: true };

test("a relative address is taken from where the page is", async () => {
  answering({ status: 200, body: JSON.stringify({ ...MINTED, realtime_url: "/v1/realtime" }) });

  expect(await fetchSecret(new AbortController().signal)).toEqual({
    value: "ek_1",
    expiresAt: 7,
    realtimeUrl: "https://voice.example.test/v1/realtime",
    model: "m",
    emulated: true,
    callsUrl: "",
  });
});

test("a guard in front of the app says where it wants to hear of calls", async () => {
  vi.stubGlobal("location", { href: "https://voice.example.test/page" });
  const body = JSON.stringify({ ...MINTED, realtime_url: "/v1/realtime" });
  const headers = { "x-calls-url": "/guard/calls" };
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body, { headers })));

  expect(await fetchSecret(new AbortController().signal)).toMatchObject({
    callsUrl: "/guard/calls",
  });
});

test.each([
  [{ status: 200, body: "<!doctype html>" }, "RT512"],
  [{ status: 403, body: "<!doctype html>" }, "RT516"],
  [{ status: 500, body: "" }, "RT514"],
  [{ status: 200, body: "{}" }, "RT512"],
  [{ status: 429, body: '{"error":{"code":"too_many_calls","message":"Later."}}' }, "RT513"],
])("an answer of the token service like %j is %s", async (answer, code) => {
  answering(answer);

  await expect(fetchSecret(new AbortController().signal)).rejects.toMatchObject({
    failure: { code },
  });
});

test("a token service that is not there is named", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));

  const minted = fetchSecret(new AbortController().signal);

  await expect(minted).rejects.toBeInstanceOf(CallError);
  await expect(minted).rejects.toMatchObject({ failure: { code: "RT514" } });
});

test("a token service that hangs is given up", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new DOMException("", "TimeoutError")));

  await expect(fetchSecret(new AbortController().signal)).rejects.toMatchObject({
    failure: { code: "RT515" },
  });
});

test.each([
  [new DOMException("", "TimeoutError"), "RT515"],
  [new TypeError("network error"), "RT514"],
])("an answer that breaks off by %s is %s", async (error, code) => {
  vi.stubGlobal("location", { href: "https://voice.example.test/page" });
  const body = new ReadableStream({ start: (stream) => stream.error(error) });
  vi.stubGlobal("fetch", () => Promise.resolve(new Response(body)));

  await expect(fetchSecret(new AbortController().signal)).rejects.toMatchObject({
    failure: { code },
  });
});

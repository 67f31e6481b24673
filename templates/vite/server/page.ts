/** The page as `npm run build` left it, read once and sent with what a browser must be told of it. */

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { policyFor } from "./policy.ts";
import type { Settings } from "./settings.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".mp3": "audio/mpeg",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};
const COMPRESSED = /^(text\/|application\/(json|manifest|wasm)|image\/svg)/;

const brotli = promisify(brotliCompress);
const gzipped = promisify(gzip);

interface File {
  readonly headers: Readonly<Record<string, string>>;
  readonly tag: string;
  /** By the name of the encoding; "" is the file as it is. */
  readonly bodies: ReadonlyMap<string, Buffer>;
}

export interface Page {
  /** Answers when the path is one of the page's files; otherwise nothing was done. */
  send(path: string, request: IncomingMessage, response: ServerResponse): boolean;
}

/** Reads and compresses the built page. Throws an Error with what to do when there is none. */
export async function readPage(settings: Settings, folder: string): Promise<Page> {
  const files = new Map<string, File>();
  const policy = policyFor(settings);
  for (const entry of await listed(folder)) {
    const path = `/${relative(folder, entry).split(sep).join("/")}`;
    files.set(path === "/index.html" ? "/" : path, await readOne(entry, path, policy));
  }
  if (!files.has("/")) throw new Error(`There is no page in "${folder}". Run npm run build.`);
  return {
    send(path, request, response) {
      const file = files.get(path);
      if (file === undefined || (request.method !== "GET" && request.method !== "HEAD")) return false;
      sendFile(file, request, response);
      return true;
    },
  };
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch {
    return [];
  }
}

async function readOne(
  place: string,
  path: string,
  policy: Readonly<Record<string, string>>,
): Promise<File> {
  const body = await readFile(place);
  const type = TYPES[extname(place)] ?? "application/octet-stream";
  const bodies = new Map([["", body]]);
  if (COMPRESSED.test(type)) {
    const size = { [constants.BROTLI_PARAM_SIZE_HINT]: body.length };
    bodies.set("br", await brotli(body, { params: size }));
    bodies.set("gzip", await gzipped(body, { level: 9 }));
  }
  // What is built into assets/ has its content in its name; the rest is asked for each time.
  const isFixed = path.startsWith("/assets/");
  return {
    tag: `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`,
    headers: {
      ...policy,
      "content-type": type,
      "cache-control": isFixed ? "public, max-age=31536000, immutable" : "no-cache",
      vary: "accept-encoding",
    },
    bodies,
  };
}

function sendFile(file: File, request: IncomingMessage, response: ServerResponse): void {
  const headers = { ...file.headers, etag: file.tag };
  if (request.headers["if-none-match"] === file.tag) {
    response.writeHead(304, headers).end();
    return;
  }
  const accepted = String(request.headers["accept-encoding"] ?? "");
  const encoding =
    ["br", "gzip"].find((name) => file.bodies.has(name) && new RegExp(`\\b${name}\\b`).test(accepted)) ??
    "";
  const body = file.bodies.get(encoding) ?? Buffer.alloc(0);
  response.writeHead(200, {
    ...headers,
    "content-length": body.length,
    ...(encoding === "" ? {} : { "content-encoding": encoding }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

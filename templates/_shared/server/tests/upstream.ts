/** A stand-in for an API that the server asks: a real server that keeps what it was sent. */

import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Upstream {
  readonly seen: Seen[] = [];
  /** Answers that are given once, in this order; after them comes `answer`. */
  readonly first: Answer[] = [];
  answer: Answer = {
    status: 200,
    body: JSON.stringify({ value: "ek_test_0123", expires_at: 1_795_364_174, session: {} }),
  };

  readonly #server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    this.seen.push({
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: JSON.parse(Buffer.concat(parts).toString("utf8")),
    });
    const { status, headers = {}, body } = this.first.shift() ?? this.answer;
    response.writeHead(status, headers).end(body);
  });

  async listen(): Promise<string> {
    return `${await listen(this.#server)}/v1`;
  }

  close(): Promise<void> {
    return close(this.#server);
  }
}

/** Listens on a free port of this machine; the answer is its address. */
export function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });
}

export function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

// Reads server events, one JSON a line, and tells which the zod schema of `@openai/agents-realtime`
// does not take (it then treats them as unknown, and history, tools and sound ignore them).
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , file] = process.argv;
const module = new URL("node_modules/@openai/agents-realtime/dist/openaiRealtimeEvents.mjs",
  pathToFileURL(`${process.cwd()}/`));
const { parseRealtimeEvent } = await import(module);
const counts = {};
const refused = {};
for await (const line of createInterface({ input: createReadStream(file) })) {
  const event = JSON.parse(line);
  const parsed = parseRealtimeEvent({ data: line });
  counts[event.type] = (counts[event.type] ?? 0) + 1;
  if (parsed.isGeneric) refused[event.type] ??= line;
}
console.log(JSON.stringify({ counts, refused }));

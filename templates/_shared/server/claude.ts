/**
 * POST /claude: hands a question of the voice model to Claude and answers in words. Claude may use
 * the tools in `claude-tools.ts` on its way. The key for it stays here, like the other one.
 */

import Anthropic, { APIError } from "@anthropic-ai/sdk";

import { admit, json, refused } from "./answers.ts";
import type { Gate } from "./answers.ts";
import { claudeTools } from "./claude-tools.ts";
import { isRefusal, refuse } from "./refusals.ts";
import type { Settings } from "./settings.ts";
import type { Log } from "./webhooks.ts";

const MODEL = "claude-sonnet-5-5";
const MAX_TOKENS = 1024;
/** Claude may call tools this often before it must have said something. */
const MAX_TURNS = 6;
const TIMEOUT_MS = 40_000;
const QUESTION_LIMIT = 8000;

const SYSTEM = `
Your answer is read aloud to somebody on a call. Answer in two or three spoken sentences, without
lists, headings, code or addresses. Say so when you do not know.
`.trim();

export function createClaudeRoute(
  settings: Settings,
  gate: Gate,
  log: Log,
): (request: Request) => Promise<Response> {
  const key = process.env["ANTHROPIC_API_KEY"]?.trim() ?? "";
  const client = key === "" ? null : new Anthropic({ apiKey: key, maxRetries: 1 });
  return async (request) => {
    if (request.method !== "POST") return refused(refuse(405, "method_not_allowed", "Use POST here."));
    const admitted = await admit(settings, gate, request, "questions");
    if (isRefusal(admitted)) return refused(admitted);
    const { question } = admitted.body;
    if (typeof question !== "string" || question === "" || question.length > QUESTION_LIMIT) {
      return refused(refuse(400, "no_question", `Send a question of up to ${QUESTION_LIMIT} letters.`));
    }
    if (client === null) {
      return refused(refuse(503, "anthropic_key_missing", "ANTHROPIC_API_KEY is not set."));
    }
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      return json(200, { answer: await askClaude(client, question, signal) });
    } catch (error) {
      log(`claude failed: ${String(error)}`);
      const said = error instanceof APIError ? ` (${error.status ?? "no answer"})` : "";
      return refused(refuse(502, "claude_failed", `Claude could not be asked${said}.`));
    }
  };
}

/**
 * The tool-use loop of the Messages API: while Claude asks for tools, their results go back, all
 * those of one turn in one message. Rejects when it comes to no end.
 */
export async function askClaude(
  client: Anthropic,
  question: string,
  signal: AbortSignal,
): Promise<string> {
  const messages: Anthropic.MessageParam[] = [{ role: "user", content: question }];
  const tools = claudeTools.map(({ run: _run, ...definition }) => definition);
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    const request = { model: MODEL, max_tokens: MAX_TOKENS, system: SYSTEM, messages, tools };
    const message = await client.messages.create(request, { signal });
    // Unchanged: what it thought and asked for belongs to what it is told next.
    messages.push({ role: "assistant", content: message.content });
    if (message.stop_reason === "tool_use") {
      messages.push({ role: "user", content: await resultsOf(message.content) });
    } else if (message.stop_reason !== "pause_turn") {
      return wordsIn(message);
    }
  }
  throw new Error(`no answer after ${MAX_TURNS} turns`);
}

function resultsOf(
  asked: readonly Anthropic.ContentBlock[],
): Promise<Anthropic.ToolResultBlockParam[]> {
  const calls = asked.filter((block) => block.type === "tool_use");
  return Promise.all(
    calls.map(async ({ id, name, input }): Promise<Anthropic.ToolResultBlockParam> => {
      const tool = claudeTools.find((one) => one.name === name);
      try {
        if (tool === undefined) throw new Error(`there is no tool "${name}"`);
        const content = JSON.stringify(await tool.run(input));
        return { type: "tool_result", tool_use_id: id, content };
      } catch (error) {
        const content = error instanceof Error ? error.message : String(error);
        return { type: "tool_result", tool_use_id: id, content, is_error: true };
      }
    }),
  );
}

function wordsIn({ content, stop_reason: reason }: Anthropic.Message): string {
  const words = content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join("\n");
  if (words !== "") return words;
  throw new Error(`no words, stopped by ${reason}`);
}

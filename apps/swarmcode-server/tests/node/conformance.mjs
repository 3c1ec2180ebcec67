// The official Node client runs every scenario, whole and as a stream. It prints one JSON line
// for each: its id, and what was wrong, or null.
//
//     node conformance.mjs BASE_URL SCENARIOS.json MODULES

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import assert from "node:assert/strict";

const [baseURL, path, modules] = process.argv.slice(2);
const require = createRequire(join(modules, "openai", "package.json"));
const { OpenAI } = require("openai");
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });

const api = (scenario) =>
  scenario.kind === "chat" ? client.chat.completions : client.completions;
const body = (scenario) => ({ model: "recorded", ...scenario.body });

async function streamed(scenario) {
  const stream = await api(scenario).create({
    ...body(scenario),
    stream: true,
    stream_options: { include_usage: true },
  });
  const choices = new Map();
  let usage = null;
  for await (const chunk of stream) {
    if (chunk.usage) usage = chunk.usage;
    for (const part of chunk.choices) {
      const choice = choices.get(part.index) ?? { text: "", calls: [], logprobs: 0, finish: null };
      choices.set(part.index, choice);
      assert.equal(choice.finish, null, "a piece after the end");
      choice.text += (scenario.kind === "chat" ? part.delta.content : part.text) ?? "";
      for (const call of part.delta?.tool_calls ?? []) {
        const known = choice.calls[call.index];
        if (call.id) {
          assert.ok(!known && call.type === "function" && call.function.name);
          choice.calls[call.index] = [call.function.name, call.function.arguments];
        } else known[1] += call.function.arguments;
      }
      choice.logprobs += (part.logprobs?.content ?? part.logprobs?.tokens ?? []).length;
      choice.finish = part.finish_reason;
    }
  }
  return { choices: [...choices].sort(([a], [b]) => a - b).map(([, choice]) => choice), usage };
}

async function whole(scenario) {
  const answer = await api(scenario).create(body(scenario));
  const choices = answer.choices.map((choice) => ({
    text: (scenario.kind === "chat" ? choice.message.content : choice.text) ?? "",
    calls: (choice.message?.tool_calls ?? []).map((c) => [c.function.name, c.function.arguments]),
    logprobs: (choice.logprobs?.content ?? choice.logprobs?.tokens ?? []).length,
    finish: choice.finish_reason,
  }));
  return { choices, usage: answer.usage };
}

function check({ expect }, { choices, usage }) {
  const contents = expect.contents ?? ("content" in expect ? [expect.content] : null);
  if (contents) assert.deepEqual(choices.map((c) => c.text), contents.map((c) => c ?? ""));
  for (const choice of choices) {
    assert.equal(choice.finish, expect.finish);
    if ("logprobs" in expect) assert.equal(choice.logprobs, expect.logprobs);
    if ("calls" in expect)
      assert.deepEqual(choice.calls.map(([n, a]) => [n, JSON.parse(a)]), expect.calls);
  }
  if ("tokens" in expect) assert.equal(usage.completion_tokens, expect.tokens);
}

async function refused({ error }, ask) {
  try {
    await ask();
  } catch (caught) {
    assert.ok(caught instanceof OpenAI.APIError, String(caught));
    assert.equal(caught.status, error.status);
    assert.equal(caught.type, "invalid_request_error");
    assert.ok(caught.requestID);
    for (const name of ["code", "param"]) if (name in error) assert.equal(caught[name], error[name]);
    return;
  }
  assert.fail("it was not refused");
}

async function run(scenario) {
  if (scenario.error) return refused(scenario, () => api(scenario).create(body(scenario)));
  const one = await whole(scenario);
  const other = await streamed(scenario);
  check(scenario, one);
  check(scenario, other);
  assert.deepEqual(other, one, "a stream is not the whole answer");
}

for (const scenario of JSON.parse(readFileSync(path, "utf8"))) {
  let wrong = null;
  try {
    await run(scenario);
  } catch (error) {
    wrong = String(error);
  }
  console.log(JSON.stringify({ id: scenario.id, wrong }));
}

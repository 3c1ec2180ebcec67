// The page: a conversation with one of the server's models. Everything that comes from the model
// or a tool is put in as text, never as markup.

const $ = (id) => document.getElementById(id);
const messages = [];
const session = `page-${crypto.randomUUID()}`;
let running = null;

const headers = () => {
  const key = $("key").value.trim();
  return key ? { authorization: `Bearer ${key}` } : {};
};

function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function say(text) {
  $("status").textContent = text;
}

async function told(response) {
  const body = await response.json().catch(() => null);
  return body?.error?.message ?? `the server answered ${response.status}`;
}

async function loadModels() {
  const response = await fetch("v1/models", { headers: headers() }).catch(() => null);
  if (!response) return say("The server cannot be reached.");
  if (!response.ok) return say(`No models: ${await told(response)}`);
  const { data } = await response.json();
  const chosen = $("model").value;
  $("model").replaceChildren(
    ...data.map((model) => {
      const option = make("option", model.parent ? `${model.id} (adapter)` : model.id);
      option.value = model.id;
      option.selected = model.id === chosen;
      return option;
    }),
  );
  say(data.length ? "Ready." : "This server has no models now.");
}

function article(kind, name) {
  const element = make("article", "", kind);
  element.append(make("h2", name));
  $("log").append(element);
  return element;
}

function diff(patch) {
  const block = make("pre");
  block.setAttribute("aria-label", "Patch");
  for (const line of patch.replace(/\n$/, "").split("\n")) {
    const added = line.startsWith("+") && !line.startsWith("+++");
    const removed = line.startsWith("-") && !line.startsWith("---");
    block.append(make("span", line, added ? "added" : removed ? "removed" : "other"));
  }
  return block;
}

function looksLikePatch(text) {
  return /^@@ -\d/m.test(text);
}

function showCall(place, step) {
  const details = make("details");
  details.dataset.call = step.id;
  details.append(make("summary", `${step.name}: running`));
  let values = {};
  try {
    values = JSON.parse(step.arguments);
  } catch {
    values = { arguments: step.arguments };
  }
  for (const [name, value] of Object.entries(values)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    details.append(make("div", name));
    details.append(looksLikePatch(text) ? diff(text) : make("pre", text));
  }
  details.open = Object.values(values).some((v) => typeof v === "string" && looksLikePatch(v));
  place.append(details);
}

function showResult(place, step) {
  const details = [...place.querySelectorAll("details")].find((d) => d.dataset.call === step.id);
  if (!details) return;
  details.querySelector("summary").textContent = `${step.name}: ${step.success ? "done" : "failed"}`;
  details.append(make("div", "result"), make("pre", step.error ?? step.output));
}

function showStep(place, step) {
  if (step.step === "call") showCall(place, step);
  else if (step.step === "result") showResult(place, step);
  else if (step.patch) place.append(make("div", "What changed"), diff(step.patch));
}

// Yields the JSON of each event, however the bytes are cut.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    pending += value;
    const parts = pending.split("\n\n");
    pending = parts.pop();
    for (const part of parts) {
      if (!part.startsWith("data: ") || part === "data: [DONE]") continue;
      const event = JSON.parse(part.slice(6));
      if (event.error) throw new Error(event.error.message);
      yield event;
    }
  }
}

class Answer {
  constructor() {
    this.place = article("assistant", $("model").value);
    this.text = "";
    this.began = performance.now();
    this.first = null;
    this.pieces = 0;
    this.usage = null;
    this.target = null;
  }

  take(event) {
    if (event.usage) this.usage = event.usage;
    if (event.swarmcode) {
      showStep(this.place, event.swarmcode);
      this.target = null;
    }
    const content = event.choices?.[0]?.delta?.content;
    if (!content) return;
    this.first ??= performance.now();
    this.pieces += 1;
    this.text += content;
    if (!this.target) {
      this.target = make("div", "", "text");
      this.place.append(this.target);
    }
    this.target.textContent += content;
    this.tell("Answering");
  }

  tell(word) {
    const seconds = (performance.now() - (this.first ?? this.began)) / 1000;
    const tokens = this.usage?.completion_tokens ?? this.pieces;
    const rate = seconds > 0 ? (tokens / seconds).toFixed(1) : "–";
    const wait = this.first === null ? "–" : Math.round(this.first - this.began);
    say(`${word}: ${tokens} tokens, ${rate} tokens/s, first after ${wait} ms.`);
  }
}

async function ask(question) {
  messages.push({ role: "user", content: question });
  article("user", "You").append(make("div", question, "text"));
  const body = {
    model: $("model").value,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  };
  if ($("tools").checked) body.swarmcode = { auto_tools: true, session };
  running = new AbortController();
  const answer = new Answer();
  say("Asking.");
  const response = await fetch("v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers() },
    body: JSON.stringify(body),
    signal: running.signal,
  });
  if (!response.ok) throw new Error(await told(response));
  try {
    for await (const event of events(response)) answer.take(event);
    answer.tell("Done");
  } finally {
    if (answer.text) messages.push({ role: "assistant", content: answer.text });
  }
}

async function send() {
  const question = $("question").value.trim();
  if (!question || running) return;
  $("question").value = "";
  $("send").disabled = true;
  $("stop").disabled = false;
  try {
    await ask(question);
  } catch (error) {
    if (error.name === "AbortError") say("Stopped.");
    else {
      article("error", "Error").append(make("div", error.message, "text"));
      say(`Failed: ${error.message}`);
    }
  } finally {
    running = null;
    $("send").disabled = false;
    $("stop").disabled = true;
    $("question").focus();
  }
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("question").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") running?.abort();
});
$("stop").addEventListener("click", () => running?.abort());
$("clear").addEventListener("click", () => {
  running?.abort();
  messages.length = 0;
  $("log").replaceChildren();
  say("Ready.");
  $("question").focus();
});
$("settings").addEventListener("submit", (event) => event.preventDefault());
$("key").addEventListener("change", loadModels);
loadModels();

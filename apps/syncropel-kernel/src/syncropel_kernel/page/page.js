// Threads on the left, a thread's records in the middle, one record on the right.
// Everything that a record says is put on the page as text, never as markup.
"use strict";

const find = (id) => document.getElementById(id);
const KEY = "syncropel-key";
const LONGEST = 500;
let chosen = null; // the thread that is shown
let watching = null; // ends the stream of that thread
let threads = [];
let shown = new Set(); // the ids of its records
let newest = 0; // what was there when it was opened ends here

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function say(text) { find("state").textContent = text; }

async function ask(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(key ? { "x-api-key": key } : {}) };
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401) {
    find("door").hidden = false;
    throw new Error("an API key is needed");
  }
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.message || `the server answered ${answer.status}`);
  }
  find("door").hidden = true;
  return answer;
}

const read = async (path) => (await ask(path)).json();
const threadLink = (name) => `#/thread/${encodeURIComponent(name)}`;
const recordLink = (id) => `#/record/${id}`;

// ── threads ──────────────────────────────────────────────────────────────────────────────

async function readThreads() {
  const all = [];
  for (let offset = 0; ; offset += 1000) {
    const page = (await read(`/v1/threads?limit=1000&offset=${offset}`)).data;
    all.push(...page);
    if (page.length < 1000) break;
  }
  threads = all.sort((a, b) => b.last_sequence - a.last_sequence);
  showThreads();
}

function showThreads() {
  const wanted = find("find").value.toLowerCase();
  const shown = threads.filter((each) => each.thread.toLowerCase().includes(wanted)).slice(0, LONGEST);
  find("threads").replaceChildren(...shown.map((each) => {
    const name = make("span", { class: "name" }, each.thread || "(without a name)");
    const count = make("span", { class: "quiet" }, String(each.records));
    const link = make("a", { href: threadLink(each.thread) }, name, count);
    if (each.thread === chosen) link.setAttribute("aria-current", "true");
    return make("li", {}, link);
  }));
}

// ── one thread ───────────────────────────────────────────────────────────────────────────

async function openThread(name) {
  if (chosen === name) return;
  chosen = name;
  if (watching) watching.abort();
  watching = new AbortController();
  shown = new Set();
  newest = threads.find((each) => each.thread === name)?.last_sequence ?? 0;
  find("title").textContent = name || "(without a name)";
  find("records").replaceChildren();
  showThreads();
  follow(name, watching.signal);
}

function line(record, isNew) {
  const body = { ...record.body };
  delete body.kind;
  delete body._v;
  const text = `${record.body.kind ?? ""} ${JSON.stringify(body)}`;
  const link = make("a", { href: recordLink(record.id), title: record.actor },
    make("span", { class: "act" }, record.act),
    make("span", { class: "quiet" }, String(record.clock)),
    make("span", { class: "text" }, text));
  const item = make("li", { "data-id": record.id }, link);
  if (isNew) item.className = "new";
  return item;
}

function add(record) {
  if (shown.has(record.id)) return;
  shown.add(record.id);
  const list = find("records");
  list.append(line(record, record.sequence > newest));
  while (list.children.length > LONGEST) list.firstChild.remove();
}

// Reads the event stream by hand: EventSource could send no API key.
async function follow(name, signal) {
  let last = "";
  let pause = 500;
  while (!signal.aborted) {
    try {
      const path = `/v1/threads/${encodeURIComponent(name)}/watch`;
      const headers = last ? { "last-event-id": last } : {};
      const answer = await ask(last ? path : `${path}?since_clock=0`, { headers, signal });
      if (!last) for (const each of await zeroes(name)) add(each);
      pause = 500;
      say("live");
      for await (const event of eventsOf(answer.body)) {
        if (signal.aborted) return;
        last = event.id || last;
        if (event.event === "record.created") {
          add(JSON.parse(event.data).record);
          readThreads().catch(() => {});
        } else if (event.event === "server_shutdown") {
          pause = JSON.parse(event.data).retry_after_ms;
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      say(error.message);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 15000);
    if (!signal.aborted) say("connecting again");
  }
}

// A watch begins after a clock, so records at clock 0 are asked for.
async function zeroes(name) {
  const body = JSON.stringify({ filter: { clock: 0 }, thread: name, limit: 1000 });
  return (await (await ask("/v1/records/query", { method: "POST", body })).json()).data;
}

async function* eventsOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const event = {};
      for (const row of part.split("\n")) {
        const at = row.indexOf(": ");
        event[row.slice(0, at)] = row.slice(at + 2);
      }
      yield event;
    }
  }
}

// ── one record ───────────────────────────────────────────────────────────────────────────

async function openRecord(id) {
  const record = await read(`/v1/records/${encodeURIComponent(id)}`);
  await openThread(record.thread);
  const facts = make("dl");
  const fact = (name, ...values) => facts.append(make("dt", {}, name), make("dd", {}, ...values));
  fact("id", make("code", {}, record.id));
  fact("thread", make("a", { href: threadLink(record.thread) }, record.thread || "(without a name)"));
  fact("actor", record.actor);
  fact("clock", String(record.clock));
  fact("act", `${record.act}, ${record.data_type}`);
  if (record.parents.length) fact("parents", ...record.parents.map(parentOf));
  const refs = Array.isArray(record.body._refs) ? record.body._refs : [];
  if (refs.length) fact("refs", ...refs.map((ref) => make("div", { class: "ref" }, `${ref?.kind ?? ""} ${ref?.id ?? ""}`)));
  fact("signature", signatureOf(record));
  const side = find("record");
  side.replaceChildren(make("h2", {}, String(record.body.kind ?? "Record")), facts,
    make("pre", {}, JSON.stringify(record.body, null, 2)));
  side.hidden = false;
}

const parentOf = (id) => make("div", {}, make("a", { class: "parent", href: recordLink(id) }, make("code", {}, id)));

function signatureOf(record) {
  if (!record.signature) return "not signed";
  return `signed by ${record.signature.key}${record.signature.delegation ? ", delegated" : ""}`;
}

// ── where we are ─────────────────────────────────────────────────────────────────────────

async function go() {
  const [, kind, name] = location.hash.match(/^#\/(thread|record)\/(.*)$/) ?? [];
  try {
    if (kind === "record") await openRecord(decodeURIComponent(name));
    else if (kind === "thread") { find("record").hidden = true; await openThread(decodeURIComponent(name)); }
  } catch (error) {
    say(error.message);
  }
}

async function begin() {
  try {
    await readThreads();
    say(threads.length ? "" : "no records yet");
    await go();
  } catch (error) {
    say(error.message);
  }
  document.documentElement.dataset.ready = "yes";
}

find("find").addEventListener("input", showThreads);
find("door").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, find("key").value);
  chosen = null;
  begin();
});
addEventListener("hashchange", go);
setInterval(() => { if (!document.hidden) readThreads().catch((error) => say(error.message)); }, 5000);
begin();

// Checks the conformance vectors with an implementation that shares no code with the Python
// one: its own JSON reader, canonical writer, grammar, base58 and (through node) hashes and
// Ed25519. Run: node check.mjs   Prints one line per failure and a count; exits 1 on failure.

import { createHash, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";

const load = (name) => JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8"));

// ── JSON with exact numbers ───────────────────────────────────────────────────────────────
class Num { constructor(text) { this.text = text; } }

function parse(text) {
  let at = 0;
  const fail = (why) => { throw new Error(`INVALID_JSON ${why} at ${at}`); };
  const space = () => { while (" \t\n\r".includes(text[at]) && at < text.length) at += 1; };
  const string = () => {
    const start = at; at += 1;
    while (text[at] !== '"') { if (at >= text.length) fail("text"); at += text[at] === "\\" ? 2 : 1; }
    at += 1;
    return JSON.parse(text.slice(start, at));
  };
  const members = (close, one) => {
    at += 1; space();
    if (text[at] === close) { at += 1; return; }
    for (;;) {
      one(); space();
      if (text[at] === close) { at += 1; return; }
      if (text[at] !== ",") fail("comma");
      at += 1; space();
    }
  };
  const value = () => {
    space();
    const first = text[at];
    if (first === '"') return string();
    if (first === "[") { const list = []; members("]", () => list.push(value())); return list; }
    if (first === "{") {
      const map = new Map();
      members("}", () => {
        space(); if (text[at] !== '"') fail("key");
        const key = string(); space();
        if (text[at] !== ":") fail("colon");
        at += 1;
        if (map.has(key)) fail("duplicate key");
        map.set(key, value());
      });
      return map;
    }
    for (const [word, meaning] of [["true", true], ["false", false], ["null", null]]) {
      if (text.startsWith(word, at)) { at += word.length; return meaning; }
    }
    const number = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/.exec(text.slice(at));
    if (!number) fail("value");
    at += number[0].length;
    return new Num(number[0]);
  };
  const result = value(); space();
  if (at !== text.length) fail("end");
  return result;
}

// ── canonical JSON ────────────────────────────────────────────────────────────────────────
const isInteger = (num) => /^-?[0-9]+$/.test(num.text);

function number(num) {
  if (isInteger(num)) return BigInt(num.text).toString();
  const float = Number(num.text);
  if (!Number.isFinite(float)) throw new Error("INVALID_RECORD infinity");
  if (Number.isInteger(float)) return BigInt(float).toString();
  const [mantissa, exponent] = float.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 16) return plain(mantissa, power);
  const sign = power < 0 ? "-" : "+";
  return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
}

function plain(mantissa, power) {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replace("-", "").replace(".", "");
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${digits}`;
  return `${sign}${digits.slice(0, power + 1)}.${digits.slice(power + 1)}`;
}

const SHORT = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
function quote(text) {
  if (!text.isWellFormed()) throw new Error("INVALID_RECORD surrogate");
  return `"${text.replace(/["\\\u0000-\u001f]/g, (char) =>
    SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)}"`;
}

const byCodePoint = (a, b) => {
  const left = [...a], right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = left[i].codePointAt(0) - right[i].codePointAt(0);
    if (order) return order;
  }
  return left.length - right.length;
};

function canonical(value, depth = 0) {
  if (depth > 200) throw new Error("INVALID_RECORD depth");
  if (value === null || typeof value === "boolean") return String(value);
  if (value instanceof Num) return number(value);
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `[${value.map((each) => canonical(each, depth + 1)).join(",")}]`;
  const keys = [...value.keys()].sort(byCodePoint);
  return `{${keys.map((key) => `${quote(key)}:${canonical(value.get(key), depth + 1)}`).join(",")}}`;
}

const sha256 = (text) => createHash("sha256").update(text, "utf8").digest("hex");

// ── grammar and records ───────────────────────────────────────────────────────────────────
function isKind(kind) {
  if (typeof kind !== "string") return false;
  const parts = kind.split(".");
  if (parts.length < 2 || parts.length > 4) return false;
  if (!/^@?[a-z0-9_-]+$/.test(parts[0]) || !parts.slice(1).every((part) => /^[a-z0-9_-]+$/.test(part))) return false;
  if (/\s/.test(kind)) return false;
  if (parts.length === 4 && !/^v[0-9]+$/.test(parts[3])) return false;
  return parts.length > 2 || parts[0] === "core" || parts[0].startsWith("@");
}

const FIELDS = ["act", "actor", "body", "clock", "data_type", "parents", "thread"];
const ACTS = "GET PUT CALL MAP INTEND DO KNOW LEARN".split(" ");
const TYPES = "SCALAR FORMULA DISTRIBUTION REFERENCE MORPHISM VOID".split(" ");
const EXTRA = ["judged_by", "signature", "object", "id", "sequence"];

function content(record) {
  const hashed = new Map(FIELDS.map((name) => [name, record.get(name)]));
  hashed.set("parents", [...hashed.get("parents")].sort(byCodePoint));
  return canonical(hashed);
}

function recordId(record) {
  const refuse = (why) => { throw new Error(`INVALID_RECORD ${why}`); };
  if (!(record instanceof Map)) refuse("object");
  for (const key of record.keys()) if (!FIELDS.includes(key) && !EXTRA.includes(key)) refuse(key);
  const full = new Map([["data_type", "SCALAR"], ["parents", []], ...record]);
  for (const name of FIELDS) if (!full.has(name)) refuse(name);
  const text = (name, least) => {
    const value = full.get(name);
    if (typeof value !== "string" || [...value].length < least || [...value].length > 4096) refuse(name);
  };
  if (!ACTS.includes(full.get("act"))) refuse("act");
  if (!TYPES.includes(full.get("data_type"))) refuse("data_type");
  text("actor", 1); text("thread", 0);
  const clock = full.get("clock");
  if (!(clock instanceof Num) || !isInteger(clock)) refuse("clock");
  if (BigInt(clock.text) < 0n || BigInt(clock.text) >= 2n ** 63n) refuse("clock");
  const parents = full.get("parents");
  if (!Array.isArray(parents) || !parents.every((each) => typeof each === "string" && each)) refuse("parents");
  const body = full.get("body");
  if (!(body instanceof Map) || (body.has("kind") && !isKind(body.get("kind")))) refuse("body");
  if (full.has("judged_by") && full.get("judged_by") !== null && typeof full.get("judged_by") !== "string") refuse("judged_by");
  if (full.get("signature") != null && !(full.get("signature") instanceof Map)) refuse("signature");
  const id = sha256(content(full));
  if (full.has("id") && full.get("id") !== id) throw new Error("ID_MISMATCH");
  return id;
}

// ── keys and signatures ───────────────────────────────────────────────────────────────────
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
function keyOf(did) {
  if (!did.startsWith("did:key:z")) return null;
  let value = 0n;
  for (const char of did.slice(9)) {
    const digit = BASE58.indexOf(char);
    if (digit < 0) return null;
    value = value * 58n + BigInt(digit);
  }
  const hex = value.toString(16);
  return /^ed01[0-9a-f]{64}$/.test(hex) ? hex.slice(4) : null;
}

const der = (hex) => Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(hex, "hex")]);
function isSigned(message, did, signature) {
  const key = keyOf(did);
  if (!key || !/^[A-Za-z0-9_-]{86}$/.test(signature)) return false;
  const bytes = Buffer.from(signature, "base64url");
  if (bytes.toString("base64url") !== signature) return false;
  return verify(null, Buffer.from(message), createPublicKey({ key: der(key), format: "der", type: "spki" }), bytes);
}

const owns = (did, key, keys) => {
  if (did.startsWith("did:key:")) return did === key ? "valid" : "invalid";
  if (!(did in keys)) return "unresolved";
  return keys[did].includes(key) ? "valid" : "invalid";
};

function checkSignature({ record, keys, at }) {
  const signature = record.signature;
  if (signature == null) return "unsigned";
  if (signature.profile !== "syncropel.sig/1" || signature.alg !== "Ed25519") return "invalid";
  if (typeof signature.key !== "string" || typeof signature.sig !== "string") return "invalid";
  if (!isSigned(content(parse(JSON.stringify(record))), signature.key, signature.sig)) return "invalid";
  const delegation = signature.delegation;
  if (!delegation) return owns(record.actor, signature.key, keys);
  if (delegation.profile !== "syncropel.delegation/1") return "invalid";
  if (delegation.subject !== record.actor || delegation.key !== signature.key) return "invalid";
  if (at < delegation.not_before || at > delegation.not_after) return "invalid";
  const { sig, ...rest } = delegation;
  if (!isSigned(canonical(parse(JSON.stringify(rest))), delegation.issuer_key, sig)) return "invalid";
  const home = delegation.issuer === record.actor ||
    (delegation.issuer.startsWith("did:web:") && record.actor.startsWith(`${delegation.issuer}:`));
  if (!home && !(delegation.issuer in keys)) return "unresolved";
  return owns(delegation.issuer, delegation.issuer_key, keys);
}

// ── portability: what JSON.stringify(JSON.parse(…)) would keep ────────────────────────────
function isPortable(value) {
  if (typeof value === "string") return value.isWellFormed();
  if (value instanceof Num) {
    const written = number(value);
    return !written.includes("e") && String(Number(written)) === written && Math.abs(Number(written)) <= 2 ** 53;
  }
  if (Array.isArray(value)) return value.every(isPortable);
  if (value instanceof Map) return [...value].every(([key, each]) => isPortable(key) && isPortable(each));
  return true;
}

// ── the checks ────────────────────────────────────────────────────────────────────────────
const attempt = (action) => { try { return action(); } catch (error) { return { error: error.message }; } };
const checks = {
  kinds: (v) => isKind(v.kind) === v.valid,
  canonical: (v) => {
    const text = attempt(() => canonical(parse(v.json)));
    return v.canonical === null ? Boolean(text.error) : text === v.canonical;
  },
  ids: (v) => attempt(() => recordId(parse(v.json))) === v.id,
  envelopes: (v) => {
    const id = attempt(() => recordId(parse(v.json)));
    return v.valid ? id === v.id : Boolean(id.error?.startsWith(v.code));
  },
  dids: (v) => ("key" in v ? keyOf(v.did) === v.key : true),
  signatures: (v) => attempt(() => checkSignature(v)) === v.status,
  interop: (v) => attempt(() => isPortable(parse(v.json))) === v.portable,
};

let count = 0;
let failed = 0;
for (const [file, check] of Object.entries(checks)) {
  for (const vector of load(file)) {
    count += 1;
    if (!check(vector)) { failed += 1; console.log(`${file}: ${vector.name}`); }
  }
}
console.log(`${count} vectors checked, ${failed} failed`);
process.exit(failed ? 1 : 0);

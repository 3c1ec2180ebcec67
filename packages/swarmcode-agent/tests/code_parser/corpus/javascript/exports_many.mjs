import fs, { promises } from "node:fs";
import "./side-effect.js";
export * from "./all.js";
export { add as plus, sub } from "./math.js";

const lazy = import("./lazy.js");

export let counter = 0;
export function bump() { counter += 1; }
export { lazy, fs as files };

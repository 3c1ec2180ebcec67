import type { Config } from "./config";
import def, * as everything from "../everything";
import legacy = require("legacy");
import "reflect-metadata";
export type { Config };
export { def as default } from "./def";

export default function main(config: Config): void {
  everything.run(config, legacy);
}

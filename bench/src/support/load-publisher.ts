import { connect, loadConfig } from "@mapek/runtime";
import { normalValues } from "./result.ts";

/** A process that publishes so many single samples a second of a thousand series, evenly. */
const [url = "", perSecond = "0"] = process.argv.slice(2);
const SERIES = 1_000;
const TICK_MS = 5;

const { nc } = await connect(loadConfig({ flags: { "nats.url": url } }).nats, "bench-load");
const subjects = Array.from({ length: SERIES }, (_, i) => `mapek.metrics.background.m${i}`);
const payloads = Array.from(normalValues(1_024, 44), (value) => (50 + 5 * value).toFixed(2));
const began = performance.now();
let sent = 0;
setInterval(() => {
  const due = ((performance.now() - began) * Number(perSecond)) / 1_000;
  for (; sent < due; sent++)
    nc.publish(subjects[sent % SERIES] as string, payloads[sent & 1_023] as string);
}, TICK_MS);
process.send?.("ready");
process.on("disconnect", () => process.exit(0));

import { connect, loadConfig } from "@mapek/runtime";

/** The other end of the baseline: a process that counts messages and answers those that ask. */
const [url = ""] = process.argv.slice(2);
const REPORT_MS = 5;

const { nc } = await connect(loadConfig({ flags: { "nats.url": url } }).nats, "bench-raw");
let count = 0;
let reported = 0;
nc.subscribe("mapek.>", {
  callback: (_error, message) => {
    count++;
    if (message.reply) message.respond(message.data);
  },
});
await nc.flush();
setInterval(() => {
  if (count === reported) return;
  reported = count;
  process.send?.(count);
}, REPORT_MS);
process.send?.(0);
process.on("disconnect", () => process.exit(0));

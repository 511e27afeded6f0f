import { readFileSync } from "node:fs";
import { startServer } from "@mapek/nats-server";
import { connect, ensureStreams, loadConfig, publishAtomically, streamDeclarations } from "@mapek/runtime";
const cpu = (pid: number) => { const f = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" "); return (Number(f[11]) + Number(f[12])) / 100; };
for (const variant of ["views", "noviews"]) {
  await using server = await startServer();
  const config = loadConfig({ flags: { "nats.url": server.url } });
  const { nc, js, jsm } = await connect(config.nats, "x");
  let decl = streamDeclarations(config);
  if (variant === "noviews") decl = decl.slice(0, 1).map(({ republish: _, ...d }: any) => d);
  await ensureStreams(jsm, decl);
  const data = new TextEncoder().encode("x".repeat(400));
  const N = 20_000;
  const go = async (name: string, per: number, work: (i: number) => Promise<unknown>, par = 256) => {
    const b = cpu(server.pid), t = performance.now(), me = process.cpuUsage();
    let next = 0; await Promise.all(Array.from({ length: par }, async () => { while (next < N / per) await work(next++); }));
    await new Promise((r) => setTimeout(r, 500));
    const u = process.cpuUsage(me);
    console.log(variant, name, "server µs/msg", ((cpu(server.pid) - b) / N * 1e6).toFixed(1), "client µs/msg", ((u.user + u.system) / N).toFixed(1), "msgs/s", (N / (performance.now() - t - 500) * 1000).toFixed(0));
  };
  await go("plain in", 1, (i) => js.publish(`mapek-kb.in.feedback.${i % 16}`, data));
  await go("plain in + msgID", 1, (i) => js.publish(`mapek-kb.in.feedback.${i % 16}`, data, { msgID: `a${i}` }));
  await go("plain log.feedback", 1, (i) => js.publish(`mapek-kb.log.feedback.s${i % 200}.performance_adaptation`, data));
  await go("plain log.other", 1, (i) => js.publish(`mapek-kb.log.transitions.s${i % 200}`, data));
  for (const size of [10, 100, 500])
    await go(`atomic ${size} log.feedback`, size, (i) => publishAtomically(nc, Array.from({ length: size }, (_, k) => ({ subject: `mapek-kb.log.feedback.s${(i * size + k) % 200}.performance_adaptation`, data }))), 1);
  await go(`atomic 100 in.optimizer`, 100, (i) => publishAtomically(nc, Array.from({ length: 100 }, (_, k) => ({ subject: `mapek-kb.in.optimizer.${(i + k) % 16}`, data }))), 1);
  const noq: any = nc; void noq;
  await nc.close();
}

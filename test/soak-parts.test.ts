// The parts of the harness do what their names say.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { describeSchedule, FAULT_KINDS, scheduleOf } from "./soak/schedule.ts";
import { soak } from "./soak/soak.ts";
import { summaryOf } from "./soak/summary.ts";
import { TcpProxy } from "./soak/tcp-proxy.ts";
import { STUCK_MS, waitFor } from "./support/wait-for.ts";

it("a seed always gives the same schedule, and consecutive ones all kinds", () => {
  const seeds = Array.from({ length: 200 }, (_, seed) => seed);
  const lines = seeds.map((seed) => describeSchedule(scheduleOf(seed)));
  expect(seeds.map((seed) => describeSchedule(scheduleOf(seed)))).toEqual(lines);
  expect(new Set(lines).size).toBe(200);
  expect(
    new Set(seeds.slice(7, 7 + FAULT_KINDS.length).map((seed) => scheduleOf(seed).kind)),
  ).toEqual(new Set(FAULT_KINDS));
});

it("a clock is off by what its file says, and right again", () => {
  const folder = mkdtempSync(join(tmpdir(), "mapek-clock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "clock");
  writeFileSync(file, "-3600000");
  const preload = new URL("./soak/shifted-clock.ts", import.meta.url).href;
  const script = `
    import { writeFileSync } from "node:fs";
    const told = [Date.now(), new Date().getTime(), new Date(5).getTime(), Date.parse(Date())];
    writeFileSync(${JSON.stringify(file)}, "0");
    const deadline = performance.now() + ${STUCK_MS};
    const check = () => {
      if (Date.now() > told[0] + 3_000_000 || performance.now() > deadline)
        console.log(JSON.stringify([...told, Date.now(), new Date() instanceof Date]));
      else setTimeout(check, 5);
    };
    check();`;
  const out = execFileSync(
    process.execPath,
    [`--import=${preload}`, "--input-type=module", "-e", script],
    { env: { MAPEK_SOAK_CLOCK: file }, encoding: "utf8" },
  );
  const [now, made, given, text, later, isDate] = JSON.parse(out) as number[];
  const behind = Date.now() - 3_600_000;
  for (const time of [now, made, text])
    expect(Math.abs((time as number) - behind)).toBeLessThan(20_000);
  expect(given).toBe(5);
  expect(Math.abs((later as number) - Date.now())).toBeLessThan(20_000);
  expect(isDate).toBe(true);
});

it("a network lets through, holds back, goes on, and is cut", async () => {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  onTestFinished(() => void server.close());
  await using network = await TcpProxy.start((server.address() as AddressInfo).port);
  const port = Number(new URL(network.url).port);
  const client = connect(port, "127.0.0.1").setEncoding("utf8");
  let echo = "";
  client.on("data", (text) => {
    echo += text;
  });
  client.write("a");
  await waitFor("the echo", () => echo === "a");

  network.stall();
  client.write("b");
  const other = connect(port, "127.0.0.1");
  let heard = false;
  other.on("data", () => {
    heard = true;
  });
  other.write("c");
  await once(other, "connect");
  // What was sent later, past the network, has come back: what was sent into it has not.
  const beside = connect((server.address() as AddressInfo).port, "127.0.0.1");
  beside.write("d");
  await once(beside, "data");
  beside.destroy();
  expect([heard, echo]).toEqual([false, "a"]);
  network.heal();
  network.heal();
  await waitFor("both echoes", () => heard && echo === "ab");

  const closed = [client, other].map(whenClosed);
  network.cut();
  await Promise.all(closed);
  await whenClosed(connect(port, "127.0.0.1"));
});

it("a house that does not start is tried once more, and its schedule counted as failed; the soak goes on", async () => {
  const lines: string[] = [];
  const schedules = 4;
  let starts = 0;
  const start = async (): Promise<never> => {
    starts++;
    throw new Error("no room");
  };
  const result = await soak({ seed: 0, schedules, print: (line) => lines.push(line), start });
  const ran = schedules - result.skipped.length;
  expect(starts).toBe(2 * ran);
  expect(result.failures).toHaveLength(ran);
  expect(result.houseFailures).toHaveLength(2 * ran);
  expect(result.failures[0]?.reason).toBe("the house failed to start: no room");
  expect(lines.filter((line) => line.includes("attempt 2 of 2"))).toHaveLength(ran);
  const rows = summaryOf(result);
  expect(rows.reduce((sum, { houseFailures }) => sum + houseFailures, 0)).toBe(2 * ran);
  expect(rows.reduce((sum, { stuck }) => sum + stuck, 0)).toBe(ran);
});

/** Resolves when a socket is closed, by an error too. */
const whenClosed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on("error", () => {}).on("close", () => resolve());
  });

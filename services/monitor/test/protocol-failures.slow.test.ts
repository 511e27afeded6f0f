// What a sender is told when its samples are not stored, and what becomes of them when it comes again.
import { ensureStreams, loadConfig, STREAMS, streamDeclarations } from "@mapek/runtime";
import { expect, test } from "vitest";
import { openHouse, startMonitor } from "./house.ts";

const NOW = Date.now() - 60_000;

async function openDesk(ingest: object, protocols: object = {}) {
  const house = await openHouse();
  const monitor = await startMonitor(
    house.server.url,
    ingest,
    {},
    {
      http_port: 0,
      counters: ["hits"],
      ...protocols,
    },
  );
  const { http } = (await monitor.health()).protocols as { http: string };
  const post = (system: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${http}/write?precision=ms&system=${system}`, { method: "POST", body, headers });
  return {
    ...{ house, monitor, post },
    async [Symbol.asyncDispose]() {
      await monitor[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

test("a system that sends too much is told when to come again, and the others are taken in", async () => {
  await using desk = await openDesk({ max_samples_per_second_per_system: 5 });
  const lines = Array.from({ length: 4_000 }, (_, i) => `m value=${i} ${NOW + i}`).join("\n");
  expect((await desk.post("loud", lines)).status).toBe(204);
  const refused = await desk.post("loud", `m value=1 ${NOW + 5_000}`);
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ code: "MAPEK_OVERLOADED" });
  expect((await desk.post("quiet", `m value=1 ${NOW}`)).status).toBe(204);
  expect(await desk.monitor.metric("mapek_overload_refused_total", "loud")).toBe(1);
});

test("who does not bring the token is refused", async () => {
  await using desk = await openDesk({}, { http_token: "a secret word" });
  const ask = async (authorization?: string) => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    return (await desk.post("s", `m value=1 ${NOW}`, headers as Record<string, string>)).status;
  };
  expect(await ask()).toBe(401);
  expect(await ask("Bearer another word")).toBe(401);
  expect(await ask("a secret word")).toBe(401);
  expect(await ask("Bearer a secret word")).toBe(204);
  expect(await ask("Token a secret word")).toBe(204);
  expect(await desk.monitor.metric("mapek_rejected_total")).toBe(3);
});

test("bodies for which there is no room are refused before they are read", async () => {
  await using desk = await openDesk({ max_waiting_bytes: 2_000 });
  const refused = await desk.post("s", `m value=1 ${NOW}\n`.repeat(200));
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "5"]);
  expect((await desk.post("s", `m value=1 ${NOW}`)).status).toBe(204);
});

test("what is not stored is answered so, and gives the same when it comes again", async () => {
  await using desk = await openDesk({});
  const { house, post } = desk;
  expect((await post("s", `hits value=10 ${NOW}`)).status).toBe(204);
  await house.jsm.streams.delete(STREAMS.samples);
  const lines = `hits value=30 ${NOW + 10_000}\nhits value=40 ${NOW + 20_000}\nm value=5 ${NOW}`;
  const lost = await post("s", lines);
  expect([lost.status, lost.headers.get("Retry-After")]).toEqual([503, "5"]);
  expect(await lost.json()).toMatchObject({ code: "MAPEK_NOT_STORED" });
  await ensureStreams(house.jsm, streamDeclarations(loadConfig()));
  expect((await post("s", lines)).status).toBe(204);
  const stored = await house.stored("s/");
  expect(stored.map(({ key, time, value }) => [key, time - NOW, value]).sort()).toEqual([
    ["s/hits_rate", 10_000, 2],
    ["s/hits_rate", 20_000, 1],
    ["s/m", 0, 5],
  ]);
});

// A storm in the console: one line, its anomalies on demand, and the end of each at once.
import { afterAll, beforeAll, expect, it } from "vitest";
import { Storm } from "../../../test/support/storm.ts";
import { waitFor } from "../../../test/support/wait-for.ts";
import { EventReader } from "./event-reader.ts";
import { type House, openHouse } from "./house.ts";

const HOSTS = 8;
const [SYSTEM, METRIC] = ["checkout", "cpu"];
const storm = new Storm(HOSTS, Date.now());
let house: House;

const publishAll = async (samplesOf: (host: number) => object) => {
  for (let host = 0; host < HOSTS; host++)
    await house.client.publish(SYSTEM, METRIC, samplesOf(host) as never, { acknowledge: true });
};
// biome-ignore lint/suspicious/noExplicitAny: what a test reads is what it expects.
const get = async (path: string): Promise<any> =>
  (await fetch(`${house.console.http}${path}`)).json();

beforeAll(async () => {
  house = await openHouse({});
  await publishAll((host) => storm.usual(host));
  await waitFor("all series", async () => (await get("/api/series")).total === HOSTS);
  await publishAll((host) => storm.off(host));
  await waitFor("the storm", async () => {
    const series = await house.client.series(SYSTEM);
    return series.filter(({ open_anomaly }) => open_anomaly !== null).length === HOSTS;
  });
});
afterAll(() => house?.[Symbol.asyncDispose]());

it("is one group in the list of series and on the page of its system", async () => {
  const list = await waitFor("the list knows all", async () => {
    const found = await get("/api/series");
    return found.open === HOSTS && found;
  });
  expect(list.groups).toHaveLength(1);
  expect(list.groups[0]).toMatchObject({ id: `${SYSTEM}@${storm.beganAt}`, system: SYSTEM });
  expect(list.groups[0].line).toMatch(
    /^checkout: 8 anomalies since .*, first cpu\{host="h0"\}, rarest cpu\{host="h\d"\}: /,
  );
  const { groups } = await get(`/api/system?system=${SYSTEM}`);
  expect(groups[0].line).toBe(list.groups[0].line);
  expect(groups[0].anomalies.map((one: { labels: object }) => one.labels)).toEqual(
    storm.hosts.map((host) => ({ host })),
  );
  expect(groups[0].anomalies[0]).toMatchObject({
    rarity: expect.stringMatching(/one hour (of|in) [\d,]+$/),
    unusual: expect.stringMatching(/^a .* comes? in/),
  });
  expect((await get("/api/series?search=nothing")).groups).toEqual([]);
});

it("a series tells what it has spent of its budget, and of an anomaly what was expected", async () => {
  const query = new URLSearchParams({
    system: SYSTEM,
    metric: METRIC,
    labels: JSON.stringify(storm.labels(3)),
  });
  const { state, history } = await get(`/api/series/one?${query}`);
  expect(state.alarm_budget_spent).toBeCloseTo(2, 1);
  expect(state.alarm_budget_broken).toBe(false);
  const told = history.find(({ family }: { family: string }) => family === "anomalies");
  expect(told.message).toMatchObject({
    expected: expect.any(Number),
    surprises: { level: expect.any(Number) },
  });
});

it("the end is on the live page of the system and in the list within two seconds of the message", async () => {
  await using live = new EventReader(`${house.console.http}/events?watch=system&system=${SYSTEM}`);
  await using list = new EventReader(`${house.console.http}/events?watch=list&limit=25`);
  await waitFor("both are live", () => live.of("system").length > 0 && list.of("rows").length > 0);
  let toldAt = 0;
  house.client.onAnomaly({ system: SYSTEM }, ({ phase, labels }) => {
    if (phase === "closed" && labels.host === "h0") toldAt = Date.now();
  });
  await house.client.flush();
  await house.client.publish(SYSTEM, METRIC, storm.after(0, 40), { acknowledge: true });
  await waitFor("the closing message", () => toldAt > 0);
  await waitFor("it is in the feed, in the counts and in the list", () => {
    const closed = live
      .of("output")
      .some(({ data }) => data.family === "anomalies" && data.message.phase === "closed");
    return (
      closed &&
      live.of("system").at(-1)?.data.open === HOSTS - 1 &&
      list.of("rows").at(-1)?.data.open === HOSTS - 1
    );
  });
  expect(Date.now() - toldAt).toBeLessThan(2_000);
  expect((await get(`/api/system?system=${SYSTEM}`)).groups[0].anomalies).toHaveLength(HOSTS - 1);
});

it("what browsers import of the words is theirs to have", async () => {
  const response = await fetch(`${house.console.http}/app/vendor/anomaly-words.js`);
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text).not.toMatch(/^import /m);
});

// What other tools send, as they send it, to the real service.
import { gzipSync } from "node:zlib";
import { seriesKey } from "@mapek/core/contract";
import { compress } from "snappyjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promRequest, promRequestV2 } from "../../../test/support/prom-request.ts";
import { type House, type Monitor, openHouse, startMonitor, until } from "./house.ts";

let house: House;
let monitor: Monitor;
let http: string;

beforeAll(async () => {
  house = await openHouse();
  monitor = await startMonitor(
    house.server.url,
    { max_series_per_system: 50 },
    {},
    { http_port: 0, system_label: "job", counters: ["net_bytes_*"], max_body_bytes: 100_000 },
  );
  http = ((await monitor.health()).protocols as { http: string }).http;
});

afterAll(async () => {
  await monitor?.[Symbol.asyncDispose]();
  await house?.[Symbol.asyncDispose]();
});

const NOW = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

/** Key, time after the start and value of what is stored of a system. */
const stored = async (system: string) =>
  (await house.stored(`${system}/`)).map(({ key, time, value }) => [
    key.slice(system.length + 1),
    time - NOW,
    value,
  ]);
const key = (metric: string, labels: Record<string, string>) =>
  seriesKey("", metric, labels).slice(1);

const post = (path: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${http}${path}`, { method: "POST", body: Buffer.from(body), headers });

const remoteWrite = (body: Uint8Array, type = "application/x-protobuf", system = "prom") =>
  post(`/api/v1/write?system=${system}`, compress(body), {
    "Content-Encoding": "snappy",
    "Content-Type": type,
  });

describe("over NATS", () => {
  test("line protocol and JSON of Telegraf are stored and then answered", async () => {
    const line = `cpu,host=a usage=1.5,note="x" ${NOW}000000\nnet,host=a bytes_recv=100i ${NOW}000000`;
    expect(await house.send("mapek.telegraf.tele", line)).toEqual({ accepted: 1, rejected: [] });
    const json = {
      metrics: [
        {
          name: "net",
          fields: { bytes_recv: 150 },
          tags: { host: "a" },
          timestamp: NOW / 1_000 + 10,
        },
      ],
    };
    const reply = await house.send("mapek.telegraf.tele", JSON.stringify(json));
    expect(reply).toEqual({ accepted: 1, rejected: [] });
    expect(await stored("tele")).toEqual([
      [key("cpu_usage", { host: "a" }), 0, 1.5],
      [key("net_bytes_recv_rate", { host: "a" }), 10_000, 5],
    ]);
  });

  test("OTLP is read as JSON and as protobuf, and what is neither is answered with its code", async () => {
    const good = JSON.stringify(gauges([["g", 3]]));
    expect(await house.send("mapek.otlp.otel", good)).toEqual({ accepted: 1, rejected: [] });
    for (const bad of ["{", '{"resourceMetrics":5}', "\u0001\u0002\u0003"]) {
      const { accepted, rejected } = await house.send("mapek.otlp.otel", bad);
      expect([accepted, rejected[0]?.code]).toEqual([0, "MAPEK_MESSAGE_MALFORMED"]);
    }
    expect(await monitor.metric("mapek_rejected_total")).toBeGreaterThanOrEqual(3);
  });

  test("a batch with a broken line is stored but for that line, which is a dead letter", async () => {
    const letters: string[] = [];
    const watch = house.nc.subscribe("mapek.rejected.monitor", {
      callback: (_error, message) => {
        letters.push(message.string());
      },
    });
    const { accepted, rejected } = await house.send("mapek.telegraf.half", `a v=1\nb v=\nc v=2`);
    expect([accepted, rejected[0]?.code]).toEqual([2, "MAPEK_MESSAGE_MALFORMED"]);
    await until("the dead letter", () =>
      letters.some((one) => one.includes("mapek.telegraf.half")),
    );
    watch.unsubscribe();
  });
});

const gauges = (points: readonly (readonly [string, number])[]) => ({
  resourceMetrics: [
    {
      resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
      scopeMetrics: [
        {
          metrics: points.map(([name, asDouble]) => ({
            name,
            gauge: { dataPoints: [{ asDouble, timeUnixNano: `${NOW}000000` }] },
          })),
        },
      ],
    },
  ],
});

describe("over HTTP", () => {
  test("OTLP, packed or not, is stored when it is answered", async () => {
    const json = JSON.stringify(gauges([["my.gauge", 10]]));
    const type = { "Content-Type": "application/json" };
    const answer = await post("/v1/metrics", json, { ...type, "Mapek-System": "http-otlp" });
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
    const packed = await post(
      "/v1/metrics?system=http-otlp",
      gzipSync(json.replace("my.gauge", "two")),
      {
        ...type,
        "Content-Encoding": "gzip",
      },
    );
    expect(packed.status).toBe(200);
    expect(await stored("http-otlp")).toEqual([
      [key("my.gauge", { "service.name": "shop" }), 0, 10],
      [key("two", { "service.name": "shop" }), 0, 10],
    ]);
  });

  test("points beyond a limit are a partial success that says so", async () => {
    const many = gauges(Array.from({ length: 60 }, (_, i) => [`m${i}`, i] as const));
    const type = { "Content-Type": "application/json" };
    const answer = await post("/v1/metrics?system=crowd", JSON.stringify(many), type);
    expect(await answer.json()).toEqual({
      partialSuccess: {
        rejectedDataPoints: "10",
        errorMessage: expect.stringContaining("MAPEK_SERIES_LIMIT"),
      },
    });
    expect(await stored("crowd")).toHaveLength(50);
  });

  test("remote write 1.0 finds the system in a label, and makes rates of totals", async () => {
    const labels = { __name__: "hits_total", job: "job-1", code: "200" };
    const body = promRequest([
      {
        labels,
        samples: [
          [100, NOW],
          [130, NOW + 15_000],
        ],
      },
      {
        labels: { __name__: "up", job: "job-1" },
        samples: [
          [1, NOW],
          ["stale", NOW + 15_000],
        ],
      },
      { labels: { __name__: "up", job: "the other/1" }, samples: [[0, NOW]] },
    ]);
    const answer = await post("/api/v1/write", compress(body), {
      "Content-Encoding": "snappy",
      "Content-Type": "application/x-protobuf",
    });
    expect(answer.status).toBe(204);
    expect((await stored("job-1")).sort()).toEqual([
      [key("hits_total_rate", { code: "200", job: "job-1" }), 15_000, 2],
      [key("up", { job: "job-1" }), 0, 1],
    ]);
    expect(await stored("the_other_1")).toHaveLength(1);
  });

  test("remote write 2.0 tells how many samples are written", async () => {
    const type = "application/x-protobuf;proto=io.prometheus.write.v2.Request";
    const body = promRequestV2([
      {
        labels: { __name__: "temp" },
        type: 2,
        samples: [
          [20, NOW],
          [21, NOW + 1_000],
        ],
      },
      {
        labels: { __name__: "requests" },
        type: 1,
        samples: [
          [5, NOW],
          [6, NOW + 2_000],
        ],
      },
    ]);
    const answer = await remoteWrite(body, type, "v2");
    expect(answer.status).toBe(204);
    expect(answer.headers.get("X-Prometheus-Remote-Write-Samples-Written")).toBe("4");
    expect(answer.headers.get("X-Prometheus-Remote-Write-Histograms-Written")).toBe("0");
    expect((await stored("v2")).sort()).toEqual([
      ["requests_rate", 2_000, 0.5],
      ["temp", 0, 20],
      ["temp", 1_000, 21],
    ]);
  });

  test("line protocol is taken at both paths, in the precision that is named", async () => {
    const one = await post("/api/v2/write?bucket=b&org=o&precision=s", `m value=1 ${NOW / 1_000}`, {
      "Mapek-System": "lines",
    });
    const two = await post("/write?db=d&system=lines", `m value=2 ${NOW + 1}000000`);
    expect([one.status, two.status]).toEqual([204, 204]);
    expect(await stored("lines")).toEqual([
      ["m", 0, 1],
      ["m", 1, 2],
    ]);
    expect(await monitor.metric("mapek_protocol_readings_total")).toBeGreaterThan(10);
  });

  test.each([
    ["a body that is no JSON", "/v1/metrics", "{", 400, "MAPEK_MESSAGE_MALFORMED"],
    ["a line that is none", "/write", "no fields", 400, "MAPEK_MESSAGE_MALFORMED"],
    [
      "a precision that is none",
      "/write?precision=constructor",
      "m v=1",
      400,
      "MAPEK_MESSAGE_INVALID",
    ],
    ["a system that is none", "/write?system=a.b", "m v=1", 400, "MAPEK_SUBJECT_INVALID"],
    ["a body that is too large", "/write", "x".repeat(100_001), 413, "MAPEK_MESSAGE_TOO_LARGE"],
  ])("%s is refused with its code", async (_what, path, body, status, code) => {
    const before = await monitor.metric("mapek_rejected_total");
    const answer = await post(path, body);
    expect(await monitor.metric("mapek_rejected_total")).toBe(before + 1);
    expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(code)]);
  });

  test("what unpacks to too much, or to nothing, is refused", async () => {
    const gzip = { "Content-Encoding": "gzip" };
    const bomb = await post("/write", gzipSync("x".repeat(200_000)), gzip);
    const snappyBomb = await remoteWrite(new Uint8Array(200_000));
    const broken = await post("/write", "not gzip", gzip);
    const unknown = await post("/write", "m v=1", { "Content-Encoding": "constructor" });
    const noSnappy = await post("/api/v1/write", "x");
    expect([bomb, snappyBomb, broken, unknown, noSnappy].map(({ status }) => status)).toEqual([
      413, 413, 400, 415, 415,
    ]);
  });
});

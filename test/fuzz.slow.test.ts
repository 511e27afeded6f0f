// Garbage, through the decoders in process and over NATS against the running house: coded refusals and nothing else.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import {
  decodeBody,
  decodeSamples,
  encodeMsgpack,
  MESSAGE_ERRORS,
  MSGPACK_TYPE,
} from "@mapek/core/contract";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fuzzDecoders } from "./support/fuzz-decoders.ts";
import { GarbageMaker } from "./support/garbage.ts";
import { startTestServer } from "./support/nats.ts";
import { startServices } from "./support/service-process.ts";
import { ANSWER_MS } from "./support/wait-for.ts";

const PAYLOADS = 100_000;
const MEBIBYTE = 1_048_576;
const MAX_PAYLOAD_BYTES = 262_144;

describe("decoders", () => {
  it(`refuse ${PAYLOADS} payloads with codes, within bounds of memory`, () => {
    const result = fuzzDecoders(PAYLOADS, 1);
    process.stderr.write(`fuzz: ${JSON.stringify(result)}\n`);
    const refused = Object.values(result.refused).reduce((sum, count) => sum + count, 0);
    expect(result.accepted + refused).toBe(2 * PAYLOADS);
    expect(Object.keys(result.refused)).toEqual(
      expect.arrayContaining([
        "MAPEK_MESSAGE_MALFORMED",
        "MAPEK_MESSAGE_INVALID",
        "MAPEK_MESSAGE_UNKNOWN_VERSION",
        "MAPEK_SAMPLE_NOT_FINITE",
        "MAPEK_SAMPLE_BAD_TIMESTAMP",
        "MAPEK_SAMPLE_BAD_LABELS",
      ]),
    );
    expect(result.accepted).toBeGreaterThan(PAYLOADS / 100);
    expect(result.grownBytes).toBeLessThan(256 * MEBIBYTE);
  });

  it.each([
    ["an array of 4 billion", [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ["an array of 30 million", [0xdd, 0x01, 0xc9, 0xc3, 0x80]],
    ["a map of 4 billion", [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ["a text of 4 GiB", [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61]],
    ["binary of 2 GiB", [0xc6, 0x7f, 0xff, 0xff, 0xff, 0x00]],
    ["an extension", [0xc7, 0x04, 0x72, 1, 2, 3, 4]],
    ["a typed array of our decoder's", [0xc7, 0x05, 0x74, 9, 1, 2, 3, 4]],
    ["a reference of our decoder's", [0xd6, 0x70, 0, 0, 0, 1]],
    ["a length cut off", [0xdd, 0xff]],
    ["a key that is a number", [0x81, 0x01, 0x01]],
    ["more than one value", [0x90, 0x90]],
    ["arrays in arrays", Array<number>(100_000).fill(0x91)],
  ])("refuse MessagePack that declares %s, and allocate nothing for it", (_name, bytes) => {
    const payload = Uint8Array.from(bytes);
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 100; i++)
      expect(decodeBody(payload, MSGPACK_TYPE)).toMatchObject({
        ok: false,
        error: { code: "MAPEK_MESSAGE_MALFORMED" },
      });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * MEBIBYTE);
  });

  it("take everything that our encoder writes of plain data, up to the bound of nesting", () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: [nested(depth - 1)] });
    const bodies = [
      { a: undefined, b: null, c: true, d: -1, e: 2 ** 40, f: 1.5, g: "ö".repeat(70_000), h: [] },
      { binary: new Uint8Array(70_000), list: Array(70_000).fill(0), "": {} },
      Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`k${i}`, i])),
      nested(16),
    ];
    for (const body of bodies) expect(decodeBody(encodeMsgpack(body))).toMatchObject({ ok: true });
    expect(decodeBody(encodeMsgpack(nested(17))).ok).toBe(false);
  });

  it("refuse JSON nested so deep that printing it would end the stack", () => {
    for (const depth of [600, 400_000]) {
      const text = `{"value":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      expect(decodeSamples(new TextEncoder().encode(text))).toMatchObject({
        ok: false,
        error: { code: "MAPEK_MESSAGE_MALFORMED" },
      });
    }
    const brackets = JSON.stringify({ value: 1, metric: `\\"${"[".repeat(600)}` });
    expect(decodeSamples(new TextEncoder().encode(brackets)).ok).toBe(true);
  });

  it("refuse compressed payloads: nothing is decompressed", () => {
    const body = Buffer.from(JSON.stringify({ value: 1 }));
    for (const bytes of [gzipSync(body), zstdCompressSync(body)])
      expect(decodeSamples(bytes)).toMatchObject({
        ok: false,
        error: { code: "MAPEK_MESSAGE_MALFORMED" },
      });
  });
});

describe("the running house", () => {
  let server: Awaited<ReturnType<typeof startTestServer>>;
  let services: Awaited<ReturnType<typeof startServices>>;
  let nc: NatsConnection;
  let folder = "";

  beforeAll(async () => {
    server = await startTestServer();
    folder = mkdtempSync(join(tmpdir(), "mapek-fuzz-"));
    const config = join(folder, "config.yaml");
    writeFileSync(config, `mape_k_tuning: {ingest: {max_payload_bytes: ${MAX_PAYLOAD_BYTES}}}`);
    services = await startServices({ NATS_URL: server.url, MAPEK_CONFIG: config });
    nc = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await nc?.close();
    await services?.[Symbol.asyncDispose]();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const SUBJECTS = [
    "mapek.metrics.fuzz.latency",
    "mapek.metrics.fuzz._",
    "mapek.telegraf.fuzz",
    "mapek.otlp.fuzz",
    "mapek.performance.fuzz",
    "mapek.signals.fuzz.anomaly_feedback",
    "mapek.signals.fuzz.metrics_learning",
    "mapek.signals.fuzz.decision_quality.source",
    "mapek.control.learner.fuzz",
    "mapek.control.optimizer.fuzz",
    "mapek.control.feedback.fuzz",
    "mapek.requests.learner.statistics.fuzz",
    "mapek.requests.learner.import.fuzz",
    "mapek.requests.feedback.signals.fuzz",
  ];
  const MESSAGES = 12_000;
  const AT_ONCE = 100;

  /** Resident memory of each service, MiB, as it says itself. */
  async function residentMiB(): Promise<Record<string, number>> {
    const { monitor, learner, optimizer, feedback } = services;
    const figures = await Promise.all(
      [monitor, learner, optimizer, feedback].map(async (service) => {
        const line = /^mapek_process_resident_memory_bytes\S* (\S+)$/m.exec(
          await service.metrics(),
        );
        return [service.service, Math.round(Number(line?.[1]) / MEBIBYTE)] as const;
      }),
    );
    return Object.fromEntries(figures);
  }

  async function codesOf(subject: string, bytes: Uint8Array, contentType: string | undefined) {
    const header = headers();
    if (contentType !== undefined) header.set("Content-Type", contentType);
    const reply = await nc.request(subject, bytes, { timeout: ANSWER_MS, headers: header });
    const body = reply.json<{
      rejected?: { code: string }[];
      items?: unknown[];
      error?: { code: string };
    }>();
    if (body.error !== undefined) return [body.error.code];
    return (body.rejected ?? []).map(({ code }) => code);
  }

  it(`answers ${MESSAGES} garbage messages with codes, goes on working, and stays small`, async () => {
    const maker = new GarbageMaker(2);
    const counts: Record<string, number> = {};
    const before = await residentMiB();
    for (let sent = 0; sent < MESSAGES; sent += AT_ONCE)
      await Promise.all(
        Array.from({ length: AT_ONCE }, async (_, i) => {
          const { bytes, contentType } = maker.next();
          const subject = SUBJECTS[(sent + i) % SUBJECTS.length] as string;
          const codes = await codesOf(subject, bytes, contentType);
          for (const code of codes.length > 0 ? codes : ["accepted"])
            counts[code] = (counts[code] ?? 0) + 1;
        }),
      );
    const after = await residentMiB();
    process.stderr.write(`fuzz over NATS: ${JSON.stringify({ counts, before, after })}\n`);
    const { accepted, ...codes } = counts;
    for (const code of Object.keys(codes)) expect(MESSAGE_ERRORS).toHaveProperty(code);
    expect(codes.MAPEK_MESSAGE_MALFORMED).toBeGreaterThan(MESSAGES / 10);
    expect(accepted).toBeGreaterThan(0);
    for (const [service, mib] of Object.entries(after))
      expect(mib - (before[service] ?? 0), service).toBeLessThan(256);
    const good = await nc.request("mapek.metrics.fuzz.after", "1.5", { timeout: ANSWER_MS });
    expect(good.json()).toEqual({ accepted: 1, rejected: [] });
    const { monitor, learner, optimizer, feedback } = services;
    for (const { http } of [monitor, learner, optimizer, feedback])
      expect((await fetch(`${http}/readyz`)).status).toBe(200);
  });

  it.each([
    "mapek.metrics.fuzz.large",
    "mapek.telegraf.fuzz",
    "mapek.otlp.fuzz",
    "mapek.performance.fuzz",
    "mapek.signals.fuzz.decision_quality",
  ])("refuses a payload on %s that is larger than configured", async (subject) => {
    const large = new Uint8Array(MAX_PAYLOAD_BYTES + 1).fill(0x20);
    expect(await codesOf(subject, large, undefined)).toEqual(["MAPEK_MESSAGE_TOO_LARGE"]);
    expect(await codesOf(subject, large.subarray(1), undefined)).toEqual([
      "MAPEK_MESSAGE_MALFORMED",
    ]);
  });
});

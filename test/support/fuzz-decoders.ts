import {
  checkSample,
  type Decoded,
  decodeSamples,
  feedbackControl,
  learnerControl,
  MESSAGE_ERRORS,
  MessageError,
  optimizerControl,
  performance as performanceReport,
  refused,
  request,
  seriesExport,
  signals,
  accepted as sound,
} from "@mapek/core/contract";
import { type FormatRequest, HTTP_FORMATS } from "@mapek/ingest";
import { type Garbage, GarbageMaker } from "./garbage.ts";

/** What became of the payloads. */
export interface FuzzResult {
  readonly payloads: number;
  readonly decodings: number;
  readonly accepted: number;
  /** By code. */
  readonly refused: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Largest resident memory seen, above that of the start. */
  readonly grownBytes: number;
}

const FAMILIES = [
  performanceReport,
  ...Object.values(signals),
  learnerControl,
  optimizerControl,
  feedbackControl,
  request,
  seriesExport,
] as const;

const DECODERS: readonly Decode[] = [
  ...FAMILIES.map(
    ({ decode }): Decode =>
      (bytes, contentType) =>
        decode(bytes, contentType),
  ),
  ...HTTP_FORMATS.map(
    (format): Decode =>
      (bytes, contentType = "") => {
        const request: FormatRequest = {
          contentType,
          contentEncoding: "identity",
          query: {},
          resourceLabels: ["host.name"],
        };
        const read = format.read(bytes, request);
        if (read instanceof MessageError) return { ok: false, error: read };
        format.answer?.({ parsed: read, rejected: [], failure: undefined }, request);
        return sound(read);
      },
  ),
];

const CHECK_EVERY = 10_000;

/**
 * Puts garbage through every decoder that reads from outside: each payload as samples, and in turn as one of the other
 * families or as a body of one of the formats of other tools.
 *
 * @throws {Error} What a decoder throws, or a result that is neither a sound value nor a known code; with the
 * number of the payload and its bytes.
 */
export function fuzzDecoders(payloads: number, seed: number): FuzzResult {
  const maker = new GarbageMaker(seed);
  const codes: Record<string, number> = {};
  let accepted = 0;
  let grownBytes = 0;
  const before = process.memoryUsage.rss();
  const startedAt = performance.now();
  for (let i = 0; i < payloads; i++) {
    const garbage = maker.next();
    for (const decode of [readSamples, DECODERS[i % DECODERS.length] ?? readSamples]) {
      const code = outcomeOf(garbage, decode, i);
      if (code === undefined) accepted++;
      else codes[code] = (codes[code] ?? 0) + 1;
    }
    if (i % CHECK_EVERY === 0)
      grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - before);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { payloads, decodings: 2 * payloads, accepted, refused: codes, seconds, grownBytes };
}

type Decode = (bytes: Uint8Array, contentType?: string) => Decoded<unknown>;

function outcomeOf({ bytes, contentType }: Garbage, decode: Decode, number: number) {
  const where = () =>
    `payload ${number}, ${contentType}: ${Buffer.from(bytes.subarray(0, 300)).toString("base64")}`;
  let result: Decoded<unknown>;
  try {
    result = decode(bytes, contentType);
  } catch (cause) {
    throw new Error(`a decoder threw on ${where()}`, { cause });
  }
  if (result.ok) return undefined;
  if (!(result.error.code in MESSAGE_ERRORS))
    throw new Error(`${result.error.code} for ${where()}`);
  return result.error.code;
}

/** Reads a payload as the monitor does. */
function readSamples(bytes: Uint8Array, contentType?: string): Decoded<unknown> {
  const decoded = decodeSamples(bytes, contentType);
  if (!decoded.ok || decoded.value.kind !== "rows") return decoded;
  for (const row of decoded.value.rows) {
    const fault = checkSample(row);
    const { value } = (row ?? {}) as { value?: unknown };
    if (fault === undefined && !Number.isFinite(value))
      throw new Error(`accepted ${String(value)}`);
    if (fault !== undefined) return refused(fault.code, fault.message);
  }
  return decoded;
}

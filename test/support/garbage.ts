import {
  encodeJson,
  encodeMsgpack,
  encodePublicBatch,
  JSON_TYPE,
  MSGPACK_TYPE,
} from "@mapek/core/contract";
import { FIXTURES } from "../../packages/core/test/contract/fixtures.ts";
import { RandomSource } from "../../packages/core/test/statistics/random-source.ts";

/** A payload that was valid once, and what it is sent as. */
export interface Garbage {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/** Families that come in from outside. */
const FROM_OUTSIDE = /^mapek\.(sample|performance|signal\.|control\.|request|export)/;

const BODIES: readonly object[] = Object.entries(FIXTURES)
  .filter(([name]) => FROM_OUTSIDE.test(name))
  .flatMap(([, { valid, invalid }]) => [valid, ...invalid.filter((body) => body instanceof Object)])
  .flatMap((body) => [body, [body, body, body]]);

const COLUMNS = encodePublicBatch({
  series: ["latency_ms", ["errors", { host: "a" }]],
  index: Uint16Array.of(0, 1, 0),
  times: Float64Array.of(1_760_000_000_000, Number.NaN, 1_760_000_000_001),
  values: Float64Array.of(65.2, 3, 66),
});

const VALID: readonly Uint8Array[] = [
  encodeJson(65.2),
  COLUMNS,
  ...BODIES.map(encodeJson),
  ...BODIES.map(encodeMsgpack),
];

const NUMBERS = [
  "1e999",
  "-1e999",
  "9".repeat(400),
  "1e-999",
  "NaN",
  "Infinity",
  "-0",
  "0x10",
  "1_000",
];
const VALUES: readonly unknown[] = [
  null,
  true,
  "",
  "\u0000",
  "x".repeat(5_000),
  -1,
  1e308,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  { __proto__: null },
  { constructor: { prototype: {} } },
  "__proto__",
  "a.b",
  "mapek-kb.in.learner.0",
];
const TYPES: readonly (string | undefined)[] = [
  ...Array(8).fill(undefined),
  JSON_TYPE,
  MSGPACK_TYPE,
  "text/plain",
  "application/gzip",
  "msgpack;json",
];

/** First bytes of MessagePack values that declare far more than follows. */
const BOMBS: readonly (readonly number[])[] = [
  [0xdd, 0xff, 0xff, 0xff, 0xff],
  [0xdf, 0xff, 0xff, 0xff, 0xff],
  [0xdb, 0xff, 0xff, 0xff, 0xff],
  [0xc6, 0x7f, 0xff, 0xff, 0xff],
  [0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xdd, 0x00, 0xff, 0xff, 0xff],
  [0xdc, 0xff, 0xff],
  [0xde, 0xff, 0xff],
  [0xd8, 0x72],
  [0xc7, 0x10, 0x72],
  [0xc1],
];

/** Makes garbage of valid payloads: the same seed makes the same. */
export class GarbageMaker {
  readonly #random: RandomSource;

  constructor(seed: number) {
    this.#random = new RandomSource(seed);
  }

  next(): Garbage {
    let bytes: Uint8Array = this.#pick(VALID);
    const rounds = 1 + this.#random.below(3);
    for (let i = 0; i < rounds; i++) bytes = this.#spoil(bytes);
    return { bytes, contentType: this.#pick(TYPES) };
  }

  #spoil(bytes: Uint8Array): Uint8Array {
    switch (this.#random.below(10)) {
      case 0:
        return this.#flipBits(bytes);
      case 1:
        return bytes.subarray(0, this.#random.below(bytes.length + 1));
      case 2:
        return this.#splice(bytes, this.#pick(VALID));
      case 3:
        return this.#swapTypes();
      case 4:
        return this.#inText(bytes, /-?\d+(\.\d+)?/g, () => this.#pick(NUMBERS));
      case 5:
        return this.#nest(bytes);
      case 6:
        return this.#random.below(2) === 0
          ? Uint8Array.from(this.#pick(BOMBS))
          : this.#splice(bytes, Uint8Array.from(this.#pick(BOMBS)));
      case 7:
        return Uint8Array.from({ length: this.#random.below(200) }, () => this.#random.below(256));
      case 8:
        return this.#inText(bytes, /"[^"]*"/g, () => JSON.stringify(this.#pick(VALUES)));
      default:
        return this.#splice(bytes, bytes);
    }
  }

  #flipBits(bytes: Uint8Array): Uint8Array {
    const spoilt = Uint8Array.from(bytes);
    const flips = 1 + this.#random.below(8);
    for (let i = 0; i < flips && spoilt.length > 0; i++) {
      const at = this.#random.below(spoilt.length);
      spoilt[at] = (spoilt[at] as number) ^ (1 << this.#random.below(8));
    }
    return spoilt;
  }

  /** The beginning of one and the end of another. */
  #splice(head: Uint8Array, tail: Uint8Array): Uint8Array {
    const upTo = this.#random.below(head.length + 1);
    const from = this.#random.below(2) * this.#random.below(tail.length + 1);
    return Buffer.concat([head.subarray(0, upTo), tail.subarray(from), head.subarray(upTo)]);
  }

  /** A body with one field of another type. */
  #swapTypes(): Uint8Array {
    const body = structuredClone(this.#pick(BODIES)) as Record<string, unknown>;
    const key = this.#pick(Object.keys(body)) ?? "value";
    body[key] = this.#pick(VALUES);
    return this.#random.below(2) === 0 ? encodeJson(body) : encodeMsgpack(body);
  }

  #inText(bytes: Uint8Array, pattern: RegExp, make: () => string): Uint8Array {
    const text = Buffer.from(bytes).toString("latin1");
    const which = this.#random.below(8);
    let seen = 0;
    return Buffer.from(
      text.replace(pattern, (found) => (seen++ === which ? make() : found)),
      "latin1",
    );
  }

  /** Well-formed, but for what it was made of. */
  #nest(bytes: Uint8Array): Uint8Array {
    const depth = 1 + this.#random.below(2 * 10 ** (1 + this.#random.below(4)));
    if (this.#random.below(2) === 0) return Buffer.concat([Buffer.alloc(depth, 0x91), bytes]);
    const body = this.#random.below(2) === 0 ? "" : Buffer.from(bytes).toString("latin1");
    return Buffer.from(`{"value":${"[".repeat(depth)}${body}${"]".repeat(depth)}}`, "latin1");
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)] as T;
  }
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CheckpointPart } from "../src/checkpoint/checkpoint-format.ts";
import { readCheckpoint } from "../src/checkpoint/checkpoint-reader.ts";
import { CheckpointWriter } from "../src/checkpoint/checkpoint-writer.ts";
import { RuntimeError } from "../src/errors.ts";

const ABOUT = { service: "learner", partition: 3, schema: 1 };
const STREAM = "2026-01-01T00:00:00Z";

/** The bytes of a checkpoint; before each part the newest input's sequence goes up by one. */
async function written(parts: readonly Uint8Array[], header = ABOUT): Promise<Buffer> {
  let seq = 40;
  const writer = new CheckpointWriter({
    header: { ...header, stream: STREAM },
    parts,
    foldedSeq: () => seq++,
    check: () => {},
  });
  const pieces: Uint8Array[] = [];
  for await (const piece of writer.bytesOf()) pieces.push(piece);
  const bytes = Buffer.concat(pieces);
  expect(writer.bytes).toBe(bytes.length);
  expect(writer.seq).toBe(40);
  expect(writer.through).toBe(40 + parts.length - 1);
  return bytes;
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, size = 1_000, expected = ABOUT) {
  const { header, parts } = await readCheckpoint(inPieces(bytes, size), expected);
  const found: CheckpointPart[] = [];
  for await (const { seq, data } of parts) found.push({ seq, data: new Uint8Array(data) });
  return { header, parts: found };
}

const codeOf = (bytes: Uint8Array, expected = ABOUT): Promise<string> =>
  readAll(bytes, 1_000, expected).then(
    () => "accepted",
    (error: unknown) => {
      if (!(error instanceof RuntimeError)) throw error;
      return error.code;
    },
  );

const someParts = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 30 });

describe("a checkpoint", () => {
  test("is read as it was written, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(someParts, fc.integer({ min: 1, max: 500 }), async (parts, size) => {
        expect(await readAll(await written(parts), size)).toEqual({
          header: { ...ABOUT, seq: 40, stream: STREAM },
          parts: parts.map((data, i) => ({ seq: 40 + i, data })),
        });
      }),
      { numRuns: 50 },
    );
  });

  test("of many frames, with a part larger than one", async () => {
    const parts = [300_000, 1, 700_000, 100_000, 100_000, 100_000].map((length, i) =>
      Uint8Array.from({ length }, (_, at) => (at * (i + 1)) % 251),
    );
    const read = await readAll(await written(parts), 65_536);
    expect(read.parts.map(({ data }) => data)).toEqual(parts);
  });
});

describe("damage is refused with a code", () => {
  test("any bit that flipped", async () => {
    const bytes = await written([new Uint8Array(700).fill(7), Uint8Array.from([1, 2, 3])]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(["MAPEK_CHECKPOINT_CORRUPT", "MAPEK_CHECKPOINT_UNKNOWN_VERSION"]).toContain(
        await codeOf(damaged),
      );
    }
  });

  test("any number of bytes cut off, or added", async () => {
    const bytes = await written([new Uint8Array(300), Uint8Array.from([1, 2, 3])]);
    for (let length = 0; length < bytes.length; length++)
      expect(await codeOf(bytes.subarray(0, length))).toBe("MAPEK_CHECKPOINT_CORRUPT");
    expect(await codeOf(Buffer.concat([bytes, Buffer.alloc(1)]))).toBe("MAPEK_CHECKPOINT_CORRUPT");
  });

  test("bytes changed, left out, doubled or put elsewhere", async () => {
    await fc.assert(
      fc.asyncProperty(
        someParts,
        fc.nat(),
        fc.nat(),
        fc.uint8Array({ maxLength: 40 }),
        async (parts, at, length, other) => {
          const bytes = await written(parts);
          const from = at % bytes.length;
          const to = from + (length % (bytes.length - from + 1));
          const damaged = Buffer.concat([bytes.subarray(0, from), other, bytes.subarray(to)]);
          fc.pre(!damaged.equals(bytes));
          expect(["MAPEK_CHECKPOINT_CORRUPT", "MAPEK_CHECKPOINT_UNKNOWN_VERSION"]).toContain(
            await codeOf(damaged),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test("whole frames exchanged or missing", async () => {
    const parts = [1, 2, 3].map((fill) => new Uint8Array(300_000).fill(fill));
    const bytes = await written(parts);
    const frames: Buffer[] = [];
    const start = 20 + bytes.readUInt32LE(12);
    for (let at = start; at < bytes.length; ) {
      const end = at + 9 + bytes.readUInt32LE(at + 1);
      frames.push(bytes.subarray(at, end));
      at = end;
    }
    const [a, b, c, end] = frames as [Buffer, Buffer, Buffer, Buffer];
    expect(frames).toHaveLength(4);
    const head = bytes.subarray(0, start);
    expect(await codeOf(Buffer.concat([head, a, b, c, end]))).toBe("accepted");
    for (const order of [[b, a, c, end], [a, b, end], [a, a, b, c, end], [a, b, c], [end]])
      expect(await codeOf(Buffer.concat([head, ...order]))).toBe("MAPEK_CHECKPOINT_CORRUPT");
  });
});

describe("what is not wanted is refused", () => {
  test("of another format", async () => {
    const bytes = await written([Uint8Array.from([1])]);
    bytes.writeUInt32LE(2, 8);
    expect(await codeOf(bytes)).toBe("MAPEK_CHECKPOINT_UNKNOWN_VERSION");
  });

  test.each([
    ["state of another schema", { ...ABOUT, schema: 2 }, "MAPEK_CHECKPOINT_UNKNOWN_VERSION"],
    ["of another service", { ...ABOUT, service: "feedback" }, "MAPEK_CHECKPOINT_FOREIGN"],
    ["of another partition", { ...ABOUT, partition: 4 }, "MAPEK_CHECKPOINT_FOREIGN"],
  ])("%s", async (_, header, code) => {
    expect(await codeOf(await written([Uint8Array.from([1])], header))).toBe(code);
  });
});

test("a writer that is told to give up does so before the next part", async () => {
  let left = 3;
  const writer = new CheckpointWriter({
    header: { ...ABOUT, stream: STREAM },
    parts: Array.from({ length: 10 }, () => new Uint8Array(1)),
    foldedSeq: () => 1,
    check() {
      if (--left === 0) throw new RuntimeError("MAPEK_CHECKPOINT_ABANDONED", "enough");
    },
  });
  const drained = (async () => {
    for await (const _ of writer.bytesOf());
  })();
  await expect(drained).rejects.toMatchObject({ code: "MAPEK_CHECKPOINT_ABANDONED" });
});

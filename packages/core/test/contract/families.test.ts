import { decodeMsgpack, encodeMsgpack, MESSAGE_FAMILIES, MSGPACK_TYPE } from "@mapek/core/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIXTURES } from "./fixtures.ts";

const names = MESSAGE_FAMILIES.map(({ name }) => name);

it("every family has fixtures, and no fixture is of an unknown family", () => {
  expect(Object.keys(FIXTURES).sort()).toEqual([...names].sort());
});

describe.each(MESSAGE_FAMILIES.map((family) => ({ family, name: family.name })))(
  "$name",
  ({ family, name }) => {
    const { valid, invalid } = FIXTURES[name] as (typeof FIXTURES)[string];
    const json = new TextEncoder().encode(JSON.stringify(valid));

    it("accepts its valid fixture as JSON and as MessagePack", () => {
      const fromJson = family.decode(json);
      const fromMsgpack = family.decode(encodeMsgpack(valid), MSGPACK_TYPE);
      expect(fromJson).toMatchObject({ ok: true });
      expect(fromMsgpack).toEqual(fromJson);
    });

    it("decodes what it encodes", () => {
      const first = family.decode(json);
      if (!first.ok) throw first.error;
      expect(family.decode(family.encode(first.value as never))).toEqual(first);
      expect(decodeMsgpack(family.encodeMsgpack(first.value as never))).toEqual(first.value);
    });

    it.each(invalid.map((body) => ({ body })))("refuses $body", ({ body }) => {
      const result = family.decode(new TextEncoder().encode(JSON.stringify(body)));
      expect(result).toMatchObject({ ok: false, error: { code: "MAPEK_MESSAGE_INVALID" } });
    });

    it("ignores unknown fields and refuses an unknown major version", () => {
      expect(family.check({ ...valid, brand_new: 1 }).ok).toBe(true);
      expect(family.check({ ...valid, version: 2 })).toMatchObject({
        ok: false,
        error: { code: "MAPEK_MESSAGE_UNKNOWN_VERSION" },
      });
    });

    it("never throws on garbage", () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.constantFrom(undefined, MSGPACK_TYPE, "application/json"),
          (bytes, type) => {
            const result = family.decode(bytes, type);
            expect(result.ok ? "ok" : result.error.code).toMatch(/^(ok|MAPEK_)/);
          },
        ),
        { numRuns: 50 },
      );
    });
  },
);

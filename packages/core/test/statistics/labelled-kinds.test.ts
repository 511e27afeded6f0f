import { describe, expect, test } from "vitest";
import { EVIDENCE_FAMILIES, LabelledKinds } from "../../src/statistics/index.ts";

const FAMILIES = EVIDENCE_FAMILIES.length;
const surprises = (strongest: number): number[] =>
  Array.from({ length: FAMILIES }, (_, family) => (family === strongest ? 4 : 1.1));

function tenIncidents(): LabelledKinds {
  const kinds = new LabelledKinds();
  for (let i = 0; i < 10; i++)
    kinds.opened(i, i % 2 === 0 ? 1 : -1, 1.7 + i, surprises(i % FAMILIES));
  return kinds;
}

describe("labelled kinds", () => {
  test("the last 8 incidents can be labelled", () => {
    const kinds = tenIncidents();
    for (const gone of [0, 1, 10]) expect(kinds.label(gone, "false_positive", 1, 20)).toBe(false);
    for (let i = 2; i < 10; i++) expect(kinds.label(i, "false_positive", 1, 20)).toBe(true);
    expect(kinds.snapshot().incidents.map(({ openedAt }) => openedAt)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  test("an incident is remembered with its side, surprise and profile to a millionth", () => {
    const [incident] = tenIncidents().snapshot().incidents.slice(-1);
    expect(incident?.side).toBe(-1);
    expect((incident?.surprise ?? 0) / 10.7).toBeCloseTo(1, 6);
    const unusual = surprises(9 % FAMILIES).map((surprise) => surprise - 1);
    const length = Math.hypot(...unusual);
    for (const [family, part] of unusual.entries())
      expect(incident?.profile[family]).toBeCloseTo(part / length, 6);
  });

  test("two labels silence a kind on its side, up to ten times rarer than it was", () => {
    const kinds = tenIncidents();
    kinds.label(4, "false_positive", 1, 20);
    kinds.label(4, "false_positive", 1, 20);
    expect(kinds.bar(1, 1, surprises(4), 20)).toBeCloseTo(6.7, 5);
    expect(kinds.bar(-1, 1, surprises(4), 20)).toBe(0);
    expect(kinds.bar(1, 1, surprises(1), 20)).toBe(0);
  });

  test("continue the same from a snapshot", () => {
    const kinds = tenIncidents();
    kinds.label(4, "false_positive", 1, 20);
    const restored = LabelledKinds.restore(structuredClone(kinds.snapshot()));
    expect(restored.snapshot()).toEqual(kinds.snapshot());
    for (const one of [kinds, restored]) {
      one.opened(30, 1, 9.9, surprises(4));
      one.label(30, "false_positive", 1, 31);
    }
    expect(restored.snapshot()).toEqual(kinds.snapshot());
    expect(restored.bar(1, 1, surprises(4), 40)).toBe(kinds.bar(1, 1, surprises(4), 40));
  });

  test("of before the mean of an hour was looked at go on, without it", () => {
    const { incidents } = tenIncidents().snapshot();
    const old = { ...incidents[0]!, profile: incidents[0]!.profile.slice(0, -1) };
    const kind = { ...old, strength: 2, labelledAt: 20 };
    const restored = LabelledKinds.restore({ incidents: [old], kinds: [kind] }).snapshot();
    for (const { profile } of [...restored.incidents, ...restored.kinds])
      expect(profile).toEqual([...old.profile, 0]);
  });

  test("refuse an incident without surprise or with a profile too short", () => {
    const { incidents, kinds } = tenIncidents().snapshot();
    const damaged = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
    const [first, ...rest] = incidents;
    for (const damage of [{ surprise: 0 }, { surprise: Number.NaN }, { profile: [1] }])
      expect(() =>
        LabelledKinds.restore({ incidents: [{ ...first!, ...damage }, ...rest], kinds }),
      ).toThrow(damaged);
  });
});

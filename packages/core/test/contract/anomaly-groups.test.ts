import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anomalyGroups, describeGroup, type Groupable } from "../../src/contract/index.ts";

const MINUTE = 60_000;
const TEN = Date.parse("2026-03-01T10:04:00Z");
const incident = (
  host: string,
  minutes: number,
  more: Partial<Groupable> & { metric?: string; system?: string } = {},
): Groupable => ({
  ...{ system: "checkout", metric: "cpu", labels: { host }, opened_at: TEN + minutes * MINUTE },
  ...more,
});
const hostsOf = (groups: ReturnType<typeof anomalyGroups>) =>
  groups.map(({ incidents }) => incidents.map(({ labels }) => labels.host).join(""));

describe("groups of several partitions", () => {
  test("are one where their openings follow one another within ten minutes", () => {
    const group = (minutes: number) => `checkout@${TEN + minutes * MINUTE}`;
    const groups = anomalyGroups([
      incident("c", 12, { group: group(3) }),
      incident("a", 0, { group: group(0) }),
      incident("d", 21, { group: group(21) }),
      incident("b", 3, { group: group(3) }),
      incident("e", 40, { group: group(40) }),
      incident("s", 0, { system: "search" }),
    ]);
    expect(hostsOf(groups)).toEqual(["abcd", "e", "s"]);
    expect(groups.map(({ id }) => id)).toEqual([group(0), group(40), `search@${TEN}`]);
  });

  test("begin with an incident that is over, where its group says so", () => {
    const [group] = anomalyGroups([incident("b", 8, { group: `checkout@${TEN}` })]);
    expect(group).toMatchObject({ id: `checkout@${TEN}`, openedAt: TEN });
  });

  test("of slow series may be two intervals apart", () => {
    const slow = { intervalMs: 60 * MINUTE };
    expect(hostsOf(anomalyGroups([incident("a", 0, slow), incident("b", 120, slow)]))).toEqual([
      "ab",
    ]);
    expect(hostsOf(anomalyGroups([incident("a", 0, slow), incident("b", 121, slow)]))).toEqual([
      "a",
      "b",
    ]);
  });

  test("rank who began first, then who is rarer; and name the rarest", () => {
    const [group] = anomalyGroups([
      incident("late", 1, { surprises: { level: 4.2, step: 1 } }),
      incident("b", 0, { surprises: { season: 2 } }),
      incident("a", 0, { surprises: { season: 3 } }),
      incident("old", 0),
    ]);
    expect(group?.incidents.map(({ labels }) => labels.host)).toEqual(["a", "b", "old", "late"]);
    expect(group?.rarest?.labels.host).toBe("late");
    expect(anomalyGroups([incident("a", 0)])[0]?.rarest).toBeUndefined();
  });

  test("are the same in any order, hold each incident once, and lie further apart than the gap", () => {
    const anyIncident = fc.record({ host: fc.nat({ max: 99 }), minutes: fc.nat({ max: 300 }) });
    fc.assert(
      fc.property(fc.array(anyIncident), fc.nat(), (all, by) => {
        const incidents = all.map(({ host, minutes }) => incident(`h${host}`, minutes));
        const groups = anomalyGroups(incidents);
        const turned = incidents.map((_, i) => incidents[(i + by) % incidents.length] as Groupable);
        expect(anomalyGroups(turned)).toEqual(groups);
        expect(groups.flatMap((group) => group.incidents)).toHaveLength(incidents.length);
        groups.slice(1).forEach(({ openedAt }, i) => {
          const last = groups[i]?.incidents.at(-1)?.opened_at ?? 0;
          expect(openedAt - last).toBeGreaterThan(10 * MINUTE);
        });
      }),
    );
  });
});

describe("a group in one line", () => {
  const line = (incidents: Groupable[], now = TEN + MINUTE) =>
    anomalyGroups(incidents).map((group) => describeGroup(group, now));

  test("says how many, since when, who began and which is rarest", () => {
    expect(
      line([
        incident("a", 0, { surprises: { level: 2.5 } }),
        incident("b", 2, { surprises: { level: 3.48, step: 1 } }),
      ]),
    ).toEqual([
      'checkout: 2 anomalies since 10:04, first cpu{host="a"}, rarest cpu{host="b"}: one hour of 3,000',
    ]);
  });

  test("is right of one, of another day, and where the first is over", () => {
    expect(line([incident("a", 0, { surprises: { record: 5.3 } })])).toEqual([
      'checkout: 1 anomaly since 10:04, cpu{host="a"}: less than one hour in 100,000',
    ]);
    expect(line([incident("a", 0)], TEN + 20 * 60 * MINUTE)).toEqual([
      'checkout: 1 anomaly since 2026-03-01 10:04, cpu{host="a"}',
    ]);
    const group = `checkout@${TEN}`;
    expect(line([incident("b", 1, { group }), incident("c", 2, { group })])).toEqual([
      'checkout: 2 anomalies since 10:04, first of those still open cpu{host="b"}',
    ]);
  });
});

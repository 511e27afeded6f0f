import { describe, expect, test } from "vitest";
import { learnerSettings, type MetricSettings, seriesSettings } from "../../src/contract/index.ts";
import { MetricRules } from "../../src/learning/index.ts";

const rulesOf = (...metrics: MetricSettings[]) =>
  new MetricRules(learnerSettings.parse({ sensitivity: 2, metrics }));
const series = (system: string, metric: string, labels: Record<string, string> = {}) => ({
  system,
  metric,
  labels,
});

describe("settings of a series", () => {
  test("are the defaults where nothing matches, in one object without what is not a series' own", () => {
    const rules = rulesOf({ match: "shop/cpu", sensitivity: 3 });
    const found = rules.settingsOf(series("shop", "latency"));
    expect(found).toEqual({ ...seriesSettings.parse({}), sensitivity: 2 });
    expect(rules.settingsOf(series("cart", "cpu"))).toBe(found);
  });

  test("are changed by every entry that matches; a later one wins", () => {
    const rules = rulesOf(
      { match: "*/latency*", exceedance_rate: 0.01, sensitivity: 3 },
      { match: "shop/*", sensitivity: 4, minimum: 0 },
      { match: "shop/latency_ms", min_deviation: 5 },
    );
    expect(rules.settingsOf(series("shop", "latency_ms"))).toMatchObject({
      exceedance_rate: 0.01,
      sensitivity: 4,
      minimum: 0,
      min_deviation: 5,
    });
    expect(rules.settingsOf(series("cart", "latency_s"))).toMatchObject({ sensitivity: 3 });
    expect(rules.settingsOf(series("shop", "x"))).not.toHaveProperty("match");
  });

  test("are shared by series that the same entries match", () => {
    const rules = rulesOf({ match: "*/a*", sensitivity: 3 }, { match: "*/*b", strategy: "iqr" });
    expect(rules.settingsOf(series("s", "a1"))).toBe(rules.settingsOf(series("t", "a2")));
    expect(rules.settingsOf(series("s", "a1"))).not.toBe(rules.settingsOf(series("s", "ab")));
  });

  test.each([
    ["shop/latency", "shop", "latency", true],
    ["shop/latency", "shop2", "latency", false],
    ["shop/latency", "shop", "latency_ms", false],
    ["sho?/*", "shop", "any/thing (ms)", true],
    ["sho?/*", "shopp", "x", false],
    ["shop/a.c", "shop", "abc", false],
    ["shop/a.c", "shop", "a.c", true],
    ["shop/rate(*)", "shop", "rate(errors)", true],
    ["*/line\nbreak", "shop", "line\nbreak", true],
    ["shop/?", "shop", "é", true],
  ])("%j and %s/%s: %s", (match, system, metric, matches) => {
    const found = rulesOf({ match, sensitivity: 9 }).settingsOf(series(system, metric));
    expect(found.sensitivity).toBe(matches ? 9 : 2);
  });

  test("labels must be there, with just these values; others may be too", () => {
    const rules = rulesOf({ match: "*/*", labels: { host: "a" }, sensitivity: 9 });
    const sensitivityOf = (labels: Record<string, string>) =>
      rules.settingsOf(series("s", "m", labels)).sensitivity;
    expect(sensitivityOf({ host: "a", zone: "b" })).toBe(9);
    expect(sensitivityOf({ host: "ab" })).toBe(2);
    expect(sensitivityOf({})).toBe(2);
    const inherited = rulesOf({ match: "*/*", labels: { toString: "x" }, sensitivity: 9 });
    expect(inherited.settingsOf(series("s", "m")).sensitivity).toBe(2);
  });
});

import { LOOPS, prefixesOverlap, Subjects } from "@mapek/core/contract";
import { describe, expect, it } from "vitest";

const subjects = new Subjects();

describe("Subjects", () => {
  it("parses what it builds", () => {
    expect(subjects.parseInput(subjects.metrics("shop", "cpu"))).toEqual({
      ok: true,
      value: { family: "metrics", system: "shop", metric: "cpu" },
    });
    expect(subjects.parseInput(subjects.performance("shop"))).toEqual({
      ok: true,
      value: { family: "performance", system: "shop" },
    });
    for (const family of ["telegraf", "otlp"] as const)
      expect(subjects.parseInput(subjects[family]("shop"))).toEqual({
        ok: true,
        value: { family, system: "shop" },
      });
    for (const loop of LOOPS)
      expect(subjects.parseInput(subjects.signals("shop", loop))).toEqual({
        ok: true,
        value: { family: "signals", system: "shop", loop },
      });
    expect(subjects.parseInput(subjects.control("optimizer", "shop"))).toEqual({
      ok: true,
      value: { family: "control", service: "optimizer", system: "shop" },
    });
    expect(subjects.parseInput(subjects.requests("learner", "statistics", "shop"))).toEqual({
      ok: true,
      value: { family: "requests", service: "learner", verb: "statistics", system: "shop" },
    });
  });

  it.each([
    "other.metrics.shop.cpu",
    "mapek.metrics.shop",
    "mapek.metrics.shop.cpu.extra",
    "mapek.metrics.shop.",
    "mapek.telegraf.shop.cpu",
    "mapek.otlp",
    "mapek.metrics.sh op.cpu",
    "mapek.metrics.shop.*",
    "mapek.signals.shop.unknown_loop",
    "mapek.control.database.shop",
    "mapek.thresholds.shop.cpu",
    "mapek",
    "",
  ])("refuses %j", (subject) => {
    expect(subjects.parseInput(subject)).toMatchObject({
      ok: false,
      error: { code: "MAPEK_SUBJECT_INVALID" },
    });
  });

  it("uses the configured prefixes everywhere", () => {
    const own = new Subjects({ public: "acme", stored: "acme-kb" });
    expect(own.metrics("s", "m")).toBe("acme.metrics.s.m");
    expect(own.output("thresholds", "s", "m")).toBe("acme.thresholds.s.m");
    for (const stored of [
      own.log("actions", "s", "l"),
      own.samples(3),
      own.input("learner", 3),
      own.position("feedback", 0),
      own.latestThreshold("s.m"),
    ])
      expect(stored).toMatch(/^acme-kb\./);
  });

  it("sees prefixes that overlap", () => {
    expect(prefixesOverlap({ public: "mapek", stored: "mapek-kb" })).toBe(false);
    expect(prefixesOverlap({ public: "mapek", stored: "mapek" })).toBe(true);
    expect(prefixesOverlap({ public: "mapek", stored: "mapek.kb" })).toBe(true);
    expect(prefixesOverlap({ public: "a.b", stored: "a" })).toBe(true);
  });
});

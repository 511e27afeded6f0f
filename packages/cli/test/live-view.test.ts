import type { SeriesState } from "@mapek/client";
import { describe, expect, it } from "vitest";
import { renderView, type ViewModel } from "../src/up/live-view.ts";
import { CrashPolicy } from "../src/up/processes/crash-policy.ts";

const aSeries = (changes: Partial<SeriesState> = {}): SeriesState => ({
  system: "local",
  metric: "cpu_usage",
  labels: {},
  last_value: 12.3456789,
  last_time: 1_760_000_000_000,
  samples: 40,
  not_taught: 0,
  threshold: null,
  threshold_lower: null,
  beyond: false,
  pinned: false,
  recommendation: null,
  confidence: null,
  provisional: null,
  trend: "stable",
  open_anomaly: null,
  alarm_budget_spent: 0,
  alarm_budget_broken: false,
  interval_ms: 1_000,
  score: 0,
  sensitivity: 1,
  frozen: false,
  stale: false,
  last_change: null,
  ...changes,
});

const aModel = (changes: Partial<ViewModel> = {}): ViewModel => ({
  natsUrl: "nats://127.0.0.1:4222",
  http: { monitor: "http://127.0.0.1:7411" },
  series: [aSeries()],
  parameters: [],
  actions: [],
  notice: undefined,
  ...changes,
});

describe("renderView", () => {
  it("shows threshold, provisional recommendation, trend, anomaly, parameters and actions", () => {
    const lines = renderView(
      aModel({
        series: [
          aSeries({ threshold: 80, confidence: 0.913 }),
          aSeries({ metric: "load", recommendation: 1.5, confidence: 0.2, trend: "increasing" }),
          aSeries({
            labels: { host: "a" },
            open_anomaly: {} as SeriesState["open_anomaly"],
            beyond: true,
          }),
          aSeries({ metric: "busy", threshold: 9, beyond: true }),
        ],
        parameters: [
          {
            version: 1,
            system: "local",
            monitoring_interval: 1,
            analysis_depth: 100,
            planning_lookahead: 300,
            execution_parallelism: 4,
            knowledge_retention: 604_800,
            learning_rate: 0.1,
            state: "healthy",
            mode: "apply",
            changed: [],
            reason: "",
            timestamp: 0,
          },
        ],
        notice: "service_exited feedback",
      }),
      200,
      40,
    );
    const text = lines.join("\n");
    expect(text).toMatch(/cpu_usage +12\.3457 +80 +0\.91 +stable/);
    expect(text).toMatch(/load +12\.3457 +~1\.5 +0\.20 +increasing/);
    expect(text).toMatch(/cpu_usage\{host="a"\} .*ANOMALY/);
    expect(text).toMatch(/busy +12\.3457 +9 +- +stable +beyond/);
    expect(text).toContain("local: healthy (apply)  interval 1 s");
    expect(lines.at(-1)).toBe("service_exited feedback");
  });

  it("fits the terminal and counts what does not", () => {
    const series = Array.from({ length: 100 }, (_, i) => aSeries({ metric: `m${i}` }));
    const lines = renderView(aModel({ series }), 40, 20);
    expect(lines.length).toBeLessThan(20);
    expect(lines.every((line) => line.length <= 40)).toBe(true);
    expect(lines.some((line) => /… and \d+ more series/.test(line))).toBe(true);
    expect(renderView(aModel({ series: [] }), 80, 24)).toContain("no samples yet");
  });
});

describe("CrashPolicy", () => {
  it("waits longer each time, gives up at the fifth exit within a minute, forgets old ones", () => {
    const policy = new CrashPolicy();
    expect([0, 1, 2, 3, 4].map((s) => policy.exited(s * 1_000))).toEqual([
      250,
      500,
      1_000,
      2_000,
      undefined,
    ]);
    const patient = new CrashPolicy();
    for (let s = 0; s < 1_000; s += 16)
      expect(patient.exited(s * 1_000)).toBeLessThanOrEqual(2_000);
  });
});

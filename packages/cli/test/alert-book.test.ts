import type { Anomaly } from "@mapek/core/contract";
import { expect, test } from "vitest";
import { AlertBook } from "../src/alerts/alert-book.ts";

const OPENED = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

const anomaly = (phase: Anomaly["phase"], fields: Partial<Anomaly> = {}): Anomaly => ({
  version: 1,
  system: "checkout",
  metric: "latency_ms",
  labels: { host: "a" },
  anomaly_id: "",
  phase,
  direction: "above",
  opened_at: OPENED,
  closed_at: phase === "closed" ? OPENED + 5 * MINUTE : null,
  peak_at: OPENED,
  peak_value: 812,
  peak_score: 0.9,
  expected_low: 40,
  expected_high: 65,
  families: ["value", "highs"],
  threshold: 70,
  timestamp: OPENED,
  ...fields,
});

test("an incident is open until it is closed, then ended once", () => {
  const book = new AlertBook({ severity: "page" });
  book.take(anomaly("opened"));
  book.take(anomaly("peak", { peak_value: 900 }));
  expect(book.open(OPENED + 10 * MINUTE)).toEqual([
    {
      labels: {
        alertname: "MapekAnomaly",
        system: "checkout",
        metric: "latency_ms",
        host: "a",
        severity: "page",
      },
      annotations: {
        summary: 'checkout/latency_ms{host="a"} is above its usual range',
        description:
          "peak 900, above what was expected: in nine hours of ten 40 to 65; value; highs",
        group: `checkout@${OPENED}`,
      },
      startsAt: "2026-01-01T00:00:00.000Z",
      endsAt: "2026-01-01T00:10:00.000Z",
    },
  ]);
  book.take(anomaly("closed"));
  expect(book.open(0)).toEqual([]);
  expect(book.takeEnded()).toMatchObject([{ endsAt: "2026-01-01T00:05:00.000Z" }]);
  expect(book.takeEnded()).toEqual([]);
});

test("a close that comes late ends nothing newer", () => {
  const book = new AlertBook({});
  const newer = OPENED + 60 * MINUTE;
  book.take(anomaly("opened"));
  book.take(anomaly("opened", { opened_at: newer }));
  expect(book.takeEnded()).toHaveLength(1);
  book.take(anomaly("closed"));
  expect(book.size).toBe(1);
  expect(book.open(newer + MINUTE)).toMatchObject([{ startsAt: "2026-01-01T01:00:00.000Z" }]);
});

test("what was not heard is made good: closed ones end, what opened since the question stays", () => {
  const book = new AlertBook({});
  const asOf = OPENED + 30 * MINUTE;
  const of = (metric: string, opened_at = OPENED) => anomaly("opened", { metric, opened_at });
  for (const one of [of("closed_meanwhile"), of("still_open"), of("new", asOf + 1)]) book.take(one);
  book.replace([of("still_open"), of("opened_meanwhile")], asOf);
  const open = book.open(0).map(({ labels }) => labels.metric);
  expect(open.sort()).toEqual(["new", "opened_meanwhile", "still_open"]);
  expect(book.takeEnded().map(({ labels, endsAt }) => [labels.metric, endsAt])).toEqual([
    ["closed_meanwhile", new Date(asOf).toISOString()],
  ]);
});

test("labels get names that Alertmanager knows; an alert never ends before it starts", () => {
  const book = new AlertBook({});
  const labels = { "http.method": "GET", alertname: "mine", empty: "", "0th": "x" };
  book.take(anomaly("opened", { labels, direction: "within", expected_low: null }));
  const [alert] = book.open(0);
  expect(alert?.labels).toEqual({
    alertname: "MapekAnomaly",
    system: "checkout",
    metric: "latency_ms",
    http_method: "GET",
    label_alertname: "mine",
    label_0th: "x",
  });
  expect(alert?.annotations).toMatchObject({
    summary: expect.stringContaining("behaves unusually"),
    description: "peak 812, within what was expected; value; highs",
  });
  expect(Date.parse(alert?.endsAt ?? "")).toBe(OPENED + 1);
});

test("an incident of samples that are ahead of the clock is over at once", () => {
  const book = new AlertBook({});
  const opened_at = Date.now() - MINUTE;
  book.take(anomaly("opened", { opened_at }));
  book.take(anomaly("closed", { opened_at, closed_at: Date.now() + MINUTE }));
  const [ended] = book.takeEnded();
  expect(Date.parse(ended?.endsAt ?? "")).toBeLessThanOrEqual(Date.now());
});

test("what began together says so in annotations, and how it ended", () => {
  const book = new AlertBook({});
  const at = (host: string, minutes: number, surprise: number) =>
    anomaly("opened", {
      labels: { host },
      opened_at: OPENED + minutes * MINUTE,
      group: `checkout@${OPENED + minutes * MINUTE}`,
      families: ["level"],
      surprises: { level: surprise },
    });
  for (const one of [at("b", 5, 4), at("a", 0, 2.5), at("late", 60, 3)]) book.take(one);
  const summary =
    'checkout: 2 anomalies since 00:00, first latency_ms{host="a"}, rarest latency_ms{host="b"}: one hour of 10,000';
  expect(book.open(0).map(({ labels, annotations }) => [labels.host, annotations])).toMatchObject([
    ["a", { group: `checkout@${OPENED}`, group_summary: summary }],
    ["b", { group: `checkout@${OPENED}`, group_summary: summary }],
    ["late", { group: `checkout@${OPENED + 60 * MINUTE}` }],
  ]);
  expect(book.open(0)[2]?.annotations).not.toHaveProperty("group_summary");
  expect(Object.keys(book.open(0)[0]?.labels ?? {})).not.toContain("group");
  book.take({ ...at("a", 0, 2.5), phase: "closed", ending: "level_shift" });
  expect(book.takeEnded()[0]?.annotations.description).toMatch(/its values are the new level$/);
});

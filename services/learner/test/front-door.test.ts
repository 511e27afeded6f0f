import { encodeJson, type InputSubject } from "@mapek/core/contract";
import { loadConfig } from "@mapek/runtime";
import { expect, test } from "vitest";
import { admitLearnerControl } from "../src/front-door.ts";

const NOW = 1_760_000_000_000;
const control: InputSubject = { family: "control", service: "learner", system: "checkout" };
const admit = (body: unknown, subject: InputSubject = control) =>
  admitLearnerControl(loadConfig())(subject, encodeJson(body), undefined, NOW);

test("one series goes to its partition, at the time it came", () => {
  const body = { command: "pin", metric: "latency", labels: { host: "a" }, threshold: 5 };
  expect(admit(body)).toEqual({
    ok: true,
    value: {
      key: 'checkout/latency{"host"="a"}',
      input: { version: 1, kind: "control", time: NOW, system: "checkout", control: body },
    },
  });
});

test("a whole system goes to every partition, at the time it says", () => {
  const admitted = admit({ command: "freeze", timestamp: NOW - 5_000 });
  expect(admitted).toMatchObject({ ok: true, value: { key: null, input: { time: NOW - 5_000 } } });
});

test.each([
  ["MAPEK_MESSAGE_INVALID", { command: "pin", metric: "latency" }],
  ["MAPEK_MESSAGE_INVALID", { command: "pin", threshold: 5 }],
  ["MAPEK_MESSAGE_INVALID", { command: "set_sensitivity", sensitivity: 11 }],
  ["MAPEK_MESSAGE_INVALID", { command: "dance" }],
  ["MAPEK_MESSAGE_UNKNOWN_VERSION", { version: 2, command: "freeze" }],
  ["MAPEK_SAMPLE_IN_FUTURE", { command: "freeze", timestamp: NOW + 3_600_000 }],
])("%s: %j", (code, body) => {
  const admitted = admit(body);
  expect(admitted.ok ? undefined : admitted.error.code).toBe(code);
});

test("another family of messages is refused", () => {
  const admitted = admit({}, { family: "performance", system: "checkout" });
  expect(admitted.ok ? undefined : admitted.error.code).toBe("MAPEK_SUBJECT_INVALID");
});

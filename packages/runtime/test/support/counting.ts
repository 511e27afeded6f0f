import {
  accepted,
  type Decoded,
  decodeMsgpack,
  defineMessage,
  encodeMsgpack,
} from "@mapek/core/contract";
import { z } from "zod";
import type { Actor, Output } from "../../src/actor.ts";
import type { Admit } from "../../src/doors/front-door.ts";
import { type KeyedState, keyedPartition } from "../../src/partition/keyed-partition.ts";

/** The inputs of the tests' actor, which counts and sums values per system. */
const version = z.literal(1);
const about = { version, time: z.number(), system: z.string() };
export const countingInput = defineMessage(
  "mapek.test.counting.v1",
  z.discriminatedUnion("kind", [
    z.object({ version, time: z.number(), kind: z.literal("tick") }),
    z.object({
      version,
      time: z.number(),
      kind: z.literal("settings"),
      settings: z.object({ step: z.number() }),
    }),
    z.object({ ...about, kind: z.literal("add"), value: z.number() }),
    z.object({ ...about, kind: z.literal("burst"), outputs: z.number() }),
    z.object({ ...about, kind: z.literal("wake"), at: z.number() }),
    z.object({ ...about, kind: z.literal("fail") }),
    z.object({ ...about, kind: z.literal("large"), bytes: z.number() }),
  ]),
);
export type CountingInput = z.output<typeof countingInput.schema>;

interface Count {
  system: string;
  step: number;
  count: number;
  sum: number;
  ticks: number;
  wakeAt: number | undefined;
}

const say = (state: Count, fields: object): Output => ({
  to: "log",
  family: "actions",
  tokens: [state.system, "counted"],
  // No action, but bytes like any other.
  message: { system: state.system, count: state.count, sum: state.sum, ...fields } as never,
});

const countingActor: Actor<Count, CountingInput> = {
  create: (system) => ({ system, step: 1, count: 0, sum: 0, ticks: 0, wakeAt: undefined }),
  receive(state, input) {
    switch (input.kind) {
      case "settings":
        state.step = input.settings.step;
        return [];
      case "tick":
        state.ticks++;
        state.wakeAt = undefined;
        return [say(state, { ticks: state.ticks })];
      case "wake":
        state.wakeAt = input.at;
        return [];
      case "fail":
        state.count++;
        throw new Error(`no more than ${state.count}`);
      case "add":
        state.count++;
        state.sum += input.value * state.step;
        return [say(state, { value: input.value })];
      case "burst":
        state.count++;
        return Array.from({ length: input.outputs }, (_, index) => say(state, { index }));
      case "large":
        return [say(state, { text: "x".repeat(input.bytes) })];
    }
  },
  dueAt: (state) => state.wakeAt,
  query(state, verb, request) {
    if (verb === "transitions") throw new Error("cannot answer that");
    if (request.metric === "large") return ["x".repeat(900_000), "y".repeat(900_000)];
    return [{ system: state.system, count: state.count, timestamp: state.sum }];
  },
  save: ({ system, step, count, sum, ticks, wakeAt }) =>
    encodeMsgpack([system, step, count, sum, ticks, wakeAt ?? null]),
  load(bytes) {
    const [system, step, count, sum, ticks, wakeAt] = decodeMsgpack(bytes) as [
      string,
      number,
      number,
      number,
      number,
      number | null,
    ];
    return { system, step, count, sum, ticks, wakeAt: wakeAt ?? undefined };
  },
};

export type CountingState = KeyedState<Count>;

/** It plays the optimizer: any of the services with actors would do. */
export const countingLogic = keyedPartition({
  service: "optimizer",
  actor: countingActor,
  family: countingInput,
  schema: 1,
  gauges: ({ count }) => ({ count }),
});

const report = defineMessage(
  "mapek.test.report.v1",
  z.object({ value: z.number(), id: z.string().optional() }),
);

/** Takes `{ value, id? }` in; the system `everybody` goes to every partition, `broken` is a bug of ours. */
export const admitReports: Admit = (subject, data, contentType, now): Decoded<never> | AdmitOk => {
  const body = report.decode(data, contentType);
  if (!body.ok) return body;
  const system = subject.system;
  if (system === "broken") throw new Error("a bug of ours");
  const { value, id } = body.value;
  return accepted({
    key: system === "everybody" ? null : system,
    input: { version: 1, kind: "add", time: now, system, value },
    id: id === undefined ? undefined : `${system}/${id}`,
  });
};
type AdmitOk = Extract<ReturnType<Admit>, { ok: true }>;

// The checker finds what it is for: each kind of fault is planted in what was read from a real house.
import { decodeMsgpack, encodeMsgpack } from "@mapek/core/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check, type Difference } from "./soak/checker.ts";
import { type Acknowledged, Flow } from "./soak/flow.ts";
import { PARTITIONS, SoakHouse } from "./soak/house.ts";
import { Random } from "./soak/random.ts";
import { type Reading, read, type StoredMessage, settled } from "./soak/reading.ts";
import { partsOf } from "./soak/replayed.ts";
import { waitFor } from "./support/wait-for.ts";

let house: SoakHouse;
let reading: Reading;
let acknowledged: Acknowledged;

beforeAll(async () => {
  house = await SoakHouse.start("single");
  const flow = new Flow({
    connections: [house.nc],
    random: new Random(1),
    systems: ["a", "b", "c", "d"],
    startAt: Date.now(),
    pauseMs: 5,
  }).start();
  await waitFor("enough was sent", () => flow.acknowledged.samples.length > 1_000);
  await flow.stop();
  await settled(house.nc, PARTITIONS);
  reading = await read(house.nc, PARTITIONS);
  acknowledged = flow.acknowledged;
});
afterAll(() => house?.[Symbol.asyncDispose]());

type Stream = "knowledge" | "samples";

/** The reading with one stream otherwise. */
const planted = (
  stream: Stream,
  change: (messages: StoredMessage[]) => readonly StoredMessage[],
): Reading => ({ ...reading, [stream]: change([...reading[stream]]) });

const kindsIn = (differences: readonly Difference[]): string[] => [
  ...new Set(differences.map(({ kind }) => kind)),
];

/** Places of the messages below a subject. */
const placesOf = (messages: readonly StoredMessage[], prefix: string): number[] =>
  messages.flatMap(({ subject }, place) => (subject.startsWith(prefix) ? [place] : []));

const newestPlace = (messages: readonly StoredMessage[], prefix: string): number =>
  placesOf(messages, prefix).at(-1) ?? expect.fail(`nothing below ${prefix}`);

const encode = (body: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

/** A stored JSON message whose body says something else. */
function rewritten(message: StoredMessage, change: object): StoredMessage {
  const body = JSON.parse(new TextDecoder().decode(message.data)) as object;
  return { ...message, data: encode({ ...body, ...change }) };
}

it("finds nothing where nothing is planted, in a log that has everything", () => {
  expect(check(reading, acknowledged)).toEqual([]);
  for (const family of ["recommendations", "thresholds", "anomalies", "parameters", "actions"])
    expect(placesOf(reading.knowledge, `mapek-kb.log.${family}.`)).not.toEqual([]);
});

describe("inputs", () => {
  it("finds a sample and a signal that were acknowledged and are not stored", () => {
    const sample = { system: "a", metric: "load", timestamp: 1, value: 2 };
    const head = { system: "a", loop: "decision_quality", id: "x", timestamp: 1 } as const;
    const more = {
      samples: [...acknowledged.samples, sample],
      signals: [...acknowledged.signals, { ...head, body: {} }],
    };
    expect(check(reading, more)).toMatchObject([
      { kind: "lost input", where: "a/load@1" },
      { kind: "lost input", where: "a/decision_quality/x" },
    ]);
  });

  it("finds a batch of samples that the stream lost", () => {
    const without = planted("samples", (messages) =>
      messages.toSpliced(newestPlace(messages, "mapek-kb.samples."), 1),
    );
    expect(kindsIn(check(without, acknowledged))).toContain("lost input");
  });

  it("finds a value and a signal that are stored otherwise than they were sent", () => {
    const [sample, ...samples] = acknowledged.samples;
    const [signal, ...signals] = acknowledged.signals;
    if (sample === undefined || signal === undefined) return expect.fail("nothing was sent");
    const sent = {
      samples: [{ ...sample, value: sample.value + 1e-9 }, ...samples],
      signals: [{ ...signal, body: { ...signal.body, extra: 1 } }, ...signals],
    };
    const kinds = check(reading, sent).map(({ kind }) => kind);
    expect(kinds).toEqual(["changed input", "changed input"]);
  });

  it("finds a command that did not reach the learner's stream, and one that came twice", () => {
    const subject = "mapek-kb.in.learner.";
    const lost = planted("samples", (messages) =>
      messages.toSpliced(newestPlace(messages, subject), 1),
    );
    expect(kindsIn(check(lost, acknowledged))).toContain("lost command");
    const twice = planted("samples", (messages) => {
      const place = newestPlace(messages, subject);
      return messages.toSpliced(place, 0, messages[place] as StoredMessage);
    });
    expect(kindsIn(check(twice, acknowledged))).toContain("lost command");
  });

  it("finds an input that nobody has folded", () => {
    const place = newestPlace(reading.knowledge, "mapek-kb.in.feedback.");
    const { subject, data } = reading.knowledge[place] as StoredMessage;
    const [part] = partsOf(subject, data);
    const input = decodeMsgpack(part as Uint8Array) as object;
    const late = { subject, seq: 1e9, data: encodeMsgpack({ ...input, kind: "tick" }) };
    const unread = {
      ...planted("knowledge", (messages) => [...messages, late]),
      answeredAt: { ...reading.answeredAt, knowledge: 1e9 },
    };
    expect(kindsIn(check(unread, acknowledged))).toEqual(["unfolded input"]);
  });
});

describe("outputs", () => {
  it.each(["recommendations", "thresholds", "anomalies", "parameters", "feedback", "actions"])(
    "finds one of %s that is missing",
    (family) => {
      const subject = `mapek-kb.log.${family}.`;
      const without = planted("knowledge", (messages) =>
        messages.toSpliced(newestPlace(messages, subject), 1),
      );
      expect(kindsIn(check(without, acknowledged))).toEqual(["missing output"]);
    },
  );

  it.each(["recommendations", "thresholds", "anomalies", "parameters", "feedback", "actions"])(
    "finds one of %s that is stored twice",
    (family) => {
      const twice = planted("knowledge", (messages) => {
        const message = messages[newestPlace(messages, `mapek-kb.log.${family}.`)];
        return [...messages, { ...(message as StoredMessage), seq: 1e9 }];
      });
      expect(kindsIn(check(twice, acknowledged))).toEqual(["doubled effect"]);
    },
  );

  it("finds an action that is told of again in other words", () => {
    const twice = planted("knowledge", (messages) => {
      const place = newestPlace(messages, "mapek-kb.log.actions.");
      const message = messages[place] as StoredMessage;
      return [...messages, { ...rewritten(message, { reason: "again" }), seq: 1e9 }];
    });
    expect(kindsIn(check(twice, acknowledged))).toEqual(["unexplained output", "doubled effect"]);
  });

  it("finds two of one subject in the wrong order", () => {
    const swapped = planted("knowledge", (messages) => {
      const newest = newestPlace(messages, "mapek-kb.log.feedback.");
      const { subject } = messages[newest] as StoredMessage;
      const before = placesOf(messages, subject).at(-2) as number;
      const [a, b] = [messages[before], messages[newest]] as [StoredMessage, StoredMessage];
      return messages.with(before, b).with(newest, a);
    });
    const differences = check(swapped, acknowledged);
    expect(kindsIn(differences)).toEqual(["reordered output"]);
  });

  it("finds one whose bytes are others", () => {
    const changed = planted("knowledge", (messages) => {
      const place = newestPlace(messages, "mapek-kb.log.parameters.");
      const message = messages[place] as StoredMessage;
      return messages.with(place, rewritten(message, { learning_rate: 0.123 }));
    });
    expect(kindsIn(check(changed, acknowledged))).toEqual(["changed output"]);
    const spaced = planted("knowledge", (messages) => {
      const place = newestPlace(messages, "mapek-kb.log.parameters.");
      const message = messages[place] as StoredMessage;
      const data = Buffer.concat([message.data, Buffer.from(" ")]);
      return messages.with(place, { ...message, data });
    });
    expect(kindsIn(check(spaced, acknowledged))).toEqual(["changed output"]);
  });
});

describe("states", () => {
  it.each(["series", "learning", "export", "parameters", "effectiveness"])(
    "finds an answer of %s that the replay does not give",
    (verb) => {
      const answers = reading.answers.map((answer) =>
        answer.verb === verb
          ? {
              ...answer,
              items: [{ ...(answer.items[0] as object), planted: 1 }, ...answer.items.slice(1)],
            }
          : answer,
      );
      const differences = check({ ...reading, answers }, acknowledged);
      expect(differences.map(({ kind }) => kind)).toEqual(["different state", "different state"]);
    },
  );

  it("finds a series that a service has forgotten", () => {
    const answers = reading.answers.map((answer) =>
      answer.verb === "series" ? { ...answer, items: answer.items.slice(1) } : answer,
    );
    expect(check({ ...reading, answers }, acknowledged)).toMatchObject([
      { kind: "different state", where: "learner series" },
    ]);
  });
});

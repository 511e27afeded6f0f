import { FAMILIES_OF, type Subjects } from "@mapek/core/contract";
import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { streamStored } from "../history/stored-messages.ts";
import { STREAMS } from "../nats/streams.ts";
import type { Effect } from "./output-differences.ts";
import { connectionOf, partitionsOf, type ReplayWindow, storedAt } from "./replay-service.ts";
import { type ChangeSettings, type Logics, SimulatedHouse } from "./simulated-house.ts";

export interface LoopReplayOptions extends ReplayWindow {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly logics: Logics;
  readonly change: ChangeSettings;
  /** Called with the number of folded messages, after every 500. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

/** Public outputs of the window: with the stored settings (`outputs`) and with changed ones (`changed`). */
export interface LoopReplay {
  readonly messages: number;
  readonly failures: number;
  readonly outputs: readonly Effect[];
  readonly changed: readonly Effect[];
}

const PROGRESS_EVERY = 500;

/**
 * Simulates all three services twice, with the stored settings and with changed ones, on the stored inputs from
 * outside. Messages between the services are made anew, so that another recommendation leads to another threshold and
 * to other actions.
 *
 * The outputs are compared with each other, not with the stored ones: in the simulation a command takes effect before
 * the next input from outside, in reality some milliseconds later.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand the messages out.
 */
export async function replayLoop(options: LoopReplayOptions): Promise<LoopReplay> {
  const { nc, subjects, logics, change, from, to, onProgress } = options;
  const connection = await connectionOf(nc);
  const partitions = await partitionsOf(connection);
  const then = new SimulatedHouse(logics, subjects, partitions);
  const other = new SimulatedHouse(logics, subjects, partitions, change);
  const samples = streamStored(connection, {
    stream: STREAMS.samples,
    filters: [subjects.samples("*"), subjects.input("learner", "*")],
  });
  const knowledge = streamStored(connection, {
    stream: STREAMS.knowledge,
    filters: [subjects.input("optimizer", "*"), subjects.input("feedback", "*")],
  });
  const families = Object.values(FAMILIES_OF).flat();
  const roots = families.map((family) => `${subjects.log(family)}.`);
  const outputs: Effect[] = [];
  const changed: Effect[] = [];
  const keep = (kept: Effect[], made: readonly Effect[]) => {
    for (const effect of made)
      if (roots.some((root) => effect.subject.startsWith(root))) kept.push(effect);
  };
  let messages = 0;
  // The time of storage, not the present, so that every replay has the same order.
  let newest = Number.NEGATIVE_INFINITY;
  for await (const message of merged(samples, knowledge)) {
    newest = Math.max(newest, storedAt(message));
    if (newest > to) break;
    const { subject, data } = message;
    const made = then.receive(subject, data, newest);
    const madeAnew = other.receive(subject, data, newest);
    if (newest >= from) {
      keep(outputs, made);
      keep(changed, madeAnew);
    }
    if (++messages % PROGRESS_EVERY === 0) onProgress?.(messages);
  }
  return { messages, failures: then.failures + other.failures, outputs, changed };
}

/** Merges two streams by the time of storage; at equal times the first stream comes first. */
async function* merged(
  first: AsyncGenerator<JsMsg>,
  second: AsyncGenerator<JsMsg>,
): AsyncGenerator<JsMsg> {
  try {
    let [a, b] = await Promise.all([first.next(), second.next()]);
    while (!(a.done && b.done)) {
      const isFirst = !a.done && (b.done || storedAt(a.value) <= storedAt(b.value));
      if (isFirst) {
        yield a.value as JsMsg;
        a = await first.next();
      } else {
        yield b.value as JsMsg;
        b = await second.next();
      }
    }
  } finally {
    // A caller that stops early must end both readings.
    await Promise.all([first.return(undefined), second.return(undefined)]);
  }
}

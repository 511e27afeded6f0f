import { FAMILIES_OF, type Subjects } from "@mapek/core/messages";
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
  /** Told of the stored messages folded so far, now and then. */
  readonly onProgress?: ((messages: number) => void) | undefined;
}

/** Public outputs of the window with the settings of then, and with the changed ones: both with the loop closed. */
export interface LoopReplay {
  readonly messages: number;
  readonly failures: number;
  readonly outputs: readonly Effect[];
  readonly changed: readonly Effect[];
}

const PROGRESS_EVERY = 500;

/**
 * Folds what came from outside through all three services at once, twice: with the settings of then and with changed ones. What the
 * services send to each other is made anew, so that another recommendation leads to another threshold and that to other actions.
 *
 * It is a simulation: a command takes effect before the next input from outside, where it took some milliseconds then. So
 * its outputs are compared with each other, not with the stored ones.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand out what it stores.
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
  // Stored time, so that the order is the same whenever it is asked for.
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

/** Two streams as one, by the time at which a message was stored; the first goes first where times are the same. */
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
    // A reader that stops early lets go of both.
    await Promise.all([first.return(undefined), second.return(undefined)]);
  }
}

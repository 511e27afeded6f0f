import { action, feedback, type MessageFamily, type Request } from "@mapek/core/contract";
import { appendBounded } from "@mapek/core/forget-oldest";
import { type ServiceContext, STREAMS } from "@mapek/runtime";
import { DeliverPolicy } from "@nats-io/jetstream";
import type { z } from "zod";

const DEFAULT_LIMIT = 100;

/** The `signals` and `actions` verbs: the newest messages of the streams of history, by system and loop. */
export function historyVerbs(context: ServiceContext) {
  const { subjects } = context;
  const read =
    (stream: string, output: "feedback" | "actions", family: MessageFamily<z.ZodType>) =>
    (system: string | undefined, request: Request) =>
      newest(
        context,
        stream,
        subjects.log(output, system ?? "*", request.loop ?? "*"),
        request.limit ?? DEFAULT_LIMIT,
        family,
      );
  return {
    signals: read(STREAMS.signals, "feedback", feedback),
    actions: read(STREAMS.actions, "actions", action),
  };
}

/**
 * The newest `limit` messages that match, oldest first.
 *
 * Cost: reads every message that matches, at most as many as the stream holds.
 */
async function newest(
  context: ServiceContext,
  stream: string,
  filter: string,
  limit: number,
  family: MessageFamily<z.ZodType>,
): Promise<unknown[]> {
  const consumer = await context.connection.js.consumers.get(stream, {
    filter_subjects: [filter],
    deliver_policy: DeliverPolicy.All,
  });
  let left = (await consumer.info()).num_pending;
  const items: unknown[] = [];
  if (left === 0) return items;
  const messages = await consumer.consume();
  for await (const message of messages) {
    const decoded = family.decode(message.data);
    if (decoded.ok) appendBounded(items, decoded.value, limit);
    if (--left <= 0) break;
  }
  messages.stop();
  return items;
}

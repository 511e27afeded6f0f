import type { MapekClient } from "@mapek/client";
import { seriesKey } from "@mapek/core/contract";
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { type Access, TOKEN_HEADER } from "./access.ts";
import { checked, commandBody, labelBody, loopBody } from "./queries.ts";

/** Confidence of a threshold that an operator proposes. */
const PROPOSAL_CONFIDENCE = 0.95;

export interface ActionOptions {
  readonly client: MapekClient;
  readonly access: Access;
  /** Called for each action that was stored. */
  readonly onAction: (what: string, about: string) => void;
}

/** Routes for operators' actions; each requires the token and answers once its message is stored. */
export function actionRoutes(server: FastifyInstance, options: ActionOptions): void {
  const { client, access, onAction } = options;
  const action = <T extends z.ZodType>(
    path: string,
    schema: T,
    work: (body: z.output<T>) => Promise<object>,
  ) =>
    server.post(path, async ({ headers, body }) => {
      access.require(headers[TOKEN_HEADER]);
      return work(checked(schema, body));
    });

  action("/api/label", labelBody, async ({ system, metric, labels, verdict, at, propose }) => {
    const key = seriesKey(system, metric, labels);
    const anomaly_id = `${key}@${at}`;
    const { id } = await client.signal.anomalyFeedback(system, { [verdict]: 1, anomaly_id });
    onAction(verdict, anomaly_id);
    if (propose === undefined) return { signal_id: id };
    const proposal = await client.signal.metricsLearning(system, {
      ...{ parameter: metric, labels, threshold_value: propose.threshold },
      ...(propose.side !== undefined && { side: propose.side }),
      confidence: PROPOSAL_CONFIDENCE,
    });
    onAction("propose", key);
    return { signal_id: id, proposal_id: proposal.id };
  });

  action("/api/command", commandBody, async ({ system, ...command }) => {
    const { id } = await client.control.learner(system, command);
    onAction(command.command, seriesKey(system, command.metric, command.labels));
    return { id };
  });

  action("/api/loop", loopBody, async ({ system, loop, enabled }) => {
    const { id } = await client.control.feedback(system, { command: "set_loop", loop, enabled });
    onAction(enabled ? "enable" : "disable", `${system} ${loop}`);
    return { id };
  });

  server.get("/api/session", async ({ headers }) => ({
    read_only: access.readOnly,
    may_act: access.holds(headers[TOKEN_HEADER]),
  }));
}

import type { MapekClient } from "@mapek/client";
import { type Labels, LOOP_PURPOSES, LOOPS, seriesKey } from "@mapek/core/contract";
import type { FastifyInstance } from "fastify";
import { ConsoleError } from "./errors.ts";
import { withoutReplaced } from "./handed-out.ts";
import {
  checked,
  listQuery,
  loopsQuery,
  samplesQuery,
  seriesQuery,
  systemQuery,
} from "./queries.ts";
import type { SeriesIndex } from "./series/series-index.ts";
import type { Systems } from "./series/systems.ts";

/** Number of newest items of a history in an answer. */
const HISTORY = 200;
/** Number of newest threshold messages in an answer: a series sends up to about a hundred a day. */
const THRESHOLDS = 1_000;
/** Number of open anomalies that the page of a system shows. */
const OPEN_SHOWN = 20;

export interface ReadOptions {
  readonly client: MapekClient;
  readonly index: SeriesIndex;
  readonly systems: Systems;
}

/** Routes for reading, as JSON. Reading needs no token: everybody who reaches the console may read. */
export function readRoutes(server: FastifyInstance, options: ReadOptions): void {
  const { client, index, systems } = options;

  server.get("/api/systems", async () => {
    await index.freshen();
    return systems.list();
  });

  server.get("/api/system", async ({ query }) => {
    const { system } = checked(systemQuery, query);
    await index.freshen();
    const row = systems.one(system);
    if (row === undefined) throw new ConsoleError("MAPEK_CONSOLE_NOT_FOUND", `system ${system}`);
    const [transitions, parameters, explanation] = await Promise.all([
      client.history({ kind: "transitions", system, limit: HISTORY }),
      client.events({ service: "optimizer", system, families: ["parameters"], limit: HISTORY }),
      client.explain({ kind: "state", system }),
    ]);
    const [open, groups] = [index.openOf(system, OPEN_SHOWN), index.groupsOf(system)];
    return { row, transitions, parameters, explanation, open, groups };
  });

  server.get("/api/series", async ({ query }) => {
    const list = checked(listQuery, query);
    await index.freshen();
    return index.page(list);
  });

  server.get("/api/series/one", async ({ query }) => {
    const { system, metric, labels } = checked(seriesQuery, query);
    const state = await index.read(system, metric, labels);
    if (state === undefined)
      throw new ConsoleError("MAPEK_CONSOLE_NOT_FOUND", seriesKey(system, metric, labels));
    return { state, ...(await detailsOf(client, system, { metric, labels })) };
  });

  server.get("/api/series/samples", async ({ query }) => {
    const { system, from, ...series } = checked(samplesQuery, query);
    const [samples] = await client.request("learner", "export", system, {
      ...series,
      ...(from !== undefined && { from }),
    });
    return samples ?? null;
  });

  server.get("/api/loops", async ({ query }) => {
    const { system } = checked(loopsQuery, query);
    const [loops, actions, signals] = await Promise.all([
      client.request("feedback", "effectiveness", system),
      client.history({ kind: "actions", limit: HISTORY, ...(system !== undefined && { system }) }),
      client.history({ kind: "signals", limit: HISTORY, ...(system !== undefined && { system }) }),
    ]);
    return { order: LOOPS, purposes: LOOP_PURPOSES, loops, actions, signals };
  });
}

/** The data of one series that a page reads on demand and does not get live. */
async function detailsOf(
  client: MapekClient,
  system: string,
  series: { readonly metric: string; readonly labels: Labels },
) {
  const ask = (verb: string) => client.request("learner", verb, system, series);
  const told = (limit: number, ...families: ("thresholds" | "anomalies" | "changes")[]) =>
    client.events({ service: "learner", system, families, ...series, limit });
  const [statistics, recommendations, thresholds, learning, upper, lower, drawn, events, actions] =
    await Promise.all([
      ask("statistics"),
      ask("recommendations"),
      ask("thresholds"),
      ask("learning"),
      client.explain({ kind: "threshold", system, ...series, side: "upper" }),
      client.explain({ kind: "threshold", system, ...series, side: "lower" }),
      told(THRESHOLDS, "thresholds"),
      told(HISTORY, "anomalies", "changes"),
      client.history({ kind: "actions", system, limit: HISTORY }),
    ]);
  const key = seriesKey(system, series.metric, series.labels);
  return {
    statistics: statistics[0] ?? null,
    recommendation: recommendations[0] ?? null,
    thresholds: (thresholds as object[]).map(inForce),
    learning: learning[0] ?? null,
    explanations: { upper, lower },
    history: [...withoutReplaced(drawn), ...events],
    actions: actions.filter(({ target }) => target.series === key),
  };
}

/** A threshold in the form of its messages, which leave out the schedule of a constant threshold; the learner's answer has null. */
function inForce({ schedule, ...threshold }: { readonly schedule?: object | null }): object {
  return { ...threshold, ...(schedule != null && { schedule }) };
}

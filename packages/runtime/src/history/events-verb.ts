import {
  type ActorService,
  FAMILIES_OF,
  isOutput,
  type Labels,
  MessageError,
  metricToken,
  type OutputEvent,
  type OutputFamily,
  parseSeriesKey,
  type Request,
  type SeriesId,
  seriesKey,
  seriesKeyOfAnomaly,
} from "@mapek/core/contract";
import type { ServiceContext } from "../service.ts";
import { OutputLog, type OutputSelection } from "./output-log.ts";

const DEFAULT_LIMIT = 500;

/**
 * The `events` verb: a service's stored outputs, oldest first; of those that match, the newest `limit` (500 by
 * default).
 *
 * `from` and `to` are compared with an output's own timestamp; both ends are included. At most the newest 20,000
 * outputs are read, chosen by subject and `from`; metric, labels and `to` are compared after that.
 *
 * @throws {MessageError} MAPEK_MESSAGE_INVALID for a family of another service.
 */
export function eventsVerb(service: ActorService, context: ServiceContext) {
  const log = new OutputLog(context);
  return async (system: string | undefined, request: Request): Promise<OutputEvent[]> => {
    const { from, to = Number.POSITIVE_INFINITY, limit = DEFAULT_LIMIT } = request;
    const { metric, labels } = request;
    // Where subject and `limit` say all, no more than `limit` outputs have to be read. With `from` all must be read:
    // imported history has older timestamps than its place in the log.
    const isPlain = [from, request.to, metric, labels].every((narrow) => narrow === undefined);
    const { outputs } = await log.read(system, selectionsOf(service, request), {
      since: from,
      ...(isPlain && { wanted: limit }),
      keep: (output) => output.timestamp <= to && isWanted(output, request),
    });
    return outputs.slice(-limit);
  };
}

function selectionsOf(service: ActorService, request: Request): OutputSelection[] {
  const own: readonly OutputFamily[] = FAMILIES_OF[service];
  const families = [...new Set(request.families ?? own)];
  const foreign = families.find((family) => !own.includes(family));
  if (foreign !== undefined)
    throw new MessageError(
      "MAPEK_MESSAGE_INVALID",
      `families: ${foreign} is not of the ${service}, which has ${own.join(", ")}`,
    );
  const { metric, loop } = request;
  const tail = service === "learner" ? metric && metricToken(metric) : loop;
  return families.map((family) => ({ family, tail }));
}

function isWanted(output: OutputEvent, { metric, labels }: Request): boolean {
  if (metric === undefined && labels === undefined) return true;
  if (output.family === "parameters" || output.family === "transitions") return true;
  const series = seriesOfOutput(output);
  return (
    series !== undefined &&
    (metric === undefined || series.metric === metric) &&
    (labels === undefined || isSame(series.labels, labels))
  );
}

const isSame = (a: Labels, b: Labels): boolean => seriesKey("s", "m", a) === seriesKey("s", "m", b);

/** The series that an output is about; undefined where there is none. For signals and actions: the series that they name. */
export function seriesOfOutput(output: OutputEvent): SeriesId | undefined {
  if (isOutput("actions", output)) return parsed(output.message.target.series ?? undefined);
  const { message } = output;
  if (isOutput("feedback", output)) {
    const { system, signal } = output.message;
    const { anomaly_id: id, metric = signal.parameter, labels = {} } = signal;
    if (typeof id === "string") return parsed(seriesKeyOfAnomaly(id));
    return typeof metric === "string" ? { system, metric, labels: labels as Labels } : undefined;
  }
  const { system, metric, labels } = message as Partial<SeriesId>;
  return system !== undefined && metric !== undefined && labels !== undefined
    ? { system, metric, labels }
    : undefined;
}

function parsed(key: string | undefined): SeriesId | undefined {
  const id = key === undefined ? undefined : parseSeriesKey(key);
  return id?.ok ? id.value : undefined;
}

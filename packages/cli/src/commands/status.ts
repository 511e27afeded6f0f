import {
  ClientError,
  type GroupedAnomaly,
  type MapekClient,
  openGroups,
  type SeriesState,
} from "@mapek/client";
import { evidenceTexts, rarityOf } from "@mapek/core/anomaly-words";
import {
  ACTOR_SERVICES,
  type ActorService,
  type AnomalyGroup,
  type BudgetSpent,
  type Durability,
  describeBudget,
  describeGroup,
  type Labels,
  type Parameters,
} from "@mapek/core/contract";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { CliError } from "../errors.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showSeries,
  showTime,
  table,
} from "../output/output.ts";

interface Options extends NatsOptions {
  readonly system?: string;
  readonly anomalies?: boolean;
  readonly json?: boolean;
}

/** Number of series with a broken alarm budget that are printed, the worst first. */
const MOST_BROKEN = 5;

interface Effectiveness {
  readonly system: string;
  readonly loop: string;
  readonly effectiveness: number | null;
}

interface Status {
  readonly nats_url: string;
  /** `ok`, or the error code of the service's answer. */
  readonly services: Readonly<Record<ActorService, "ok" | (string & {})>>;
  /** Guarantees of the server for an acknowledged write; null where no service answers. */
  readonly durability: Durability | null;
  readonly systems: readonly SystemStatus[];
}

interface SystemStatus {
  readonly system: string;
  readonly series: number;
  readonly thresholds: number;
  readonly open_anomalies: number;
  /** Groups of anomalies that opened together. */
  readonly groups: readonly GroupStatus[];
  /** Mean over the series; null where no series reports its budget. */
  readonly alarm_budget_spent: number | null;
  /** Series with a broken alarm budget, the worst first. */
  readonly alarm_budget_broken: readonly BrokenBudget[];
  /** Number of series without samples for longer than expected. */
  readonly stale_series: number;
  /** Samples older than the newest of their series when they came: they teach no season, change or anomaly. */
  readonly not_taught: number;
  readonly state: string | null;
  readonly parameters: Parameters | null;
  readonly effectiveness: Readonly<Record<string, number | null>>;
}

interface GroupStatus {
  readonly group: string;
  readonly opened_at: number;
  /** Description of the group in one line. */
  readonly summary: string;
  readonly anomalies: readonly AnomalyStatus[];
}

interface AnomalyStatus {
  readonly metric: string;
  readonly labels: Labels;
  readonly opened_at: number;
  /** Largest surprise; null where the anomaly has none. */
  readonly surprise: number | null;
  /** Unusual families of evidence, in words. */
  readonly unusual: readonly string[];
}

interface BrokenBudget extends BudgetSpent {
  readonly metric: string;
  readonly labels: Labels;
}

export const statusCommand = (): Command =>
  new Command("status")
    .option("--system <system>", "of this system only")
    .option("--anomalies", "every open anomaly by itself, not only what began together")
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(async (options: Options) => {
      const status = await withClient(options, (client) => statusOf(client, options.system));
      if (options.json) printJson(status);
      else printStatus(status, options.anomalies ?? false);
      const silent = ACTOR_SERVICES.filter((service) => status.services[service] !== "ok");
      if (silent.length > 0)
        throw new CliError(
          "MAPEK_CLI_UNAVAILABLE",
          silent.map((service) => `${service}: ${status.services[service]}`).join(", "),
        );
    });

async function statusOf(client: MapekClient, system: string | undefined): Promise<Status> {
  const services: Record<ActorService, string> = { learner: "ok", optimizer: "ok", feedback: "ok" };
  const ask = async <T>(service: ActorService, verb: string): Promise<T[]> => {
    try {
      return (await client.request(service, verb, system)) as T[];
    } catch (error) {
      if (error instanceof ClientError && error.code === "MAPEK_CLIENT_CLOSED") throw error;
      services[service] = (error as { code?: string }).code ?? (error as Error).message;
      return [];
    }
  };
  const [series, parameters, effectiveness, durability] = await Promise.all([
    ask<SeriesState>("learner", "series"),
    ask<Parameters>("optimizer", "parameters"),
    ask<Effectiveness>("feedback", "effectiveness"),
    ask<Durability>("learner", "durability"),
  ]);
  const names = [...series, ...parameters, ...effectiveness].map((item) => item.system);
  return {
    nats_url: `nats://${client.connection.getServer()}`,
    services,
    durability: durability.at(0) ?? null,
    systems: [...new Set(names)].sort().map((name) => {
      const own = series.filter((item) => item.system === name);
      const found = parameters.find((item) => item.system === name) ?? null;
      return {
        system: name,
        series: own.length,
        thresholds: own.filter((item) => item.threshold !== null).length,
        open_anomalies: own.filter((item) => item.open_anomaly !== null).length,
        groups: openGroups(own).map(groupStatus),
        alarm_budget_spent: meanSpent(own),
        alarm_budget_broken: own
          .filter((item) => item.alarm_budget_broken)
          .sort((a, b) => b.alarm_budget_spent - a.alarm_budget_spent)
          .map(({ metric, labels, alarm_budget_spent, alarm_budget_broken }) => ({
            ...{ metric, labels, alarm_budget_spent, alarm_budget_broken },
          })),
        stale_series: own.filter((item) => item.stale).length,
        not_taught: own.reduce((sum, item) => sum + item.not_taught, 0),
        state: found?.state ?? null,
        parameters: found,
        effectiveness: Object.fromEntries(
          effectiveness
            .filter((item) => item.system === name)
            .map((item) => [item.loop, item.effectiveness]),
        ),
      };
    }),
  };
}

const groupStatus = (group: AnomalyGroup<GroupedAnomaly>): GroupStatus => ({
  group: group.id,
  opened_at: group.openedAt,
  summary: describeGroup(group, Date.now()),
  anomalies: group.incidents.map((one) => ({
    ...{ metric: one.metric, labels: one.labels, opened_at: one.opened_at },
    surprise: rarityOf(one) ?? null,
    unusual: evidenceTexts(one),
  })),
});

/** Mean share of the alarm budget spent; learners of earlier releases do not report it. */
function meanSpent(series: readonly SeriesState[]): number | null {
  const told = series.filter(({ alarm_budget_spent: spent }) => spent !== undefined);
  if (told.length === 0) return null;
  return told.reduce((sum, item) => sum + item.alarm_budget_spent, 0) / told.length;
}

/** Durability in words: copies, servers, storage, and how often writes are synced to disk. */
function showDurability({ replicas, storage, cluster_size, sync }: Durability): string {
  const copies = replicas === 1 ? "1 replica" : `${replicas} replicas`;
  const servers = cluster_size === null ? "" : ` on ${cluster_size} server(s)`;
  const synced =
    typeof sync === "number" ? `every ${sync} s` : sync === "always" ? "each write" : "unknown";
  return `${copies}${servers}, ${storage}, sync ${synced}`;
}

function printStatus(
  { nats_url, services, durability, systems }: Status,
  everyAnomaly: boolean,
): void {
  printLine(`server    ${nats_url}`);
  if (durability !== null) printLine(`stored    ${showDurability(durability)}`);
  for (const service of ACTOR_SERVICES) printLine(`${service.padEnd(9)} ${services[service]}`);
  if (systems.length === 0) return;
  printLine("");
  const rows = systems.map((it) => [
    it.system,
    String(it.series),
    String(it.thresholds),
    String(it.open_anomalies),
    String(it.stale_series),
    it.state ?? "-",
    showNumber(it.parameters?.monitoring_interval),
    showNumber(it.parameters?.execution_parallelism),
    showNumber(it.parameters?.learning_rate),
    Object.entries(it.effectiveness)
      .filter(([, share]) => share !== null)
      .map(([loop, share]) => `${loop} ${showNumber(share)}`)
      .join(", ") || "-",
  ]);
  const header = ["SYSTEM", "SERIES", "THRESHOLDS", "ANOMALIES", "STALE", "STATE"];
  printLine(
    table([[...header, "INTERVAL", "PARALLELISM", "LEARNING RATE", "EFFECTIVENESS"], ...rows]),
  );
  const groups = systems.flatMap((it) => it.groups);
  if (groups.length > 0) printLine("");
  for (const group of groups) {
    printLine(group.summary);
    if (everyAnomaly) printLine(anomalyTable(group));
  }
  const broken = systems.flatMap(({ system, alarm_budget_broken }) =>
    alarm_budget_broken.map((it) => ({ system, ...it })),
  );
  if (broken.length > 0) printLine("");
  for (const it of broken.slice(0, MOST_BROKEN))
    printLine(`${it.system} ${showSeries(it.metric, it.labels)}: ${describeBudget(it)}.`);
  if (broken.length > MOST_BROKEN)
    printLine(`${broken.length - MOST_BROKEN} more do not keep theirs.`);
  for (const { system, not_taught } of systems)
    if (not_taught > 0)
      printLine(
        `${not_taught} samples of ${system} came after newer ones of their series: they fill its window, and teach no season, change or anomaly.`,
      );
}

/** The anomalies of a group as a table, in order of opening. */
function anomalyTable({ anomalies }: GroupStatus): string {
  const rows = anomalies.map(({ opened_at, metric, labels, unusual }) => [
    showTime(opened_at),
    showSeries(metric, labels),
    unusual[0] ?? "",
  ]);
  return table(rows).replaceAll(/^/gm, "  ");
}

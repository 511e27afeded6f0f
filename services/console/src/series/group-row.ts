import { openGroups, type SeriesState } from "@mapek/client";
import { evidenceTexts, rarityOf, rarityText } from "@mapek/core/anomaly-words";
import { describeGroup, type Labels } from "@mapek/core/contract";

/** A group of anomalies of one system that opened together, as pages show it. */
export interface GroupRow {
  readonly id: string;
  readonly system: string;
  /** Summary: number of anomalies, beginning, first and rarest series. */
  readonly line: string;
  /** In order of opening. */
  readonly anomalies: readonly GroupedRow[];
}

interface GroupedRow {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly opened_at: number;
  /** Rarity in words; null where the anomaly has none. */
  readonly rarity: string | null;
  /** Unusual families of evidence, in words. */
  readonly unusual: string;
}

/** The groups of the open anomalies, the newest group first. @param most Limit of anomalies per group; the first to open are kept. */
export const groupRows = (series: readonly SeriesState[], most: number): GroupRow[] =>
  openGroups(series)
    .sort((a, b) => b.openedAt - a.openedAt)
    .map((group) => ({
      id: group.id,
      system: group.system,
      line: describeGroup(group, Date.now()),
      anomalies: group.incidents.slice(0, most).map((one) => {
        const rarity = rarityOf(one);
        return {
          ...{ system: one.system, metric: one.metric, labels: one.labels },
          opened_at: one.opened_at,
          rarity: rarity === undefined ? null : rarityText(rarity),
          unusual: evidenceTexts(one).join("; "),
        };
      }),
    }));

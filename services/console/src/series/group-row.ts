import { openGroups, type SeriesState } from "@mapek/client";
import { evidenceTexts, rarityOf, rarityText } from "@mapek/core/anomaly-words";
import { describeGroup, type Labels } from "@mapek/core/messages";

/** Anomalies of one system that began together, as pages show them. */
export interface GroupRow {
  readonly id: string;
  readonly system: string;
  /** How many, since when, who began, which is rarest. */
  readonly line: string;
  /** Who began first comes first. */
  readonly anomalies: readonly GroupedRow[];
}

interface GroupedRow {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly opened_at: number;
  /** How rare it is, in words; null where it does not say. */
  readonly rarity: string | null;
  /** What was unusual, in words. */
  readonly unusual: string;
}

/** The groups of the open anomalies, the newest group first. @param most Anomalies of a group that are told, those that began first. */
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

import type { Anomaly } from "../outputs/anomaly.ts";

/** The fields of an anomaly that the sentences use. */
export type ToldEvidence = Partial<Pick<Anomaly, "families" | "surprises" | "ending">>;
type EvidenceFamily = keyof NonNullable<Anomaly["surprises"]>;

/** Words for each family of evidence, as the subject of "… comes in one hour of 3,000". */
const UNUSUAL: { readonly [F in EvidenceFamily]-?: string } = {
  step: "a step this large from the values just before",
  season: "a departure this large from the course of its day",
  level: "a value this far from its hour's usual one",
  range: "a mean of twelve values this far outside last week's",
  record: "a record like this",
  hour: "a mean of the hour just over this far from its usual one",
};

const ENDED: { readonly [E in NonNullable<Anomaly["ending"]>]: string } = {
  recovered: "it recovered",
  opposite: "another on the other side followed",
  level_shift: "its values are the new level",
  silent: "the series went silent",
};

/** Advice where an alarm budget is not kept. */
export const BUDGET_ADVICE =
  "label the false ones, raise its min_deviation or lower its sensitivity";

/** From this surprise on the text gives no figure, since few series have that many hours. */
const MOST_SURPRISE = 5;
const counted = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });

/** Words for a surprise (−log10 of a share of hours): "one hour of 3,000". */
export const rarityText = (surprise: number): string =>
  surprise >= MOST_SURPRISE
    ? "less than one hour in 100,000"
    : `one hour of ${counted.format(Math.max(1, 10 ** surprise))}`;

/** The largest surprise of an anomaly; undefined for an anomaly without surprises. */
export function rarityOf({ surprises }: ToldEvidence): number | undefined {
  const told = Object.values(surprises ?? {});
  return told.length === 0 ? undefined : Math.max(...told);
}

/** Words for a family of evidence: "a value this far from its hour's usual one". */
export const unusualText = (family: EvidenceFamily): string => UNUSUAL[family];

/**
 * Texts for the evidence of an anomaly with its rarity, the most unusual first, equally rare evidence together: "a value this far
 * from its hour's usual one (level) comes in one hour of 3,000". An anomaly without surprises gets only the names of its families.
 */
export function evidenceTexts({ families = [], surprises }: ToldEvidence): string[] {
  if (surprises === undefined) return families.map(wordOf);
  const isFamily = (name: string): name is EvidenceFamily => name in UNUSUAL;
  const views = families.filter((name) => !isFamily(name)).map(wordOf);
  const byRarity = new Map<string, string[]>();
  for (const family of families.filter(isFamily)) {
    const which = family === "record" ? ["record", ...views].join(", ") : wordOf(family);
    const rarity = rarityText(surprises[family] ?? 0);
    byRarity.set(rarity, [...(byRarity.get(rarity) ?? []), `${UNUSUAL[family]} (${which})`]);
  }
  return [...byRarity].map(([rarity, what]) =>
    what.length === 1 ? `${what[0]} comes in ${rarity}` : `${listed(what)} each come in ${rarity}`,
  );
}

const listed = (texts: readonly string[]): string =>
  `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;

/** Words for the ending of an anomaly; undefined for an open anomaly and for an unknown ending. */
export const endingText = ({ ending }: ToldEvidence): string | undefined =>
  ending === null || ending === undefined ? undefined : ENDED[ending];

const wordOf = (name: string): string => name.replaceAll("_", " ");

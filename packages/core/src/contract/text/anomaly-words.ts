import type { Anomaly } from "../outputs/anomaly.ts";

/** What the sentences need of an anomaly. */
export type ToldEvidence = Partial<Pick<Anomaly, "families" | "surprises" | "ending">>;
type EvidenceFamily = keyof NonNullable<Anomaly["surprises"]>;

/** What is unusual where a family of evidence speaks, as the subject of "… comes in one hour of 3,000". */
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

/** What to do where an alarm budget cannot be kept. */
export const BUDGET_ADVICE =
  "label the false ones, raise its min_deviation or lower its sensitivity";

/** From this surprise on no figure is said: few series have so many hours. */
const MOST_SURPRISE = 5;
const counted = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });

/** How rare so much surprise (−log10 of a share of hours) is: "one hour of 3,000". */
export const rarityText = (surprise: number): string =>
  surprise >= MOST_SURPRISE
    ? "less than one hour in 100,000"
    : `one hour of ${counted.format(Math.max(1, 10 ** surprise))}`;

/** How rare an anomaly is: the largest of its surprises; undefined where it says none. */
export function rarityOf({ surprises }: ToldEvidence): number | undefined {
  const told = Object.values(surprises ?? {});
  return told.length === 0 ? undefined : Math.max(...told);
}

/** What is unusual where a family of evidence speaks: "a value this far from its hour's usual one". */
export const unusualText = (family: EvidenceFamily): string => UNUSUAL[family];

/**
 * What was unusual and how rare each of it, the most unusual first, what is equally rare together: "a value this far from its hour's
 * usual one (level) comes in one hour of 3,000". An anomaly of before there were surprises has the names of its families only.
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

/** How an anomaly ended, in words; undefined while it is open, and where it does not say. */
export const endingText = ({ ending }: ToldEvidence): string | undefined =>
  ending === null || ending === undefined ? undefined : ENDED[ending];

const wordOf = (name: string): string => name.replaceAll("_", " ");

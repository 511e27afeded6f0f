import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { folderOf, SHARED } from "../labelled.ts";
import { JUDGED_CORPORA } from "./judging/judged-series.ts";

/** Parts of the study, in the order of its page. */
const PARTS = [...JUDGED_CORPORA, "outages", "normal", "synthetic", "peers"] as const;
type Part = (typeof PARTS)[number];

/** False incidents a series in 14 days; the second is the default of `self_learning.alarm_budget`. */
const BUDGETS = [0.1, 0.5, 1, 2];
const DEFAULT_BUDGET = 0.5;

export interface Options {
  readonly isAsked: (part: Part) => boolean;
  /** Ascending. */
  readonly budgets: readonly number[];
  /** The one for which details are shown. */
  readonly budget: number;
  /** Every so many series of a corpus, and of the made ones, is taken. */
  readonly every: number;
  /** Stands at the head of the page, so that no part is taken for the whole. */
  readonly said: string;
  /** Whether nothing is left out: a part is printed and leaves the page as it is. */
  readonly isWhole: boolean;
}

/**
 * `--only kpi,normal`, `--budget 0.5` (that budget alone), `--every 3`. Ends the process with code 2 and one line on stderr
 * where an option is wrong or data are missing: a study that quietly leaves a corpus out would look better than it is.
 */
export function studyOptions(): Options {
  const { values } = parseArgs({
    options: { only: { type: "string" }, budget: { type: "string" }, every: { type: "string" } },
  });
  const asked = values.only?.split(",") ?? PARTS;
  const unknown = asked.find((part) => !PARTS.includes(part as Part));
  if (unknown !== undefined) refuse(`--only takes of ${PARTS.join(", ")}; not ${unknown}`);
  const budget = Number(values.budget ?? DEFAULT_BUDGET);
  if (!(budget > 0 && budget <= 100)) refuse("--budget takes a number above 0, to 100");
  const every = Number(values.every ?? 1);
  if (!(Number.isSafeInteger(every) && every > 0)) refuse("--every takes a whole number from 1");
  const isAsked = (part: Part) => asked.includes(part);
  for (const corpus of JUDGED_CORPORA) {
    const folder = corpus === "nab" ? join(SHARED, "nab") : folderOf(corpus);
    if (isAsked(corpus) && !existsSync(folder))
      refuse(`no series of ${corpus}: ${folder} is missing; MAPEK_SHARED says where the data are`);
  }
  const isWhole = every === 1 && values.only === undefined && values.budget === undefined;
  const said =
    every === 1 && values.only === undefined
      ? "All series, through what `mapek analyze` runs."
      : `One in ${every} of ${asked.join(", ")}, through what \`mapek analyze\` runs.`;
  const budgets = values.budget === undefined ? BUDGETS : [budget];
  return { isAsked, budgets, budget, every, said, isWhole };
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

import { parseArgs } from "node:util";
import { CORPORA, type Corpus, missingFolder } from "./corpora.ts";

/** Without an option one in so many of the corpora with long series is taken: a study then ends within ten minutes. */
const USUAL_EVERY = 3;
const LONG_CORPORA: ReadonlySet<Corpus> = new Set(["kpi", "wsd"]);

/** Which series a study over the corpora takes. */
export interface StudyOptions {
  readonly corpora: readonly Corpus[];
  /** Every so many series of a corpus is taken. */
  readonly everyOf: (corpus: Corpus) => number;
  /** Says so at the head of a page, so that no part is taken for the whole. */
  readonly said: string;
}

/**
 * `--every 1` takes every series of each corpus, `--every 3` each third, `--only kpi` one corpus. Ends the process with code 2
 * and one line on stderr where an option is wrong or data are missing: a study that quietly leaves a corpus out would look
 * better than it is.
 */
export function studyOptions(): StudyOptions {
  const { values } = parseArgs({
    options: { every: { type: "string" }, only: { type: "string" } },
  });
  const every = values.every === undefined ? undefined : Number(values.every);
  if (every !== undefined && !(Number.isSafeInteger(every) && every > 0))
    refuse("--every takes a whole number from 1");
  const corpora = CORPORA.filter((one) => values.only === undefined || values.only === one);
  if (corpora.length === 0) refuse(`--only takes one of ${CORPORA.join(", ")}`);
  for (const corpus of corpora) {
    const folder = missingFolder(corpus);
    if (folder !== undefined)
      refuse(`no series of ${corpus}: ${folder} is missing; MAPEK_SHARED says where the data are`);
  }
  const everyOf = (corpus: Corpus) => every ?? (LONG_CORPORA.has(corpus) ? USUAL_EVERY : 1);
  const said = corpora
    .map((corpus) => (everyOf(corpus) === 1 ? corpus : `one in ${everyOf(corpus)} of ${corpus}`))
    .join(", ");
  return { corpora, everyOf, said };
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

import type { Side } from "@mapek/core/statistics";
import { head, percent, row } from "../table.ts";
import {
  isKept,
  type Judged,
  LONG,
  lossOver,
  median,
  type Promised,
  WAYS,
  type Way,
} from "./kept.ts";

const NAMES: Readonly<Record<Way, string>> = {
  online: "online",
  published: "published",
  inForce: "in force",
};

/** What was handed out for the series of a corpus, at one promise and learning rate. */
export interface Group {
  readonly corpus: string;
  readonly promised: Promised;
  readonly side: Side;
  /** Undefined: the default of a healthy system. */
  readonly learningRate: number | undefined;
  readonly judged: readonly Judged[];
}

/** A row a group: how many series each way kept, and what that cost. */
export function summary(groups: readonly Group[]): string[] {
  return [
    ...head(
      ...["corpus", "promised", "learning rate", "series"],
      ...WAYS.map((way) => `${NAMES[way]} kept`),
      ...["loss published", "loss in force", "most", "messages/day", "most"],
    ),
    ...groups.map(({ corpus, promised, side, learningRate, judged }) => {
      const long = judged.filter(({ samples }) => samples > LONG);
      const messages = long.map((one) => one.messages);
      const losses = (way: Way): number[] => long.map((one) => lossOver(one, way));
      return row(
        corpus,
        promiseOf(promised, side),
        learningRate ?? "default",
        long.length,
        ...WAYS.map((way) => long.filter((one) => isKept(one[way], promised)).length),
        decimal(median(losses("published"))),
        decimal(median(losses("inForce"))),
        decimal(most(losses("inForce"))),
        decimal(median(messages), 0),
        decimal(most(messages), 0),
      );
    }),
  ];
}

/** A row for each promise that the threshold in force did not keep. */
export function broken(groups: readonly Group[]): string[] {
  return [
    ...head("series", "promised", ...WAYS.map((way) => NAMES[way]), "reached", "loss in force"),
    ...groups.flatMap(({ promised, side, judged }) =>
      judged
        .filter(({ samples, inForce }) => samples > LONG && !isKept(inForce, promised))
        .map((one) =>
          row(
            one.name,
            promiseOf(promised, side),
            ...WAYS.map((way) => percent(one[way].beyond)),
            percent(one.inForce.reached),
            decimal(lossOver(one, "inForce")),
          ),
        ),
    ),
  ];
}

/** A row a series: shares beyond each threshold, on or beyond the one in force, and what that cost. */
export function eachSeries({ promised, judged }: Group): string[] {
  return [
    ...head(
      ...["series", "samples", ...WAYS.map((way) => NAMES[way]), "reached", "kept"],
      ...["loss published", "loss in force", "messages/day"],
    ),
    ...judged.map((one) => {
      const isHeld = isKept(one.inForce, promised) ? "yes" : "**no**";
      return row(
        one.name,
        one.samples,
        ...WAYS.map((way) => percent(one[way].beyond)),
        percent(one.inForce.reached),
        one.samples > LONG ? isHeld : "–",
        decimal(lossOver(one, "published")),
        decimal(lossOver(one, "inForce")),
        one.messages.toFixed(0),
      );
    }),
  ];
}

const promiseOf = ({ rate }: Promised, side: Side): string =>
  `${100 * rate} % ${side === "upper" ? "above" : "below"}`;

const most = (list: readonly number[]): number | undefined =>
  list.length === 0 ? undefined : list.reduce((a, b) => Math.max(a, b));

const decimal = (x: number | undefined, digits = 2): string =>
  x === undefined || !Number.isFinite(x) ? "–" : x.toFixed(digits);

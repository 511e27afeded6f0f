import {
  type Explained,
  type Explanation,
  type Labels,
  MessageError,
  type Request,
  type ThresholdSide,
} from "@mapek/core/contract";

/** An `explain` request about one decision, with defaults filled in. */
export interface Question {
  readonly system: string;
  readonly metric: string | undefined;
  readonly labels: Labels;
  readonly side: ThresholdSide;
  readonly actionId: string | undefined;
  readonly anomalyId: string | undefined;
  readonly loop: Request["loop"];
  /** Event time, ms. */
  readonly at: number;
}

/** The part of an explanation that an explainer finds; `explainVerb` adds the question. */
export type Found = Pick<
  Explanation,
  "decision" | "rule" | "inputs" | "candidates" | "causes" | "since"
> &
  Partial<Pick<Explanation, "metric" | "labels" | "side" | "action_id" | "anomaly_id">>;
export type Explain = (question: Question) => Promise<Found>;

/**
 * The `explain` verb: one item, composed from stored messages.
 *
 * @param explainers One for each kind of decision that the service makes.
 * @param usual The kind of a request that names none. Needed where a service has several kinds but had one in an
 * earlier version.
 * @throws {MessageError} MAPEK_SUBJECT_INVALID without a system, MAPEK_MESSAGE_INVALID for another service's kind.
 */
export function explainVerb(
  explainers: { readonly [K in Explained]?: Explain },
  usual?: Explained,
) {
  return async (system: string | undefined, request: Request): Promise<Explanation[]> => {
    if (system === undefined)
      throw new MessageError("MAPEK_SUBJECT_INVALID", "explain needs a system");
    const kinds = Object.keys(explainers);
    const kind =
      request.kind ?? usual ?? (kinds.length === 1 ? (kinds[0] as Explained) : undefined);
    const explain = kind && explainers[kind];
    if (kind === undefined || explain === undefined)
      throw new MessageError("MAPEK_MESSAGE_INVALID", `kind: expected ${kinds.join(" or ")}`);
    const { metric, labels = {}, side = "upper", action_id: actionId, loop } = request;
    const anomalyId = request.anomaly_id;
    const at = request.at ?? Date.now();
    const found = await explain({ system, metric, labels, side, actionId, anomalyId, loop, at });
    return [{ version: 1, kind, system, at, ...found }];
  };
}

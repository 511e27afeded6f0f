import { learnerControl, seriesKey } from "@mapek/core/contract";
import { type Admit, admitControl, type Config } from "@mapek/runtime";

/** Admits operators' control messages: about one series to that series' partition, about a whole system to every partition. */
export function admitLearnerControl(config: Config): Admit {
  return admitControl("learner", learnerControl, config, (system, { metric, labels }) =>
    metric === undefined ? null : seriesKey(system, metric, labels),
  );
}

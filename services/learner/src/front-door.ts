import { learnerControl, seriesKey } from "@mapek/core/messages";
import { type Admit, admitControl, type Config } from "@mapek/runtime";

/** What operators may send the learner: one series goes to its partition, a whole system to every one. */
export function admitLearnerControl(config: Config): Admit {
  return admitControl("learner", learnerControl, config, (system, { metric, labels }) =>
    metric === undefined ? null : seriesKey(system, metric, labels),
  );
}

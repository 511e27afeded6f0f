import { optimizerControl, performance } from "@mapek/core/contract";
import { type Admit, admitControl, admitMessage, type Config } from "@mapek/runtime";

/** Admits the optimizer's public inputs: performance reports and operators' control messages. */
export function admitReports(config: Config): Admit {
  const control = admitControl("optimizer", optimizerControl, config);
  return (subject, data, contentType, now) => {
    if (subject.family !== "performance") return control(subject, data, contentType, now);
    const { system } = subject;
    return admitMessage(performance, [data, contentType, now], config, (report, time) => ({
      key: system,
      input: { version: 1, kind: "performance", time, system, performance: report },
    }));
  };
}

import { accepted, optimizerControl, performance, refused } from "@mapek/core/messages";
import { type Admit, type Config, eventTime } from "@mapek/runtime";

/** What the optimizer takes in: performance reports and what operators say. */
export function admitReports(config: Config): Admit {
  return (subject, data, contentType, now) => {
    if (subject.family === "performance") {
      const report = performance.decode(data, contentType);
      if (!report.ok) return report;
      const time = eventTime(report.value.timestamp, now, config);
      if (!time.ok) return time;
      const { system } = subject;
      return accepted({
        key: system,
        input: {
          version: 1,
          kind: "performance",
          time: time.value,
          system,
          performance: report.value,
        },
      });
    }
    if (subject.family !== "control")
      return refused("MAPEK_SUBJECT_INVALID", `the optimizer takes no ${subject.family}`);
    const control = optimizerControl.decode(data, contentType);
    if (!control.ok) return control;
    const time = eventTime(control.value.timestamp, now, config);
    if (!time.ok) return time;
    const { system } = subject;
    return accepted({
      key: system,
      input: { version: 1, kind: "control", time: time.value, system, control: control.value },
    });
  };
}

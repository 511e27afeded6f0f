import { accepted, learnerControl, refused, seriesKey } from "@mapek/core/messages";
import { type Admit, type Config, eventTime } from "@mapek/runtime";

/** What operators may send the learner: one series goes to its partition, a whole system to every one. */
export function admitControl(config: Config): Admit {
  return (subject, data, contentType, now) => {
    if (subject.family !== "control")
      return refused("MAPEK_SUBJECT_INVALID", `the learner takes no ${subject.family}`);
    const control = learnerControl.decode(data, contentType);
    if (!control.ok) return control;
    const { metric, labels, timestamp } = control.value;
    const time = eventTime(timestamp, now, config);
    if (!time.ok) return time;
    const key = metric === undefined ? null : seriesKey(subject.system, metric, labels);
    return accepted({
      key,
      input: {
        version: 1,
        kind: "control",
        time: time.value,
        system: subject.system,
        control: control.value,
      },
    });
  };
}

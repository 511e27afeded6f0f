import { randomUUID } from "node:crypto";
import { accepted, feedbackControl, refused, signals } from "@mapek/core/messages";
import { type Admit, type Config, eventTime } from "@mapek/runtime";

/** Who a signal is from when it does not say. */
const UNNAMED_SOURCE = "unknown";

/** What the feedback service takes in: signals of the five loops and what operators say. */
export function admitSignals(config: Config): Admit {
  return (subject, data, contentType, now) => {
    if (subject.family === "signals") {
      const { system, loop } = subject;
      const decoded = signals[loop].decode(data, contentType);
      if (!decoded.ok) return decoded;
      const { id, source, timestamp, version: _, ...signal } = decoded.value;
      const time = eventTime(timestamp, now, config);
      if (!time.ok) return time;
      const named = { id: id ?? randomUUID(), source: source ?? UNNAMED_SOURCE };
      const input = {
        version: 1,
        kind: "signal",
        time: time.value,
        system,
        loop,
        ...named,
        signal,
      };
      return accepted({
        key: system,
        input,
        id: id === undefined ? undefined : `${system}/${loop}/${id}`,
      });
    }
    if (subject.family !== "control")
      return refused("MAPEK_SUBJECT_INVALID", `the feedback service takes no ${subject.family}`);
    const control = feedbackControl.decode(data, contentType);
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

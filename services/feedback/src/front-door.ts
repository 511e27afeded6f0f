import { randomUUID } from "node:crypto";
import { feedbackControl, type SignalBodies, signals } from "@mapek/core/contract";
import { type Admit, admitControl, admitMessage, type Config } from "@mapek/runtime";

/** Source of a signal that names none. */
const UNNAMED_SOURCE = "unknown";

/** Admits the feedback service's public inputs: signals of the five loops and operators' control messages. */
export function admitSignals(config: Config): Admit {
  const control = admitControl("feedback", feedbackControl, config);
  return (subject, data, contentType, now) => {
    if (subject.family !== "signals") return control(subject, data, contentType, now);
    const { system, loop } = subject;
    const build = (body: SignalBodies[typeof loop], time: number) => {
      const { id, source: claimed = UNNAMED_SOURCE, timestamp: _, version: __, ...signal } = body;
      // The server lets only the holder of the key publish on a subject with a source, so that source overrides the payload's.
      const source = subject.source ?? claimed;
      const about = { version: 1, kind: "signal", time, system, loop } as const;
      return {
        key: system,
        input: {
          ...about,
          id: id ?? randomUUID(),
          source,
          ...(subject.source !== undefined && { proven: true }),
          signal,
        },
        id: id === undefined ? undefined : `${system}/${loop}/${id}`,
      };
    };
    return admitMessage(signals[loop], [data, contentType, now], config, build);
  };
}

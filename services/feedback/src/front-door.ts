import { randomUUID } from "node:crypto";
import { feedbackControl, type SignalBodies, signals } from "@mapek/core/messages";
import { type Admit, admitControl, admitMessage, type Config } from "@mapek/runtime";

/** Who a signal is from when it does not say. */
const UNNAMED_SOURCE = "unknown";

/** What the feedback service takes in: signals of the five loops and what operators say. */
export function admitSignals(config: Config): Admit {
  const control = admitControl("feedback", feedbackControl, config);
  return (subject, data, contentType, now) => {
    if (subject.family !== "signals") return control(subject, data, contentType, now);
    const { system, loop } = subject;
    const build = (body: SignalBodies[typeof loop], time: number) => {
      const { id, source: claimed = UNNAMED_SOURCE, timestamp: _, version: __, ...signal } = body;
      // The server lets nobody else publish on that subject, so what the payload says does not count.
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

import {
  accepted,
  type Decoded,
  type MessageFamily,
  refused,
  type Service,
} from "@mapek/core/messages";
import type { z } from "zod";
import type { Config } from "../config/config-schema.ts";
import { eventTime } from "./event-time.ts";
import type { Admit, Admitted } from "./front-door.ts";

/** A public message with an event time of its own, where it has one. */
type Timed = { timestamp?: number | undefined };

/**
 * Decodes a public message and turns it into an input with its event time.
 *
 * @param build Makes the input of the decoded body; `time` is its own, or when it came.
 */
export function admitMessage<Body extends Timed>(
  family: MessageFamily<z.ZodType<Body>>,
  [data, contentType, now]: readonly [Uint8Array, string | undefined, number],
  config: Config,
  build: (body: Body, time: number) => Admitted,
): Decoded<Admitted> {
  const decoded = family.decode(data, contentType);
  if (!decoded.ok) return decoded;
  const time = eventTime(decoded.value.timestamp, now, config);
  return time.ok ? accepted(build(decoded.value, time.value)) : time;
}

/**
 * Admits what operators tell a service; a subject of another family is refused with MAPEK_SUBJECT_INVALID.
 *
 * @param keyOf Which actor it is for; null = every partition. By default the system's.
 */
export function admitControl<Control extends Timed>(
  service: Service,
  family: MessageFamily<z.ZodType<Control>>,
  config: Config,
  keyOf: (system: string, control: Control) => string | null = (system) => system,
): Admit {
  return (subject, data, contentType, now) => {
    if (subject.family !== "control")
      return refused("MAPEK_SUBJECT_INVALID", `the ${service} takes no ${subject.family}`);
    const { system } = subject;
    return admitMessage(family, [data, contentType, now], config, (control, time) => ({
      key: keyOf(system, control),
      input: { version: 1, kind: "control", time, system, control },
    }));
  };
}

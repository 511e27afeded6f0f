import {
  accepted,
  type Decoded,
  type MessageFamily,
  refused,
  type Service,
} from "@mapek/core/contract";
import type { z } from "zod";
import type { Config } from "../config/config-schema.ts";
import { eventTime } from "./event-time.ts";
import type { Admit, Admitted } from "./front-door.ts";

type Timed = { timestamp?: number | undefined };

/**
 * Decodes a public message and turns it into an input with its event time.
 *
 * @param build Makes the input from the decoded body; `time` is the body's own timestamp, or the time of arrival.
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
 * Admits operators' commands. A subject of another family is refused with MAPEK_SUBJECT_INVALID.
 *
 * @param keyOf Key of the actor that gets the command; null sends it to every partition. @default the system
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

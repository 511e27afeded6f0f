import {
  type ActorService,
  decodeMsgpack,
  encodeMsgpack,
  type MessageFamily,
  type Request,
} from "@mapek/core/contract";
import type { z } from "zod";
import type { Actor, Output, PartitionLogic } from "../actor.ts";
import { deadLetter } from "../doors/dead-letters.ts";

/** An input for the actor of one system; an input without `system` goes to every actor. */
export type SystemInput = { kind: string; time: number; system?: string };

/** The actors of one partition, and the settings with which a new actor starts. */
export interface KeyedState<State> {
  settings: (SystemInput & { kind: "settings"; settings: object }) | undefined;
  readonly actors: Map<string, State>;
}

/** Most actors of one partition. A constant, not a setting: a replay must refuse the same systems. */
export const MAX_SYSTEMS_OF_PARTITION = 10_000;

/**
 * The partition logic of a service with one actor for each system.
 *
 * A new actor first gets the partition's settings. A tick goes only to actors that are due. An input for all actors is
 * folded in the order of their keys.
 */
export function keyedPartition<State, Input extends SystemInput>(options: {
  readonly service: ActorService;
  readonly actor: Actor<State, Input>;
  readonly family: MessageFamily<z.ZodType<Input>>;
  /** Version of an actor's saved form. */
  readonly schema: number;
  /** Values of gauges of one actor; a partition's gauges are their sums. */
  readonly gauges?: (state: State) => Readonly<Record<string, number>>;
}): PartitionLogic<KeyedState<State>, Input> {
  const { service, actor, family } = options;

  function actorOf(state: KeyedState<State>, system: string, outputs: Output[]): State {
    const known = state.actors.get(system);
    if (known !== undefined) return known;
    const made = actor.create(system);
    state.actors.set(system, made);
    if (state.settings !== undefined)
      outputs.push(...actor.receive(made, state.settings as unknown as Input));
    return made;
  }

  function refusal(system: string, time: number): Output {
    const reason = `this partition has ${MAX_SYSTEMS_OF_PARTITION} systems, its limit; ${system} is not taken in`;
    const payload = Buffer.from(system);
    const message = deadLetter(service, "MAPEK_SYSTEM_LIMIT", reason, "", payload, time);
    return { to: "log", family: "rejected", tokens: [service], message };
  }

  return {
    service,
    create: () => ({ settings: undefined, actors: new Map() }),
    decode: (_subject, data) => family.decode(data, "application/msgpack"),
    receive(state, input, hasFolded) {
      if (input.system !== undefined) {
        if (hasFolded?.(input.system)) return [];
        if (!state.actors.has(input.system) && state.actors.size >= MAX_SYSTEMS_OF_PARTITION)
          return [refusal(input.system, input.time)];
        const outputs: Output[] = [];
        const target = actorOf(state, input.system, outputs);
        outputs.push(...actor.receive(target, input));
        return outputs;
      }
      if (input.kind === "settings")
        state.settings = input as unknown as NonNullable<KeyedState<State>["settings"]>;
      const awake = [...state.actors].filter(
        ([key, target]) =>
          !hasFolded?.(key) &&
          (input.kind !== "tick" || (actor.dueAt(target) ?? Infinity) <= input.time),
      );
      // The map of a restored state has another order; outputs must not depend on it.
      awake.sort(([a], [b]) => (a < b ? -1 : 1));
      return awake.flatMap(([, target]) => actor.receive(target, input));
    },
    dueAt(state) {
      let earliest: number | undefined;
      for (const target of state.actors.values()) {
        const dueAt = actor.dueAt(target);
        if (dueAt !== undefined && (earliest === undefined || dueAt < earliest)) earliest = dueAt;
      }
      return earliest;
    },
    query(state, verb: string, system: string | undefined, request: Request) {
      const keys = system === undefined ? [...state.actors.keys()].sort() : [system];
      return keys.flatMap((key) => {
        const target = state.actors.get(key);
        return target === undefined ? [] : actor.query(target, verb, request);
      });
    },
    removed: () => 0,
    settings: (state) => state.settings?.settings,
    gauges(state) {
      const sums: Record<string, number> = { systems: state.actors.size };
      for (const target of state.actors.values())
        for (const [name, value] of Object.entries(options.gauges?.(target) ?? {}))
          sums[name] = (sums[name] ?? 0) + value;
      return sums;
    },
    schema: options.schema,
    *snapshot(state) {
      yield encodeMsgpack([null, state.settings ?? null]);
      for (const [key, target] of state.actors) yield encodeMsgpack([key, actor.save(target)]);
    },
    restorePart(state, part) {
      const [key, saved] = decodeMsgpack(part) as Part;
      if (key === null) {
        state.settings = saved ?? undefined;
        return undefined;
      }
      state.actors.set(key, actor.load(saved));
      return key;
    },
  };
}

type Part =
  | [shared: null, settings: KeyedState<never>["settings"] | null]
  | [key: string, saved: Uint8Array];

import type { PartitionLogic } from "../actor.ts";

/** The same logic, with changed settings in every settings message. */
export function withSettings<State, Input>(
  logic: PartitionLogic<State, Input>,
  change: (settings: object) => object,
): PartitionLogic<State, Input> {
  return {
    ...logic,
    decode(subject, data) {
      const decoded = logic.decode(subject, data);
      if (!decoded.ok) return decoded;
      const input = decoded.value as { kind?: string; settings?: object };
      if (input.kind !== "settings" || input.settings === undefined) return decoded;
      return { ok: true, value: { ...input, settings: change(input.settings) } as Input };
    },
  };
}

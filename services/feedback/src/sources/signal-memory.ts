import { forgetOldest } from "@mapek/core/forget-oldest";

/** How many signal ids are remembered per system. */
const SIGNAL_MEMORY = 10_000;

/** Remembers a signal id and forgets the oldest beyond 10,000. @returns false where the id was known already. */
export function isNewSignal(ids: Set<string>, id: string): boolean {
  if (ids.has(id)) return false;
  ids.add(id);
  forgetOldest(ids, SIGNAL_MEMORY);
  return true;
}

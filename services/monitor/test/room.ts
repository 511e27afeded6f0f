import { WaitingRoom } from "@mapek/runtime";

/** A waiting room with room enough. */
export const roomFor = () =>
  new WaitingRoom({ items: "samples", maxItems: 1_000_000, maxBytes: 1e9 });

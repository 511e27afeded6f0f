import { WaitingRoom } from "../src/waiting-room.ts";

/** A waiting room with room enough where a test does not say otherwise. */
export const roomFor = (maxSamples = 1_000_000, maxBytes = 1e9, samplesPerSecond?: number) =>
  new WaitingRoom({ maxSamples, maxBytes, samplesPerSecond });

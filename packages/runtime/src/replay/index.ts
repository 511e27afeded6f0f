export {
  type Effect,
  type OutputDifference,
  outputDifferences,
} from "./output-differences.ts";
export { type LoopReplay, replayLoop } from "./replay-loop.ts";
export {
  type ReplayOptions,
  type ReplayWindow,
  replayService,
  type ServiceReplay,
} from "./replay-service.ts";
export type { Logics } from "./simulated-house.ts";

export {
  type Effect,
  type OutputDifference,
  outputDifferences,
} from "./output-differences.ts";
export {
  type ReplayOptions,
  type ReplayWindow,
  replayService,
  type ServiceReplay,
} from "./replay-service.ts";

import { runActorService } from "../../src/actor-service.ts";
import { admitReports, countingLogic } from "./counting.ts";

/** The tests' actor as a whole service, configured as every service is. */
await runActorService({
  logic: countingLogic,
  settings: () => ({ step: 2 }),
  listen: (subjects) => [subjects.performance("*")],
  admit: () => admitReports,
});

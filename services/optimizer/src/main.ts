import { explainVerb, runActorService } from "@mapek/runtime";
import { explainOptimizer } from "./explain.ts";
import { admitReports } from "./front-door.ts";
import { optimizerLogic } from "./logic.ts";
import { optimizerInstruments } from "./metrics.ts";

await runActorService({
  logic: optimizerLogic,
  settings: (config) => config.dynamic_optimizer,
  listen: (subjects) => [subjects.performance("*"), subjects.control("optimizer", "*")],
  admit: admitReports,
  verbs: (context) => ({ explain: explainVerb(explainOptimizer(context)) }),
  instruments: optimizerInstruments,
});

import { runActorService } from "@mapek/runtime";
import { admitReports } from "./front-door.ts";
import { optimizerInstruments } from "./instruments.ts";
import { optimizerLogic } from "./logic.ts";

await runActorService({
  logic: optimizerLogic,
  settings: (config) => config.dynamic_optimizer,
  listen: (subjects) => [subjects.performance("*"), subjects.control("optimizer", "*")],
  admit: admitReports,
  instruments: optimizerInstruments,
});

import { optimizerInput } from "@mapek/core/messages";
import { keyedPartition, runActorService } from "@mapek/runtime";
import { optimizerActor } from "./actor.ts";
import { admitReports } from "./front-door.ts";
import { optimizerInstruments } from "./instruments.ts";

await runActorService({
  logic: keyedPartition({ service: "optimizer", actor: optimizerActor, family: optimizerInput }),
  settings: (config) => config.dynamic_optimizer,
  listen: (subjects) => [subjects.performance("*"), subjects.control("optimizer", "*")],
  admit: admitReports,
  instruments: optimizerInstruments,
});

import { explainVerb, runActorService } from "@mapek/runtime";
import { explainAnomaly } from "./explain-anomaly.ts";
import { explainThreshold } from "./explain-threshold.ts";
import { admitLearnerControl } from "./front-door.ts";
import { importVerb } from "./import-verb.ts";
import { learnerInstruments } from "./instruments.ts";
import { learnerLogic } from "./learner.ts";
import { owedAdmission, settingsFor } from "./series-limit.ts";

await runActorService({
  logic: learnerLogic,
  settings: settingsFor,
  owedInput: owedAdmission,
  listen: (subjects) => [subjects.control("learner", "*")],
  admit: admitLearnerControl,
  verbs: (context) => ({
    import: importVerb(context),
    explain: explainVerb(
      { threshold: explainThreshold(context), anomaly: explainAnomaly(context) },
      "threshold",
    ),
  }),
  instruments: learnerInstruments,
});

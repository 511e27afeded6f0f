import { explainVerb, runActorService } from "@mapek/runtime";
import { learnerLogic } from "./actor.ts";
import { explainAnomaly } from "./explain/explain-anomaly.ts";
import { explainThreshold } from "./explain/explain-threshold.ts";
import { admitLearnerControl } from "./front-door.ts";
import { importVerb } from "./import-verb.ts";
import { learnerInstruments } from "./metrics.ts";
import { owedAdmission, settingsFor } from "./series/series-limit.ts";

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

import { feedbackSettings } from "@mapek/core/contract";
import { type Config, explainVerb, runActorService } from "@mapek/runtime";
import { explainAction } from "./explain.ts";
import { admitSignals } from "./front-door.ts";
import { historyVerbs } from "./history.ts";
import { feedbackLogic } from "./logic.ts";
import { feedbackInstruments } from "./metrics.ts";

/** Settings of the actors: without the history sizes, which are limits of the streams. */
function actorSettings({ feedback_loops }: Config): object {
  const { signal_history_size: _, action_history_size: __, ...settings } = feedback_loops;
  return feedbackSettings.parse(settings);
}

await runActorService({
  logic: feedbackLogic,
  settings: actorSettings,
  listen: (subjects) => [
    subjects.signals("*", "*"),
    subjects.signals("*", "*", "*"),
    subjects.control("feedback", "*"),
  ],
  admit: admitSignals,
  verbs: (context) => ({
    ...historyVerbs(context),
    explain: explainVerb({ action: explainAction(context) }),
  }),
  instruments: feedbackInstruments,
});

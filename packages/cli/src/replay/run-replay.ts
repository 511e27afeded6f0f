import type { MapekClient } from "@mapek/client";
import type { ActorService } from "@mapek/core/contract";
import { feedbackLogic } from "@mapek/feedback/logic";
import { learnerLogic } from "@mapek/learner/logic";
import { optimizerLogic } from "@mapek/optimizer/logic";
import {
  type Logics,
  type LoopReplay,
  type ReplayWindow,
  replayLoop,
  replayService,
  type ServiceReplay,
} from "@mapek/runtime/replay";
import type { Progress } from "../output/progress.ts";
import { changed, type SettingChange } from "./change-settings.ts";
import { type WhatIf, whatIf } from "./what-if.ts";

const LOGICS: Logics = {
  learner: learnerLogic,
  optimizer: optimizerLogic,
  feedback: feedbackLogic,
};

export interface ReplayTask extends ReplayWindow {
  readonly services: readonly ActorService[];
  readonly changes: readonly SettingChange[];
  readonly progress: Progress;
}

export interface ReplayResult {
  readonly services: readonly ServiceReplay[];
  /** Undefined where no settings were changed. */
  readonly changes: WhatIf | undefined;
}

/** Replays services one after the other; a service with changed settings is replayed with both. */
export async function runReplay(client: MapekClient, task: ReplayTask): Promise<ReplayResult> {
  const { services, changes, progress, from, to } = task;
  const replays: ServiceReplay[] = [];
  for (const service of services) {
    const own = changes.filter((change) => change.service === service);
    replays.push(
      await replayService({
        nc: client.connection,
        subjects: client.subjects,
        logic: LOGICS[service],
        from,
        to,
        change: own.length === 0 ? undefined : (settings) => changed(settings, own),
        onProgress: (partition, partitions, inputs) =>
          progress.show(
            `${service}: partition ${partition + 1} of ${partitions}, ${inputs} messages`,
          ),
      }),
    );
  }
  if (changes.length === 0) return { services: replays, changes: undefined };
  const then = replays.flatMap(({ outputs }) => outputs);
  const now = replays.flatMap(({ outputs, changed: other }) => other ?? outputs);
  return { services: replays, changes: whatIf(then, now) };
}

/** Replays all services together, with the stored settings and with changed ones; commands between services are made anew. */
export async function runLoopReplay(
  client: MapekClient,
  { changes, progress, from, to }: Omit<ReplayTask, "services">,
): Promise<LoopReplay & { readonly changes: WhatIf }> {
  const replay = await replayLoop({
    nc: client.connection,
    subjects: client.subjects,
    logics: LOGICS,
    from,
    to,
    change: (service, settings) =>
      changed(
        settings,
        changes.filter((change) => change.service === service),
      ),
    onProgress: (messages) => progress.show(`${messages} messages`),
  });
  return { ...replay, changes: whatIf(replay.outputs, replay.changed) };
}

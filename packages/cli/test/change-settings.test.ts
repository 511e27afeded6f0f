import { learnerSettings, optimizerSettings } from "@mapek/core/contract";
import { describe, expect, it } from "vitest";
import { changed, settingChange } from "../src/replay/change-settings.ts";

describe("--set", () => {
  it("changes just what it names, at any depth", () => {
    const learner = learnerSettings.parse({ max_series_of_system: 7 });
    const sensitivity = settingChange("self_learning.sensitivity=4");
    expect(sensitivity.service).toBe("learner");
    expect(changed(learner, [sensitivity])).toEqual({ ...learner, sensitivity: 4 });
    const several = [
      settingChange("self_learning.strategy=iqr"),
      settingChange('self_learning.metrics=[{"match":"shop/*","sensitivity":2}]'),
    ];
    expect(changed(learner, several)).toEqual({
      ...learner,
      strategy: "iqr",
      metrics: [{ match: "shop/*", sensitivity: 2 }],
    });
    expect(learner.strategy).toBe("auto");
    const optimizer = optimizerSettings.parse({});
    const depth = settingChange("dynamic_optimizer.profile.critical.analysis_depth=30");
    expect(changed(optimizer, [depth])).toEqual({
      ...optimizer,
      profile: {
        ...optimizer.profile,
        critical: { ...optimizer.profile.critical, analysis_depth: 30 },
      },
    });
    const loop = settingChange("feedback_loops.loops.anomaly_feedback=false");
    expect(loop).toMatchObject({ service: "feedback", value: false });
  });

  it.each([
    ["self_learning.sensitivty=4", "sensitivty"],
    ["self_learning.sensitivity=400", "sensitivity"],
    ["self_learning.sensitivity=much", "sensitivity"],
    ["self_learning.sensitivity.more=4", "sensitivity"],
    ["self_learning.__proto__.x=4", "__proto__"],
    ["self_learning.__proto__=4", "__proto__"],
    ["self_learning.constructor.prototype.x=4", "constructor"],
    ["feedback_loops.loops.no_such=true", "no_such"],
    ["log.level=debug", "self_learning"],
    ["self_learning=4", "self_learning"],
    ["sensitivity", "expected"],
    ["=4", "expected"],
  ])("refuses %s", (text, named) => {
    expect(() => settingChange(text)).toThrow(new RegExp(`^MAPEK_CLI_USAGE: .*${named}`));
    expect({}).not.toHaveProperty("x");
  });
});

// Three learners under load: one is killed, another stopped and woken as a zombie. What is stored equals a replay.
import { expect, it } from "vitest";
import { loseLearners } from "./cluster/learner-loss.ts";

it("kill one and stop another: partitions move, and the woken zombie changes nothing", async () => {
  const { differences, ...figures } = await loseLearners();
  console.log(JSON.stringify(figures));
  expect(differences).toEqual([]);
  expect([figures.lost, figures.held]).toEqual([4, 6]);
  expect(figures.acknowledged).toBeGreaterThan(1_200);
});

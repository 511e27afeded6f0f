// The scenario of cluster.slow.test.ts with each server in a container, where a Docker engine answers.
import { expect, it } from "vitest";
import { startContainerCluster, whyNoEngine } from "./cluster/container-cluster.ts";
import { loseEachNode } from "./cluster/node-loss.ts";

// Its image cannot be had without a registry; what the tests start they stop themselves.
process.env.TESTCONTAINERS_RYUK_DISABLED = "true";

const missing = await whyNoEngine();

it("kill -9 of any container loses nothing", async (context) => {
  if (missing !== undefined)
    return context.skip(`cluster.slow.test.ts does it with processes: ${missing}`);
  await using cluster = await startContainerCluster();
  const { losses, differences, acknowledged } = await loseEachNode(cluster);
  console.table(losses);
  console.log(`${acknowledged} acknowledged inputs, ${differences.length} differences`);
  expect(differences).toEqual([]);
  expect(losses.length).toBeGreaterThanOrEqual(3);
});

// The scenario of cluster.test.ts with each server in a container, where a Docker engine answers.
import { expect, it } from "vitest";
import { startContainerCluster, whyNoEngine } from "./cluster/container-cluster.ts";
import { longestGapOf, loseEachNode } from "./cluster/node-loss.ts";

// Its image cannot be had without a registry; what the tests start they stop themselves.
process.env.TESTCONTAINERS_RYUK_DISABLED = "true";

const MAX_GAP_MS = 10_000;

const missing = await whyNoEngine();
const note =
  missing === undefined ? "" : ` (skipped, cluster.test.ts does it with processes: ${missing})`;

it.skipIf(missing !== undefined)(
  `kill -9 of any container loses nothing${note}`,
  {
    timeout: 300_000,
  },
  async () => {
    await using cluster = await startContainerCluster();
    const { losses, differences, acknowledged } = await loseEachNode(cluster);
    console.table(losses);
    console.log(`${acknowledged} acknowledged inputs, ${differences.length} differences`);
    expect(differences).toEqual([]);
    expect(losses.length).toBeGreaterThanOrEqual(3);
    for (const loss of losses) expect(longestGapOf(loss)).toBeLessThan(MAX_GAP_MS);
  },
);

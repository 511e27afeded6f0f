// Three servers with three replicas: any of them may be lost under load.
import { expect, it } from "vitest";
import { longestGapOf, loseEachNode } from "./cluster/node-loss.ts";
import { startProcessCluster } from "./cluster/process-cluster.ts";

/** How long output may stop when a node is lost. */
const MAX_GAP_MS = 10_000;

it("kill -9 of any node, leaders too, loses nothing and stops output for less than 10 s", {
  timeout: 240_000,
}, async () => {
  await using cluster = await startProcessCluster();
  const { losses, differences, acknowledged } = await loseEachNode(cluster);
  console.table(losses);
  console.log(`${acknowledged} acknowledged inputs, ${differences.length} differences`);
  expect(differences).toEqual([]);
  expect(losses.flatMap(({ roles }) => roles)).toEqual(
    expect.arrayContaining(["knowledge", "samples", "meta"]),
  );
  expect(new Set(losses.map(({ victim }) => victim)).size).toBe(3);
  for (const loss of losses) expect(longestGapOf(loss)).toBeLessThan(MAX_GAP_MS);
});

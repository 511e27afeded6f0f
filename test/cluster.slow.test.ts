// Three servers with three replicas: any of them may be lost under load.
import { expect, it } from "vitest";
import { loseEachNode } from "./cluster/node-loss.ts";
import { startProcessCluster } from "./cluster/process-cluster.ts";

it("kill -9 of any node, leaders too, loses nothing, and outputs of all kinds go on without it", async () => {
  await using cluster = await startProcessCluster();
  const { losses, differences, acknowledged } = await loseEachNode(cluster);
  console.table(losses);
  console.log(`${acknowledged} acknowledged inputs, ${differences.length} differences`);
  expect(differences).toEqual([]);
  expect(losses.flatMap(({ roles }) => roles)).toEqual(
    expect.arrayContaining(["knowledge", "samples", "meta"]),
  );
  expect(new Set(losses.map(({ victim }) => victim)).size).toBe(3);
});

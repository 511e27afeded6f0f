import { position } from "@mapek/core/contract";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { waitFor } from "../../../test/support/wait-for.ts";
import { STREAMS } from "../src/nats/streams.ts";
import { startChild } from "./support/child.ts";
import {
  countOf,
  expectNothingLostOrTwice,
  type House,
  PARTITIONS,
  SYSTEMS,
  send,
  startHost,
  startHouse,
} from "./support/house.ts";

let house: House;
beforeAll(async () => {
  house = await startHouse();
});
afterAll(() => house[Symbol.asyncDispose]());
beforeEach(async () => {
  await house.clear();
});

async function named(partition: number): Promise<string[]> {
  const subject = house.subjects.position("optimizer", partition);
  const stored = await house.jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj: subject });
  const decoded = stored === null ? undefined : position.decode(stored.data);
  return decoded?.ok ? decoded.value.checkpoints.map(({ name }) => name) : [];
}

test("killed at any moment: what is restored from checkpoints equals a replay from zero", async () => {
  let stopped = false;
  const flow = (async () => {
    for (let i = 0; !stopped; i++) {
      const system = `${SYSTEMS[i % PARTITIONS]}`;
      const input =
        i % 150 === 149
          ? { kind: "burst", system, outputs: 1_200 }
          : { kind: "add", system, value: i };
      await send(house, input);
      if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
    }
  })();
  const newestEpochs = async () =>
    (await Promise.all([0, 1, 2].map(named))).map((names) => Number(names[0]?.split(".")[2] ?? 0));
  for (let round = 0; round < 4; round++) {
    const before = await newestEpochs();
    await using child = startChild({
      NATS_URL: house.server.url,
      MAPEK_CHECKPOINT_INTERVAL: "0.05",
    });
    await child.ready();
    await waitFor("new checkpoints are named", async () =>
      (await newestEpochs()).every((epoch, i) => epoch > (before[i] as number)),
    );
    child.process.kill("SIGKILL");
    await child.exited;
  }
  stopped = true;
  await flow;
  await using last = await startHost(house);
  await waitFor("the host is ready", () => last.host.ready);
  const folded = (await last.metrics.inputs.get()).values[0]?.value ?? 0;
  const inputs = await countOf(house, house.subjects.input("optimizer", "*"));
  expect(folded).toBeLessThan(inputs / 2);
  expect((await last.metrics.checkpointRefused.get()).values).toEqual([]);
  await expectNothingLostOrTwice(house, last.host);
});

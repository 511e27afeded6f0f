import { jetstreamManager } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { waitFor } from "../support/wait-for.ts";
import type { SoakHouse } from "./house.ts";
import { Random } from "./random.ts";
import type { FaultEvent, InstanceName } from "./schedule.ts";

const BUCKET = "mapek_checkpoints";
const FIRST_CHECKPOINT_MS = 20_000;

/**
 * Flips bits in every checkpoint of a service, as a bad disk would, and kills the instance that wrote
 * them, so that somebody has to read them. The object store's own digest fits the damaged bytes: only
 * the checkpoint itself can tell.
 */
export async function flipCheckpoint(house: SoakHouse, event: FaultEvent): Promise<void> {
  const service = event.victim.split("-")[0] as string;
  const random = new Random(event.atMs);
  const jsm = await jetstreamManager(house.nc, { checkAPI: false });
  const store = await new Objm(jsm.jetstream()).open(BUCKET);
  const names = await waitFor(
    `a checkpoint of the ${service}`,
    async () => {
      const found = (await store.list()).map(({ name }) => name);
      const own = found.filter((name) => name.includes(service));
      return own.length > 0 && own;
    },
    FIRST_CHECKPOINT_MS,
  );
  for (const name of names) {
    const bytes = await store.getBlob(name);
    if (bytes === null || bytes.length === 0) continue;
    for (let flips = random.int(1, 4); flips > 0; flips--) {
      const place = random.int(0, bytes.length - 1);
      bytes[place] = (bytes[place] as number) ^ (1 << random.int(0, 7));
    }
    const info = await store.info(name);
    await store.putBlob({ name, ...(info?.metadata && { metadata: info.metadata }) }, bytes);
  }
  for (const instance of house.instances.values())
    if (instance.name.startsWith(service)) instance.kill();
  void (event.victim as InstanceName);
}

import { jetstream } from "@nats-io/jetstream";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { waitFor } from "../support/wait-for.ts";
import type { SoakHouse } from "./house.ts";
import { Random } from "./random.ts";
import type { FaultEvent } from "./schedule.ts";

const BUCKET = "mapek_checkpoints";
const FIRST_CHECKPOINT_MS = 20_000;

/**
 * Flips bits in every checkpoint of a service, as a bad disk would, and kills its instances, so that
 * somebody has to read them. The object store's own digest fits the damaged bytes: only the checkpoint
 * itself can tell.
 *
 * @returns How many were damaged.
 */
export async function flipCheckpoints(house: SoakHouse, event: FaultEvent): Promise<number> {
  const service = event.victim.split("-")[0] as string;
  const random = new Random(event.atMs);
  const store = await new Objm(jetstream(house.nc)).open(BUCKET);
  const names = await waitFor(
    `a checkpoint of the ${service}`,
    async () => {
      const found = (await store.list()).map(({ name }) => name);
      const own = found.filter((name) => name.startsWith(service));
      return own.length > 0 && own;
    },
    FIRST_CHECKPOINT_MS,
  );
  const flipped = await Promise.all(names.map((name) => flipOne(store, name, random)));
  for (const instance of house.instances.values())
    if (instance.name.startsWith(service)) instance.kill();
  return flipped.filter(Boolean).length;
}

/** False where the object was removed meanwhile, since a newer one took its place. */
async function flipOne(store: ObjectStore, name: string, random: Random): Promise<boolean> {
  const bytes = await store.getBlob(name);
  if (bytes === null) return false;
  for (let flips = random.int(1, 4); flips > 0; flips--) {
    const place = random.int(0, bytes.length - 1);
    bytes[place] = (bytes[place] as number) ^ (1 << random.int(0, 7));
  }
  await store.putBlob({ name }, bytes);
  return true;
}

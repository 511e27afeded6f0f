import { jetstream } from "@nats-io/jetstream";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { waitFor } from "../support/wait-for.ts";
import type { SoakHouse } from "./house.ts";
import { Random } from "./random.ts";
import type { FaultEvent } from "./schedule.ts";

const BUCKET = "mapek_checkpoints";
const FIRST_CHECKPOINT_MS = 20_000;
const NOTICED_MS = 15_000;

/**
 * Flips bits in every checkpoint of a service, as a bad disk would, and kills its instances, so that
 * somebody has to read them. The object store's own digest fits the damaged bytes: only the checkpoint
 * itself can tell.
 *
 * @throws {Error} when nobody notices: then nobody has read a damaged one, or somebody has trusted it.
 */
export async function flipCheckpoints(house: SoakHouse, event: FaultEvent): Promise<void> {
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
  await Promise.all(names.map((name) => flipOne(store, name, random)));
  const instances = [...house.instances.values()].filter(({ name }) => name.startsWith(service));
  const refusals = () =>
    instances.reduce((sum, { log }) => sum + log.split("MAPEK_CHECKPOINT_CORRUPT").length - 1, 0);
  const before = refusals();
  for (const instance of instances) instance.kill();
  await waitFor("a damaged checkpoint is refused", () => refusals() > before, NOTICED_MS);
}

async function flipOne(store: ObjectStore, name: string, random: Random): Promise<void> {
  const bytes = await store.getBlob(name);
  // A newer one may have taken its place meanwhile.
  if (bytes === null) return;
  for (let flips = random.int(1, 4); flips > 0; flips--) {
    const place = random.int(0, bytes.length - 1);
    bytes[place] = (bytes[place] as number) ^ (1 << random.int(0, 7));
  }
  await store.putBlob({ name }, bytes);
}

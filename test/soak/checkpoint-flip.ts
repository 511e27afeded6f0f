import { type ActorService, position, Subjects } from "@mapek/core/contract";
import { STREAMS } from "@mapek/runtime";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { waitFor } from "../support/wait-for.ts";
import { PARTITIONS, type SoakHouse } from "./house.ts";
import { Random } from "./random.ts";
import type { FaultEvent } from "./schedule.ts";

const subjects = new Subjects();
const BUCKET = "mapek_checkpoints";
const REFUSED = /^mapek_checkpoint_refused_total\{[^}]*CORRUPT[^}]*\} [1-9]/m;

/**
 * Flips bits in every checkpoint of a service that counts, as a bad disk would, and kills its instances, so that
 * somebody has to read them. The object store's own digest fits the damaged bytes: only the checkpoint
 * itself can tell.
 *
 * @throws {Error} when nobody notices: then nobody has read a damaged one, or somebody has trusted it.
 */
export async function flipCheckpoints(house: SoakHouse, event: FaultEvent): Promise<void> {
  const service = event.victim.split("-")[0] as ActorService;
  const random = new Random(event.atMs);
  const store = await new Objm(jetstream(house.nc)).open(BUCKET);
  const names = await waitFor(`a checkpoint of the ${service}`, async () => {
    const named = await namedCheckpoints(house, service);
    return named.length > 0 && named;
  });
  await Promise.all(names.map((name) => flipOne(store, name, random)));
  const instances = [...house.instances.values()].filter(({ name }) => name.startsWith(service));
  for (const instance of instances) instance.kill();
  await waitFor("a damaged checkpoint is refused", async () => {
    const metrics = await Promise.all(instances.map((instance) => instance.metrics()));
    return metrics.some((text) => REFUSED.test(text));
  });
}

/** Those that position records name: others are read by nobody. */
async function namedCheckpoints({ nc }: SoakHouse, service: ActorService): Promise<string[]> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const records = Array.from({ length: PARTITIONS }, (_, partition) =>
    jsm.streams.getMessage(STREAMS.knowledge, {
      last_by_subj: subjects.position(service, partition),
    }),
  );
  return (await Promise.all(records)).flatMap((record) => {
    const decoded = record === null ? undefined : position.decode(record.data);
    return decoded?.ok ? decoded.value.checkpoints.map(({ name }) => name) : [];
  });
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

import { fnv1a32 } from "@mapek/core/contract";

/**
 * Assigns partitions to members by rendezvous hashing with even shares.
 *
 * Pairs of partition and member are taken in order of their hash; a member whose share is full takes no more. Shares
 * differ by at most one. When a member joins or leaves, few partitions move beyond those of that member.
 *
 * @param members Names of the members, in any order.
 * @returns For each partition the member's name; undefined for all where there is no member.
 * Cost: O(p · m · log(p · m)). Source: Thaler and Ravishankar (1998), IEEE/ACM Transactions on Networking 6(1), 1–14;
 * even shares after Mirrokni, Thorup and Zadimoghaddam (2018), Consistent Hashing with Bounded Loads.
 */
export function assignPartitions(
  partitions: number,
  members: readonly string[],
): readonly (string | undefined)[] {
  const assigned = new Array<string | undefined>(partitions).fill(undefined);
  if (members.length === 0) return assigned;
  const share = Math.floor(partitions / members.length);
  let larger = partitions % members.length;
  const loads = new Map(members.map((name) => [name, 0]));
  for (const { partition, name } of pairsByWeight(partitions, members)) {
    if (assigned[partition] !== undefined) continue;
    const load = loads.get(name) ?? 0;
    if (load > share || (load === share && larger === 0)) continue;
    if (load === share) larger--;
    loads.set(name, load + 1);
    assigned[partition] = name;
  }
  return assigned;
}

function pairsByWeight(partitions: number, members: readonly string[]) {
  const pairs = members.flatMap((name) =>
    Array.from({ length: partitions }, (_, partition) => ({
      partition,
      name,
      weight: spread(fnv1a32(`${name}/${partition}`)),
    })),
  );
  return pairs.sort(
    (a, b) => b.weight - a.weight || a.partition - b.partition || (a.name < b.name ? -1 : 1),
  );
}

/**
 * Mixes the bits of a hash. FNV-1a alone hardly carries the last characters into the high bits, and the partition's
 * number stands at the end. Source: the finaliser of MurmurHash3, Austin Appleby.
 */
function spread(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

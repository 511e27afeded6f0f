/**
 * FNV-1a, 32 bits, over the UTF-8 bytes of `key`: the hash that the server's own `partition()` uses.
 *
 * Cost: O(length). Source: Fowler, Noll, Vo; RFC 9923.
 */
export function fnv1a32(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    if (unit > 0x7f) return fnv1a32Bytes(Buffer.from(key, "utf8"));
    hash = Math.imul(hash ^ unit, 0x01000193);
  }
  return hash >>> 0;
}

function fnv1a32Bytes(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * The partition of a key: 0 to `partitions` − 1, the same in every process and for the life of the streams.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { partitionOf, seriesKey } from "@mapek/core/contract";
 *
 * const partition = partitionOf(seriesKey("checkout", "latency"), 16);
 * assert(partition >= 0 && partition < 16);
 * ```
 */
export function partitionOf(key: string, partitions: number): number {
  return fnv1a32(key) % partitions;
}

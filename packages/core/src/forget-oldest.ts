/** Appends an item, and forgets the oldest beyond `most`. @returns The one that was forgotten. Cost: O(1), or O(list) for one that is. */
export function appendBounded<Item>(list: Item[], item: Item, most: number): Item | undefined {
  list.push(item);
  return list.length > most ? list.shift() : undefined;
}

/** Forgets the key that came first where there are more than `most`. Cost: O(1). */
export function forgetOldest<Key>(keyed: Set<Key> | Map<Key, unknown>, most: number): void {
  if (keyed.size <= most) return;
  for (const oldest of keyed.keys()) {
    keyed.delete(oldest);
    return;
  }
}

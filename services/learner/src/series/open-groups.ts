import { appendBounded } from "@mapek/core/forget-oldest";
import { groupGapMs, groupId } from "@mapek/core/messages";

/** Groups of a system that may go on; beyond that the one that grew longest ago is over. */
const MOST_GROUPS = 4;

/** When the first and the last incident of a group opened, event time, ms. */
type Group = [first: number, last: number];
/** An opening, and when its group began. */
type Opening = [key: string, openedAt: number, first: number];

/** State of {@link OpenGroups}: plain data. */
export type GroupsSnapshot = [system: string, groups: Group[]][];
/** What was told while a snapshot was taken. */
export interface GroupsAtEnd {
  readonly groups: GroupsSnapshot;
  readonly openings: readonly Opening[];
}

/**
 * Which incidents of a system began together, in one partition. One that opens joins a group whose last, or first, opening is no
 * further away than `groupGapMs`; else it begins one. Cost: O(1); some 100 bytes a system that has had an incident.
 *
 * Groups follow from the series, which a checkpoint holds in states of different times. So whoever takes one notes what opened
 * meanwhile (`beginNotes`, `endNotes`); where those inputs are folded again, each incident gets the group that it had.
 */
export class OpenGroups {
  readonly #groups = new Map<string, Group[]>();
  #notes: Opening[] | undefined;
  /** Openings that were noted, by series and time, with the beginnings of their groups. */
  readonly #known = new Map<string, number>();

  /** An incident has opened. @returns The id of its group. */
  opened(system: string, key: string, openedAt: number, intervalMs: number): string {
    const name = openingName(key, openedAt);
    const known = this.#known.get(name);
    if (known !== undefined) {
      this.#known.delete(name);
      return groupId(system, known);
    }
    const first = this.#join(system, openedAt, groupGapMs(intervalMs));
    this.#notes?.push([key, openedAt, first]);
    return groupId(system, first);
  }

  /** The system has no series any more. */
  forget(system: string): void {
    this.#groups.delete(system);
  }

  snapshot(): GroupsSnapshot {
    return [...this.#groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([system, groups]) => [system, groups.map(([first, last]) => [first, last])]);
  }

  restore(groups: GroupsSnapshot): void {
    this.#groups.clear();
    for (const [system, of] of groups) this.#groups.set(system, of);
  }

  /** A snapshot begins. */
  beginNotes(): void {
    this.#notes = [];
  }

  /** A snapshot ends, or is given up. @returns What `restoreAtEnd` takes; undefined where nothing opened meanwhile. */
  endNotes(): GroupsAtEnd | undefined {
    const openings = this.#notes ?? [];
    this.#notes = undefined;
    return openings.length === 0 ? undefined : { groups: this.snapshot(), openings };
  }

  /** The inputs of the snapshot's time come again, and their openings find their groups. */
  restoreAtEnd({ groups, openings }: GroupsAtEnd): void {
    this.restore(groups);
    for (const [key, openedAt, first] of openings)
      this.#known.set(openingName(key, openedAt), first);
  }

  #join(system: string, openedAt: number, gapMs: number): number {
    const groups = this.#groups.get(system) ?? [];
    this.#groups.set(system, groups);
    const at = groups.findLastIndex(
      ([first, last]) => openedAt >= first - gapMs && openedAt <= last + gapMs,
    );
    const [first, last] = groups[at] ?? [openedAt, openedAt];
    if (at >= 0) groups.splice(at, 1);
    appendBounded(groups, [first, Math.max(last, openedAt)], MOST_GROUPS);
    return first;
  }
}

const openingName = (key: string, openedAt: number): string => `${key}@${openedAt}`;

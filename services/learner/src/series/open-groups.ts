import { groupGapMs, groupId } from "@mapek/core/contract";
import { appendBounded } from "@mapek/core/forget-oldest";

/** Number of open groups of a system; one more ends the group that grew longest ago. */
const MOST_GROUPS = 4;

/** Event times, ms, at which the first and the last incident of a group opened. */
type Group = [first: number, last: number];
/** An incident's series and opening, with the event time of its group's first opening. */
type Opening = [key: string, openedAt: number, first: number];

/** State of {@link OpenGroups}: plain data. */
export type GroupsSnapshot = [system: string, groups: Group[]][];
/** Groups at the end of a snapshot, and the incidents that opened while the snapshot was taken. */
export interface GroupsAtEnd {
  readonly groups: GroupsSnapshot;
  readonly openings: readonly Opening[];
}

/**
 * Groups the incidents of a system that opened together, in one partition. An incident joins a group if it opened
 * between `groupGapMs` before the group's first and `groupGapMs` after the group's last opening; else it begins a
 * group. Cost: O(1); about 100 bytes per system with incidents.
 *
 * A checkpoint saves the series of a partition at different times, so a replay folds only some of the openings again
 * and would form other groups. The snapshot therefore notes the openings that come while it is taken (`beginNotes`,
 * `endNotes`), and in a replay each of these incidents gets the group that it had.
 */
export class OpenGroups {
  readonly #groups = new Map<string, Group[]>();
  #notes: Opening[] | undefined;
  /** Noted openings, by series and time, with the first opening of their groups. */
  readonly #known = new Map<string, number>();

  /** Finds or begins the group of an incident that opens. @returns The id of the group. */
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

  /** Drops the groups of a system that has no series any more. */
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

  /** Begins to note openings; called when a snapshot begins. */
  beginNotes(): void {
    this.#notes = [];
  }

  /** Ends the notes; called when a snapshot ends or is given up. @returns Argument of `restoreAtEnd`; undefined where nothing opened. */
  endNotes(): GroupsAtEnd | undefined {
    const openings = this.#notes ?? [];
    this.#notes = undefined;
    return openings.length === 0 ? undefined : { groups: this.snapshot(), openings };
  }

  /** Prepares the replay of inputs that came during the snapshot: their openings get the groups that were noted. */
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

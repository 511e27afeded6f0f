/** How a process stands to a partition: it does not run it, folds behind its owner, or owns it. */
export type Role = "none" | "follower" | "owner";

/** What a process sees of one partition. */
export interface Outlook {
  readonly role: Role;
  /** The partition is assigned to this process. */
  readonly mine: boolean;
  /** Another live member runs it. */
  readonly heldByOther: boolean;
  /** The member to which it is assigned could take it over at once. */
  readonly assigneeReady: boolean;
}

export type Step = "claim" | "follow" | "promote" | "release" | "drop" | "keep";

/**
 * What to do about a partition.
 *
 * A partition that nobody runs is claimed by its assignee at once. One that somebody runs is first followed: its owner
 * goes on until the assignee has the state, then releases it, and the follower claims it. So it pauses for a commit
 * and a claim, not for a restore.
 */
export function stepFor({ role, mine, heldByOther, assigneeReady }: Outlook): Step {
  switch (role) {
    case "none":
      if (!mine) return "keep";
      return heldByOther ? "follow" : "claim";
    case "follower":
      if (!mine) return "drop";
      return heldByOther ? "keep" : "promote";
    case "owner":
      return !mine && assigneeReady ? "release" : "keep";
  }
}

/** Relation of a process to a partition: `none` does not run it, a `follower` folds behind its owner, an `owner` commits. */
export type Role = "none" | "follower" | "owner";

/** What a process knows of one partition when it balances. */
export interface Outlook {
  readonly role: Role;
  /** The partition is assigned to this process. */
  readonly mine: boolean;
  /** Another live member runs it. */
  readonly heldByOther: boolean;
  /** The member that the partition is assigned to follows it and has its state. */
  readonly assigneeReady: boolean;
}

export type Step = "claim" | "follow" | "promote" | "release" | "drop" | "keep";

/**
 * The next step of a process for a partition.
 *
 * The assignee claims a partition that no member runs. A partition that another member runs is followed first: the
 * owner goes on until the assignee has the state and then releases it; the assignee claims it. So the partition pauses
 * for one commit and one claim, not for a restore.
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

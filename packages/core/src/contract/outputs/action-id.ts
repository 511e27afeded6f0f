/** Suffix of the id of a command that undoes an action. */
export const ROLLBACK = ".rollback";
/** Suffix of the id of a command to every series of the system. */
export const SYSTEM_WIDE = ".system";

/** The id of the action that a command belongs to; a command that undoes an action has the action's id and a suffix. */
export const actionOfCommand = (id: string): string =>
  id.endsWith(ROLLBACK) ? id.slice(0, -ROLLBACK.length) : id;

/** Ends the id of the command that undoes an action. */
export const ROLLBACK = ".rollback";
/** Ends the id of a command to every series of the system. */
export const SYSTEM_WIDE = ".system";

/** The action that a command is about: the command that undoes an action has its id and an ending. */
export const actionOfCommand = (id: string): string =>
  id.endsWith(ROLLBACK) ? id.slice(0, -ROLLBACK.length) : id;

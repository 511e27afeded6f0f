/** Turns a pattern of metric names, where `*` stands for any characters, into a regular expression. */
export const namePattern = (glob: string): RegExp =>
  new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s");

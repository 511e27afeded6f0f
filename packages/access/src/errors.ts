import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code of this package and its meaning. A person has to correct the cause of each. */
export const ACCESS_ERRORS = {
  MAPEK_ACCESS_EXISTS: {
    meaning: "keys or a configuration are there already: nothing is overwritten",
    consequence: "fix",
  },
  MAPEK_ACCESS_NO_FOLDER: {
    meaning: "the folder holds no list of users that can be read",
    consequence: "fix",
  },
  MAPEK_ACCESS_BAD_NAME: {
    meaning: "a tenant, user or system is named as none can be",
    consequence: "fix",
  },
} as const satisfies ErrorTable;

export type AccessErrorCode = keyof typeof ACCESS_ERRORS;

/** An error of this package. Switch on `code`, never on the text. */
export class AccessError extends codedError("AccessError", ACCESS_ERRORS) {}

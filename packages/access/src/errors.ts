/** Every code of this package and its meaning. All are for a person to mend. */
export const ACCESS_ERRORS = {
  MAPEK_ACCESS_EXISTS: {
    meaning: "keys or a configuration are there already: nothing is overwritten",
  },
  MAPEK_ACCESS_NO_FOLDER: { meaning: "the folder holds no list of users that can be read" },
  MAPEK_ACCESS_BAD_NAME: { meaning: "a tenant, user or system is named as none can be" },
} as const satisfies Record<string, { meaning: string }>;

export type AccessErrorCode = keyof typeof ACCESS_ERRORS;

/** An error of this package. Switch on `code`, never on the text. */
export class AccessError extends Error {
  override readonly name = "AccessError";
  readonly code: AccessErrorCode;

  constructor(code: AccessErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }
}

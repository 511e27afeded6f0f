/** The subjects that a user may publish and subscribe to; the server refuses all others. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** All subjects of the account, for creating and changing streams by hand. No service runs with these permissions. */
export const ADMIN: Permissions = { publish: [">"], subscribe: [">"] };

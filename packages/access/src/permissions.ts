/** What a user may publish and subscribe to; everything else is refused by the server. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Everything in its account: makes and changes streams by hand. No service runs with it. */
export const ADMIN: Permissions = { publish: [">"], subscribe: [">"] };

import manifest from "../package.json" with { type: "json" };

/** Version of this command. */
export const { version } = manifest;

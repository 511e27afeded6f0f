import { randomBytes } from "node:crypto";

/** A random token of 192 bits, in characters that need no escaping in an address. */
export const newConsoleToken = (): string => randomBytes(24).toString("base64url");

/** The console's address with its token behind `#`: browsers send that part neither to the server nor to other pages. */
export const withConsoleToken = (url: string, token: string): string => `${url}/#token=${token}`;

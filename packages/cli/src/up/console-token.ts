import { randomBytes } from "node:crypto";

/** A token that nobody guesses, of letters that stand in an address as they are. */
export const newConsoleToken = (): string => randomBytes(24).toString("base64url");

/** The console's address with its token where the browser keeps it from the server, from logs and from other pages. */
export const withConsoleToken = (url: string, token: string): string => `${url}/#token=${token}`;

import { createHash, timingSafeEqual } from "node:crypto";
import { ConsoleError } from "./errors.ts";

/** Header that carries the token. A form cannot set it, and a page of another origin cannot without a CORS permission. */
export const TOKEN_HEADER = "x-mapek-token";

/** Decides by the token which requests may act. */
export class Access {
  readonly #digest: Buffer | undefined;

  /** @param token Undefined: nobody may act. */
  constructor(token: string | undefined) {
    this.#digest = token === undefined ? undefined : digestOf(token);
  }

  get readOnly(): boolean {
    return this.#digest === undefined;
  }

  /** Whether `given` is the token. Digests of equal length are compared in constant time, so that timing reveals nothing. */
  holds(given: unknown): boolean {
    return (
      this.#digest !== undefined &&
      typeof given === "string" &&
      timingSafeEqual(digestOf(given), this.#digest)
    );
  }

  /** @throws {ConsoleError} MAPEK_CONSOLE_READ_ONLY, MAPEK_CONSOLE_BAD_TOKEN */
  require(given: unknown): void {
    if (this.readOnly)
      throw new ConsoleError("MAPEK_CONSOLE_READ_ONLY", "set console.token to allow actions");
    if (!this.holds(given))
      throw new ConsoleError("MAPEK_CONSOLE_BAD_TOKEN", `expected the token in ${TOKEN_HEADER}`);
  }
}

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Host names under which the console answers. Without this check an attacker could point a name of his own at this
 * address (DNS rebinding), and his page could read everything that the console shows.
 */
export class KnownNames {
  readonly #names: ReadonlySet<string>;
  readonly #any: boolean;

  /** @param names Names beside `host` and the loopback names. With a `host` of all addresses and no names, any name is accepted. */
  constructor(host: string, names: readonly string[]) {
    this.#any = (host === "0.0.0.0" || host === "::") && names.length === 0;
    this.#names = new Set([...LOOPBACK, host, ...names].map((name) => name.toLowerCase()));
  }

  /** @throws {ConsoleError} MAPEK_CONSOLE_FOREIGN_NAME */
  require(hostHeader: string | undefined): void {
    const name = (hostHeader ?? "").replace(/:\d+$/, "").toLowerCase();
    if (!this.#any && !this.#names.has(name))
      throw new ConsoleError(
        "MAPEK_CONSOLE_FOREIGN_NAME",
        `${JSON.stringify(name.slice(0, 100))}; add it to console.names`,
      );
  }
}

/** What follows from an error: whoever gets it gives up, tries again, leaves the input out, claims its partition anew, or mends what it asked for. */
export type Consequence = "fatal" | "retry" | "skip" | "fenced" | "fix";

/** What is known of each code. */
export type ErrorTable = Readonly<
  Record<
    string,
    {
      readonly meaning: string;
      readonly consequence?: Consequence;
      /** Exit code of a command that ends with the error. */
      readonly exit?: 1 | 2;
      /** HTTP status of an answer that tells of it. */
      readonly status?: number;
    }
  >
>;

/** Figures and words for programs, such as the server's own error code. */
type Details = Readonly<Record<string, unknown>>;

/**
 * An error that programs tell apart by `code` and never by its text, which is for people and begins with the code.
 *
 * A package declares its codes in one table and its class from it: `class ClientError extends codedError("ClientError", CLIENT_ERRORS) {}`.
 */
export abstract class CodedError<Facts, Code extends string = string> extends Error {
  readonly code: Code;
  /** The text without the code. */
  readonly detail: string;
  readonly details: Details;
  /** What the table says of the code. */
  abstract readonly facts: Facts;

  constructor(code: Code, detail: string, options: ErrorOptions & { details?: Details } = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = detail;
    this.details = options.details ?? {};
  }
}

/** @returns A class of errors whose codes are the keys of `table`, and whose consequence is the one that the table gives. */
export function codedError<const Table extends ErrorTable>(name: string, table: Table) {
  type Code = keyof Table & string;
  return class extends CodedError<Table[Code], Code> {
    override readonly name = name;

    get facts(): Table[Code] {
      return table[this.code];
    }

    get consequence(): Table[Code]["consequence"] {
      return this.facts.consequence as Table[Code]["consequence"];
    }
  };
}

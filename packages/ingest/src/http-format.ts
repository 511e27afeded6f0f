import type { InputReply, MessageError } from "@mapek/core/messages";
import type { Parsed } from "./reading.ts";

/** What a request says beside its body. */
export interface FormatRequest {
  /** Empty where the request names none. */
  readonly contentType: string;
  /** `identity` where the request names none. */
  readonly contentEncoding: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** Attributes of an OTLP resource that become labels. */
  readonly resourceLabels: readonly string[];
}

/** What became of a body that could be read. */
export interface FormatOutcome<Read extends Parsed = Parsed> {
  /** Undefined of a body that could not be read. */
  readonly parsed: Read | undefined;
  readonly rejected: InputReply["rejected"];
  /** Why nothing was taken in, or not everything was stored. */
  readonly failure: MessageError | undefined;
}

/** An answer over HTTP. */
interface FormatAnswer {
  /** What went wrong as the sender is told it: decides the status where `status` does not, and the body where there is none. */
  readonly failure?: MessageError | undefined;
  /** Unset: that of the failure's code; 200 with a body, 204 without. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly type?: string;
  readonly body?: Buffer | object;
}

/**
 * A format in which other tools send metrics over HTTP: where it comes in, how its body is read, and how its senders want to be
 * answered. `HTTP_FORMATS` lists all; whoever serves, counts or fuzzes formats goes by that list.
 */
export interface HttpFormat<Name extends string = string, Read extends Parsed = Parsed> {
  /** Value of the label `protocol` of the monitor's metrics. */
  readonly name: Name;
  readonly paths: readonly string[];
  /** Whether the body can be read at all; where it cannot, the answer is 415. Unset: always. */
  accepts?(request: FormatRequest): boolean;
  /** @param bytes The body, unpacked. @returns What is wrong with a body that is not of the format. */
  read(bytes: Uint8Array, request: FormatRequest): Read | MessageError;
  /** Unset: 204 once everything is stored, or the fault with its code. */
  answer?(outcome: FormatOutcome<Read>, request: FormatRequest): FormatAnswer;
}

/** The format itself, its name and what it reads known to the compiler. */
export const httpFormat = <const Name extends string, Read extends Parsed>(
  format: HttpFormat<Name, Read>,
): HttpFormat<Name> => format as HttpFormat<Name>;

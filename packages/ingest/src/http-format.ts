import type { InputReply, MessageError } from "@mapek/core/contract";
import { malformed } from "./read-body.ts";
import type { Parsed } from "./reading.ts";

/** The parts of a request beside its body, and settings that its format needs. */
export interface FormatRequest {
  /** Empty where the request has none. */
  readonly contentType: string;
  /** `identity` where the request has none. */
  readonly contentEncoding: string;
  readonly query: Readonly<Record<string, unknown>>;
  /** Attributes of an OTLP resource that become labels. */
  readonly resourceLabels: readonly string[];
}

/** Result of a request, from which a format makes its answer. */
export interface FormatOutcome<Read extends Parsed = Parsed> {
  /** The readings; undefined where the body could not be read. */
  readonly parsed: Read | undefined;
  readonly rejected: InputReply["rejected"];
  /** Why the body was refused, or why not all samples were stored. */
  readonly failure: MessageError | undefined;
}

/** An answer over HTTP. */
interface FormatAnswer {
  /** The error for the sender. It decides the status where `status` is unset, and the body where `body` is unset. */
  readonly failure?: MessageError | undefined;
  /** HTTP status. @default the status of the failure's code; without a failure 200 with a body, 204 without */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly type?: string;
  readonly body?: Buffer | object;
}

/**
 * A format in which other tools send metrics over HTTP: its paths, its reader and its answers.
 *
 * `HTTP_FORMATS` lists all formats; the listener, the metrics and the fuzz tests go through that list.
 */
export interface HttpFormat<Name extends string = string, Read extends Parsed = Parsed> {
  /** Value of the label `protocol` in the monitor's metrics. */
  readonly name: Name;
  readonly paths: readonly string[];
  /** False answers 415 without reading the body. @default always true */
  accepts?(request: FormatRequest): boolean;
  /** @param bytes The body, decompressed. @returns The readings; an error where the body is not of this format. */
  read(bytes: Uint8Array, request: FormatRequest): Read | MessageError;
  /** Unset: `plainAnswer`. */
  answer?(outcome: FormatOutcome<Read>, request: FormatRequest): FormatAnswer;
}

/** Returns the format unchanged; the compiler checks it and keeps its name as a literal type. */
export const httpFormat = <const Name extends string, Read extends Parsed>(
  format: HttpFormat<Name, Read>,
): HttpFormat<Name> => format as HttpFormat<Name>;

/** 204 once everything is stored; else the fault with its code, that of a body of which a part could not be read included. */
export const plainAnswer = ({ parsed, failure }: FormatOutcome): FormatAnswer => ({
  failure: failure ?? (parsed?.fault === undefined ? undefined : malformed(parsed.fault)),
});

import type { StreamConfig } from "@nats-io/jetstream";
import { RuntimeError } from "../errors.ts";

/**
 * Version of the format in which a house stores its knowledge. Every change that an earlier version would misread
 * raises it: a new kind of input, a new meaning of a stored field, other subjects. CHANGELOG names the release of each
 * number.
 */
export const HOUSE_FORMAT = 1;

/** Key of the format in a stream's metadata. Version 0.1.0 wrote none, which means 1. */
const FORMAT_KEY = "mapek.format";

/** Metadata of a stream that is created now. */
export const formatMetadata = { [FORMAT_KEY]: String(HOUSE_FORMAT) } as const;

/**
 * Refuses a stream that a newer version has written: this version would drop inputs that it does not know, and commit
 * over outputs that it cannot read.
 *
 * @throws {RuntimeError} MAPEK_HOUSE_TOO_NEW names the stream and both formats.
 */
export function refuseNewerFormat(name: string, { metadata }: Partial<StreamConfig>): void {
  const found = Number(metadata?.[FORMAT_KEY] ?? 1);
  if (found <= HOUSE_FORMAT) return;
  throw new RuntimeError(
    "MAPEK_HOUSE_TOO_NEW",
    `${name} has the format ${found}, this version knows formats up to ${HOUSE_FORMAT}: start the newer version again, or choose another server or data folder`,
    { details: { stream: name, found, known: HOUSE_FORMAT } },
  );
}

/** The declaration without its format: an existing stream with a lower format, or none, is no drift. */
export function withoutFormat<Declared extends Partial<StreamConfig>>(
  declaration: Declared,
): Declared {
  const { [FORMAT_KEY]: _, ...metadata } = declaration.metadata ?? {};
  return { ...declaration, metadata };
}

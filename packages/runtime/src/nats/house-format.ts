import type { StreamConfig } from "@nats-io/jetstream";
import { RuntimeError } from "../errors.ts";

/**
 * Number of the form in which a house stores its knowledge. It is raised by every change that an earlier
 * version would misread: a new kind of input, a new meaning of a stored field, other subjects. CHANGELOG says
 * which version brought which number.
 */
export const HOUSE_FORMAT = 1;

/** Where the number stands: in a stream's metadata. Version 0.1.0 wrote none, which means 1. */
const FORMAT_KEY = "mapek.format";

/** What a stream that is made now says of its format. */
export const formatMetadata = { [FORMAT_KEY]: String(HOUSE_FORMAT) } as const;

/**
 * Keeps a version away from a stream that a newer one has written: it would drop inputs that it does not
 * know, and commit over outputs that it cannot read.
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

/** The declaration as older streams have to meet it: a lower format, or none, is no drift. */
export function withoutFormat<Declared extends Partial<StreamConfig>>(
  declaration: Declared,
): Declared {
  const { [FORMAT_KEY]: _, ...metadata } = declaration.metadata ?? {};
  return { ...declaration, metadata };
}

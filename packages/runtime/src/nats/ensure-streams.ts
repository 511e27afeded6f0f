import { isDeepStrictEqual } from "node:util";
import type { JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { RuntimeError } from "../errors.ts";
import { whenAvailable } from "./availability.ts";
import { refuseNewerFormat, withoutFormat } from "./house-format.ts";
import type { StreamDeclaration } from "./streams.ts";

/** Fields that can be changed on a stream in use; messages within the new limits stay. */
const UPDATABLE = new Set(["max_age", "max_msgs", "max_bytes", "num_replicas"]);

/** How long a cluster may have no leader, or fewer nodes than replicas, ms. */
const LEADER_DEADLINE_MS = 30_000;

const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;

/**
 * Creates missing streams and compares the existing ones with their declarations, in order. While a cluster has no
 * leader, it is asked again for up to 30 s for each stream.
 *
 * @param update True sets limits that differ to the declared values. Other fields are never changed.
 * @throws {RuntimeError} MAPEK_STREAM_DRIFT names the stream, the field and both values; MAPEK_HOUSE_TOO_NEW for a
 * stream of a newer version, before anything is created or changed where the first stream exists; MAPEK_STREAM_REFUSED
 * with the server's own reason.
 */
export async function ensureStreams(
  jsm: JetStreamManager,
  declarations: readonly StreamDeclaration[],
  update = false,
): Promise<void> {
  for (const declaration of declarations) {
    try {
      await whenAvailable(LEADER_DEADLINE_MS, () => ensureStream(jsm, declaration, update));
    } catch (cause) {
      if (cause instanceof RuntimeError) throw cause;
      throw new RuntimeError(
        "MAPEK_STREAM_REFUSED",
        `${declaration.name}: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

async function ensureStream(
  jsm: JetStreamManager,
  declaration: StreamDeclaration,
  update: boolean,
): Promise<void> {
  const found =
    (await configOnServer(jsm, declaration.name)) ?? (await addStream(jsm, declaration));
  if (found !== undefined) await compare(jsm, declaration, found, update);
}

async function configOnServer(
  jsm: JetStreamManager,
  name: string,
): Promise<StreamConfig | undefined> {
  try {
    return (await jsm.streams.info(name)).config;
  } catch (error) {
    if ((error as { code?: number }).code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

/** @returns The stream's configuration where another service created it at the same time; undefined otherwise. */
async function addStream(
  jsm: JetStreamManager,
  declaration: StreamDeclaration,
): Promise<StreamConfig | undefined> {
  try {
    await jsm.streams.add(declaration);
    return undefined;
  } catch (error) {
    if ((error as { code?: number }).code !== STREAM_NAME_IN_USE) throw error;
    return await configOnServer(jsm, declaration.name);
  }
}

async function compare(
  jsm: JetStreamManager,
  declaration: StreamDeclaration,
  found: StreamConfig,
  update: boolean,
): Promise<void> {
  refuseNewerFormat(declaration.name, found);
  const drifts = driftOf(withoutFormat(declaration), found);
  const hard = drifts.find((drift) => !update || !UPDATABLE.has(drift.field));
  if (hard !== undefined) {
    const advice = UPDATABLE.has(hard.field)
      ? "; streams.update: true sets the declared limits"
      : "";
    throw new RuntimeError(
      "MAPEK_STREAM_DRIFT",
      `${declaration.name}.${hard.field}: the server has ${JSON.stringify(hard.found)}, declared is ${JSON.stringify(hard.declared)}${advice}`,
      { details: { stream: declaration.name, field: hard.field } },
    );
  }
  if (drifts.length === 0) return;
  const limits = Object.fromEntries(drifts.map(({ field, declared }) => [field, declared]));
  await jsm.streams.update(declaration.name, { ...found, ...limits });
}

/** The declared fields whose values on the server differ. Properties that the server adds to a field are no difference. */
function driftOf(declaration: StreamDeclaration, found: Partial<StreamConfig>) {
  const fields = Object.keys(declaration) as (keyof StreamDeclaration & keyof StreamConfig)[];
  return fields
    .map((field) => ({ field, declared: declaration[field], found: found[field] }))
    .filter(({ declared, found: actual }) => !covers(actual ?? emptyLike(declared), declared));
}

/** The server omits empty fields, so an absent field counts as 0, −1 or an empty list. */
function emptyLike(declared: unknown): unknown {
  if (declared === 0 || declared === -1) return declared;
  return Array.isArray(declared) && declared.length === 0 ? [] : undefined;
}

function covers(actual: unknown, declared: unknown): boolean {
  if (Array.isArray(declared))
    return (
      Array.isArray(actual) &&
      actual.length === declared.length &&
      declared.every((item, i) => covers(actual[i], item))
    );
  if (typeof declared === "object" && declared !== null)
    return (
      typeof actual === "object" &&
      actual !== null &&
      Object.entries(declared).every(([key, value]) =>
        covers((actual as Record<string, unknown>)[key], value),
      )
    );
  return isDeepStrictEqual(actual, declared);
}

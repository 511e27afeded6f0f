import { StatsError } from "../../statistics/index.ts";

/** Plain data whose float columns are bytes, the form in which MessagePack carries float columns. */
export type Stored<T> = T extends Float64Array
  ? Uint8Array
  : T extends object
    ? { [K in keyof T]: Stored<T[K]> }
    : T;

/** Copies plain data, with each float column as a copy of its bytes. */
export const storeColumns = <T extends object>(data: T): Stored<T> =>
  mapFields(data, (field) =>
    field instanceof Float64Array ? new Uint8Array(field.slice().buffer) : field,
  ) as Stored<T>;

/** The inverse of {@link storeColumns}: all bytes are float columns. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
export const loadColumns = <T extends object>(data: Stored<T>): T =>
  mapFields(data as object, (field) => {
    if (!(field instanceof Uint8Array)) return field;
    if (field.byteLength % Float64Array.BYTES_PER_ELEMENT !== 0)
      throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", "a column is damaged");
    return new Float64Array(Uint8Array.from(field).buffer);
  }) as T;

function mapFields(data: object, map: (field: unknown) => unknown): object {
  return Object.fromEntries(
    Object.entries(data).map(([name, field]) => {
      const mapped = map(field);
      const isPlain =
        mapped === field &&
        typeof mapped === "object" &&
        mapped !== null &&
        !ArrayBuffer.isView(mapped);
      return [name, isPlain ? mapFields(mapped, map) : mapped];
    }),
  );
}

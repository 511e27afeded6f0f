const EPOCH = /^[+-]?\d+(?:\.\d*)?(?:[eE]\+?\d+)?$/;
const CALENDAR =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d+|,\d+)?)?)? ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?$/;

/** Numbers below this are seconds, the others milliseconds: 5138-11-16 in s, 1973-03-03 in ms. */
const LEAST_MILLISECONDS = 1e11;
/** The greatest time that a message may have. */
const MOST_MILLISECONDS = 9e12;

/**
 * Reads a time: ISO 8601, `YYYY-MM-DD HH:MM:SS` (UTC where it has no zone), or seconds or
 * milliseconds since 1970, told by magnitude.
 *
 * @returns Milliseconds since 1970, fractions kept; undefined for anything else, for days that do
 * not exist, and for times before 1970 or after 2255.
 */
export function parseTime(text: string): number | undefined {
  const trimmed = text.trim();
  const time = EPOCH.test(trimmed) ? epochTime(Number(trimmed)) : calendarTime(trimmed);
  return time !== undefined && time >= 0 && time <= MOST_MILLISECONDS ? time : undefined;
}

const epochTime = (value: number): number =>
  Math.abs(value) < LEAST_MILLISECONDS ? value * 1_000 : value;

function calendarTime(text: string): number | undefined {
  const match = CALENDAR.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = Number((match[7] ?? ".0").replace(",", "."));
  const zone = zoneMinutes(match[8]);
  if (zone === undefined) return undefined;
  return midnight + ((hour * 60 + minute - zone) * 60 + second + fraction) * 1_000;
}

/** Minutes east of Greenwich. */
function zoneMinutes(zone: string | undefined): number | undefined {
  if (zone === undefined || /^(?:z|utc)$/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "");
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2) || 0);
  if (hours > 23 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/** Deepest nesting of maps and arrays that a payload may have; mapek's own messages need 4. */
const MAX_DEPTH = 32;

const TOO_DEEP = `nested deeper than ${MAX_DEPTH}`;

/** A text of up to 512 bytes is not scanned, since no nesting within 512 bytes harms the parser. */
const SHORT_BYTES = 512;

const TOO_SHORT = "shorter than it says";

/**
 * Refuses a JSON text that is nested too deep; undefined for a good text. Scans brackets only, the parser finds other faults.
 *
 * Cost: O(bytes), no allocation; nothing for a text of up to 512 bytes.
 */
export function jsonFault(bytes: Uint8Array): string | undefined {
  if (bytes.length <= SHORT_BYTES) return undefined;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > MAX_DEPTH) return TOO_DEEP;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return undefined;
}

/**
 * Refuses MessagePack bytes that may harm a decoder; undefined for good bytes. Faults: a length beyond the payload (a decoder
 * may allocate the declared length before it reads the items), nesting that is too deep, every extension type except the one
 * that stands for undefined, map keys that are no text, and bytes after the end.
 *
 * Cost: O(items), no allocation. Source: the MessagePack specification.
 */
export function msgpackFault(bytes: Uint8Array): string | undefined {
  const end = bytes.length;
  let at = 0;
  let depth = 0;
  ITEMS_LEFT[0] = 1;
  IS_MAP[0] = 0;
  for (;;) {
    while (ITEMS_LEFT[depth] === 0) {
      if (depth === 0) {
        if (at === end) return undefined;
        return at > end ? TOO_SHORT : "bytes after its end";
      }
      depth--;
    }
    const left = (ITEMS_LEFT[depth] as number)--;
    if (at >= end) return TOO_SHORT;
    const first = bytes[at++] as number;
    if (IS_MAP[depth] === 1 && left % 2 === 0 && !isText(first)) return "a key that is no text";
    if (first < 0x80 || first >= 0xe0) continue;
    if (first >= 0xa0 && first < 0xc0) {
      at += first & 0x1f;
      continue;
    }
    const form =
      first < 0xa0 ? (first < 0x90 ? FIX_MAP : FIX_ARRAY) : (FORMS[first - 0xc0] as Form);
    if (form.kind === "undefined") {
      // The form in which `encodeMsgpack` writes undefined.
      if (bytes[at] !== 0 || bytes[at + 1] !== 0) return "an extension that is not taken";
    } else if (form.kind === "refused") return "a type that is not taken";
    let length = form.fixed;
    for (let i = 0; i < form.sizeBytes; i++) length = length * 256 + (bytes[at++] ?? 0);
    if (form.kind === "bytes" || form.kind === "undefined") {
      at += length;
      continue;
    }
    const isMap = form.kind === "map";
    const count = (form.sizeBytes === 0 ? first & 0x0f : length) * (isMap ? 2 : 1);
    // Each item takes at least one byte.
    if (count > end - at) return TOO_SHORT;
    if (++depth > MAX_DEPTH) return TOO_DEEP;
    ITEMS_LEFT[depth] = count;
    IS_MAP[depth] = isMap ? 1 : 0;
  }
}

/** Items left at each depth of a scan; valid within one call only. */
const ITEMS_LEFT = new Int32Array(MAX_DEPTH + 1);
const IS_MAP = new Uint8Array(MAX_DEPTH + 1);

const isText = (first: number): boolean =>
  (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);

/** Form of the bytes that follow the first byte of a value. */
interface Form {
  readonly kind: "bytes" | "array" | "map" | "undefined" | "refused";
  /** Number of bytes that hold the length. */
  readonly sizeBytes: number;
  /** Length where no byte holds the length. */
  readonly fixed: number;
}

const bytesOf = (fixed: number): Form => ({ kind: "bytes", sizeBytes: 0, fixed });
const sized = (kind: Form["kind"], sizeBytes: number): Form => ({ kind, sizeBytes, fixed: 0 });
const REFUSED = sized("refused", 0);
const FIX_MAP = sized("map", 0);
const FIX_ARRAY = sized("array", 0);

/** Forms by first byte, 0xc0–0xdf. */
// biome-ignore format: one row a group of the specification's table
const FORMS: readonly Form[] = [
  bytesOf(0), REFUSED, bytesOf(0), bytesOf(0),                           // nil, never used, booleans
  sized("bytes", 1), sized("bytes", 2), sized("bytes", 4),               // binary
  REFUSED, REFUSED, REFUSED,                                             // extensions
  bytesOf(4), bytesOf(8),                                                // floats
  bytesOf(1), bytesOf(2), bytesOf(4), bytesOf(8),                        // unsigned
  bytesOf(1), bytesOf(2), bytesOf(4), bytesOf(8),                        // signed
  { kind: "undefined", sizeBytes: 0, fixed: 2 }, REFUSED, REFUSED, REFUSED, REFUSED, // fixed extensions
  sized("bytes", 1), sized("bytes", 2), sized("bytes", 4),               // texts
  sized("array", 2), sized("array", 4), sized("map", 2), sized("map", 4),
];

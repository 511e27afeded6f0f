import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Value and time, ms; a text stands for the marker of staleness. */
type Sample = readonly [number | "stale", number];

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
  /** Native histograms, of which only the number matters. */
  readonly histograms?: number;
}

const STALE = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f);

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function writeSample(writer: BinaryWriter, [value, time]: Sample, startMs?: number): void {
  writer.tag(1, WireType.Bit64);
  if (value === "stale") writer.raw(STALE);
  else writer.double(value);
  writer.tag(2, WireType.Varint).int64(time);
  if (startMs !== undefined) writer.tag(3, WireType.Varint).int64(startMs);
}

/** The bytes of a `prometheus.WriteRequest`, with metadata, which nobody reads. */
export function promRequest(list: readonly Series[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const { labels, samples, histograms = 0 } of list)
    message(writer, 1, () => {
      for (const [name, value] of Object.entries(labels))
        message(writer, 1, () => {
          writer.tag(1, WireType.LengthDelimited).string(name);
          writer.tag(2, WireType.LengthDelimited).string(value);
        });
      for (const sample of samples) message(writer, 2, () => writeSample(writer, sample));
      for (let i = 0; i < histograms; i++)
        message(writer, 4, () => writer.tag(3, WireType.Bit64).double(1));
    });
  message(writer, 3, () => writer.tag(1, WireType.Varint).uint32(1));
  return writer.finish();
}

/** The bytes of an `io.prometheus.write.v2.Request`. */
export function promRequestV2(
  list: readonly (Series & { readonly type?: number; readonly startMs?: number })[],
): Uint8Array {
  const symbols = [""];
  const refOf = (text: string): number => {
    const known = symbols.indexOf(text);
    return known >= 0 ? known : symbols.push(text) - 1;
  };
  const refs = list.map(({ labels }) => Object.entries(labels).flat().map(refOf));
  const writer = new BinaryWriter();
  for (const symbol of symbols) writer.tag(4, WireType.LengthDelimited).string(symbol);
  for (const [i, { samples, type, startMs, histograms = 0 }] of list.entries())
    message(writer, 5, () => {
      message(writer, 1, () => {
        for (const ref of refs[i] ?? []) writer.uint32(ref);
      });
      for (const sample of samples) message(writer, 2, () => writeSample(writer, sample, startMs));
      for (let n = 0; n < histograms; n++)
        message(writer, 3, () => writer.tag(1, WireType.Varint).uint32(1));
      if (type !== undefined) message(writer, 5, () => writer.tag(1, WireType.Varint).uint32(type));
    });
  return writer.finish();
}

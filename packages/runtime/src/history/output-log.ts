import type { OutputEvent, OutputFamily, Subjects } from "@mapek/core/contract";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import { readCause } from "./cause.ts";
import { readStored, type StoredMessage } from "./stored-messages.ts";

/** Outputs of one family about a system; `tail` is the metric's token or the loop, where the family has one. */
export interface OutputSelection {
  readonly family: OutputFamily;
  readonly tail?: string | undefined;
}

export interface OutputReading {
  /** In the order of the log. */
  readonly outputs: readonly OutputEvent[];
  /** True where more than {@link MOST_READ} outputs match, so that older ones were not read. */
  readonly cut: boolean;
}

export interface ReadOptions {
  /** Earliest timestamp of an output, ms; undefined reads all. */
  readonly since?: number | undefined;
  /** Number of outputs wanted; up to a third more may be returned. @default all that are read */
  readonly wanted?: number | undefined;
  /** Selects outputs. */
  readonly keep?: ((output: OutputEvent) => boolean) | undefined;
}

/** Most stored outputs that one request reads: the newest. */
const MOST_READ = 20_000;

/** Families whose subject ends with the system. */
const WITHOUT_TAIL: ReadonlySet<OutputFamily> = new Set(["parameters", "transitions"]);
/** How far the clock behind an output's timestamp may be ahead of the server's clock, beyond `max_ahead_seconds`. */
const CLOCK_SLACK_MS = 60_000;

/** Reads the outputs of the house back from its log. */
export class OutputLog {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /**
   * Outputs about a system (undefined: about all systems) with a timestamp of `since` or later.
   *
   * The server skips messages stored before `since` − `max_ahead_seconds` − 1 minute: an output can be stored long
   * after its timestamp (imported history), but not earlier than that before it.
   *
   * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE, MAPEK_OVERLOADED.
   * Cost: about 20 µs for each matching output, at most {@link MOST_READ} outputs.
   */
  async read(
    system: string | undefined,
    selections: readonly OutputSelection[],
    { since, wanted = MOST_READ, keep = () => true }: ReadOptions = {},
  ): Promise<OutputReading> {
    const { connection, subjects, config } = this.#context;
    const aheadMs = config.ingest.max_ahead_seconds * 1_000 + CLOCK_SLACK_MS;
    const query = {
      stream: STREAMS.knowledge,
      filters: selections.map((selection) => filterOf(subjects, system, selection)),
      storedSince: since === undefined ? undefined : since - aheadMs,
      // `readStored` may return only three quarters of `most`.
      most: Math.min(MOST_READ, Math.ceil((wanted * 4) / 3)),
    };
    const { items, cut } = await readStored(connection, query, (stored) => {
      const output = outputOf(subjects, stored);
      return (since === undefined || output.timestamp >= since) && keep(output) ? [output] : [];
    });
    return { outputs: items, cut };
  }

  /** When the oldest message of the log was stored, ms; undefined for an empty log. */
  async beginsAt(): Promise<number | undefined> {
    const { state } = await this.#context.connection.jsm.streams.info(STREAMS.knowledge);
    return state.messages === 0 ? undefined : Date.parse(state.first_ts);
  }
}

function filterOf(
  subjects: Subjects,
  system: string | undefined,
  { family, tail }: OutputSelection,
): string {
  const about = system ?? "*";
  return WITHOUT_TAIL.has(family)
    ? subjects.log(family, about)
    : subjects.log(family, about, tail ?? "*");
}

const utf8 = new TextDecoder();

/** The services wrote this message themselves, so its form is not checked again. */
function outputOf(
  subjects: Subjects,
  { seq, subject, data, headers }: Pick<StoredMessage, "seq" | "subject" | "data" | "headers">,
): OutputEvent {
  const message = JSON.parse(utf8.decode(data)) as OutputEvent["message"];
  const cause = readCause(headers);
  const [family] = subject.slice(`${subjects.prefixes.stored}.log.`.length).split(".");
  return {
    seq,
    timestamp: message.timestamp as number,
    family: family as OutputFamily,
    message,
    ...(cause !== undefined && { cause }),
  };
}

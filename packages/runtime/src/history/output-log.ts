import type { OutputEvent, OutputFamily, Subjects } from "@mapek/core/messages";
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
  /** Whether older ones were left unread: there are more than {@link MOST_READ}. */
  readonly cut: boolean;
}

export interface ReadOptions {
  /** Milliseconds; undefined = all that is stored. */
  readonly since?: number | undefined;
  /** How many are wanted: more may come. @default as many as are looked at */
  readonly wanted?: number | undefined;
  /** Which of them are kept. */
  readonly keep?: ((output: OutputEvent) => boolean) | undefined;
}

/** Most stored outputs that one request looks at: the newest. */
const MOST_READ = 20_000;

/** Families whose subject ends with the system. */
const WITHOUT_TAIL: ReadonlySet<OutputFamily> = new Set(["parameters", "transitions"]);
/** By how much a clock that stamps outputs may be ahead of the server's, beyond what samples may. */
const CLOCK_SLACK_MS = 60_000;

/** Reads the outputs of the house back from its log. */
export class OutputLog {
  readonly #context: ServiceContext;

  constructor(context: ServiceContext) {
    this.#context = context;
  }

  /**
   * Outputs about a system (undefined: about all) whose own time is `since` or later.
   *
   * An output's own time may lie before the time at which it was stored as far as it likes (imported history), but hardly
   * behind it: so the server skips what was stored before `since`, less what samples may be ahead.
   *
   * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE, MAPEK_OVERLOADED.
   * Cost: reads every output that matches, at most {@link MOST_READ}: about 20 µs each.
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
      // A reading stops at three quarters of the most that it may be.
      most: Math.min(MOST_READ, Math.ceil((wanted * 4) / 3)),
    };
    const { items, cut } = await readStored(connection, query, (stored) => {
      const output = outputOf(subjects, stored);
      return (since === undefined || output.timestamp >= since) && keep(output) ? [output] : [];
    });
    return { outputs: items, cut };
  }

  /** When the oldest message that is still in the log was stored, ms; undefined of an empty one. */
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

/** The house has written it, so it is of its family's form. */
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

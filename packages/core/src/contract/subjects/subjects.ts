import { accepted, type Decoded, refused } from "../errors.ts";
import { LOOPS, type Loop } from "../inputs/signal.ts";
import { type ActorService, SERVICES, type Service, TOKEN_PATTERN } from "./vocabulary.ts";

/** The two roots of all subjects. The roots must not overlap, since the server republishes from `stored` to `public`. */
export interface Prefixes {
  /** Root of the subjects that users see. @default "mapek" */
  readonly public: string;
  /** Root of the stored subjects. @default "mapek-kb" */
  readonly stored: string;
}

export const DEFAULT_PREFIXES: Prefixes = { public: "mapek", stored: "mapek-kb" };

/** Families about systems, by the service that publishes each family; each service also logs its own dead letters. */
export const FAMILIES_OF = {
  learner: ["recommendations", "thresholds", "anomalies", "changes"],
  optimizer: ["parameters", "transitions"],
  feedback: ["feedback", "actions"],
} as const satisfies Readonly<Record<ActorService, readonly string[]>>;
export type SystemFamily = (typeof FAMILIES_OF)[ActorService][number];

/** Families of outputs: each is stored as `<stored>.log.<family>.…` and republished as `<public>.<family>.…`. */
export const OUTPUT_FAMILIES = [
  ...FAMILIES_OF.learner,
  ...FAMILIES_OF.optimizer,
  ...FAMILIES_OF.feedback,
  "rejected",
] as const;
export type OutputFamily = (typeof OUTPUT_FAMILIES)[number];

/** Contents of a public input subject. */
export type InputSubject =
  | { family: "metrics"; system: string; metric: string }
  | { family: "performance"; system: string }
  | { family: "telegraf" | "otlp"; system: string }
  | { family: "signals"; system: string; loop: Loop; source: string | undefined }
  | { family: "control"; service: Service; system: string }
  | { family: "requests"; service: Service; verb: string; system: string };

/**
 * Builds and parses every subject of the house.
 *
 * Builders trust their arguments, since tokens are validated on arrival; parsers trust nothing.
 */
export class Subjects {
  readonly prefixes: Prefixes;

  constructor(prefixes: Prefixes = DEFAULT_PREFIXES) {
    this.prefixes = prefixes;
  }

  metrics(system: string, metric: string): string {
    return `${this.prefixes.public}.metrics.${system}.${metric}`;
  }
  performance(system: string): string {
    return `${this.prefixes.public}.performance.${system}`;
  }
  /** Metrics as Telegraf writes them: line protocol or JSON. */
  telegraf(system: string): string {
    return `${this.prefixes.public}.telegraf.${system}`;
  }
  /** Metrics as an OpenTelemetry exporter writes them: protobuf or JSON. */
  otlp(system: string): string {
    return `${this.prefixes.public}.otlp.${system}`;
  }
  /** @param source Token of the sender; the server lets only that sender use the token. */
  signals(system: string, loop: string, source?: string): string {
    const from = source === undefined ? "" : `.${source}`;
    return `${this.prefixes.public}.signals.${system}.${loop}${from}`;
  }
  control(service: string, system: string): string {
    return `${this.prefixes.public}.control.${service}.${system}`;
  }
  /** Request subject of a verb about one system, `*` for all systems where the verb allows it (then `_`). */
  requests(service: string, verb: string, system: string): string {
    return `${this.prefixes.public}.requests.${service}.${verb}.${system}`;
  }
  /** A republished output, as plain subscribers see it. */
  output(family: OutputFamily, ...tokens: string[]): string {
    return [this.prefixes.public, family, ...tokens].join(".");
  }
  /** Subject of a stored output in the log. */
  log(family: OutputFamily, ...tokens: string[]): string {
    return [this.prefixes.stored, "log", family, ...tokens].join(".");
  }
  /** Newest threshold of a series; the bucket of thresholds is a view of these subjects. */
  latestThreshold(key: string): string {
    return `${this.prefixes.stored}.latest.thresholds.${key}`;
  }
  /** Batches of samples of a partition. */
  samples(partition: number | "*"): string {
    return `${this.prefixes.stored}.samples.${partition}`;
  }
  /** Accepted inputs and commands of a service's partition. */
  input(service: ActorService, partition: number | "*"): string {
    return `${this.prefixes.stored}.in.${service}.${partition}`;
  }
  /** Position of a partition. */
  position(service: ActorService, partition: number | "*"): string {
    return `${this.prefixes.stored}.position.${service}.${partition}`;
  }
  /** Questions to the owner of a partition: never stored. */
  query(service: ActorService, partition: number | "*"): string {
    return `${this.prefixes.stored}.query.${service}.${partition}`;
  }

  /** Reads a public input subject; anything else is refused with MAPEK_SUBJECT_INVALID. */
  parseInput(subject: string): Decoded<InputSubject> {
    const bad = (why: string) =>
      refused("MAPEK_SUBJECT_INVALID", `${why}: ${JSON.stringify(subject.slice(0, 300))}`);
    const root = `${this.prefixes.public}.`;
    if (!subject.startsWith(root)) return bad(`subject is not below ${this.prefixes.public}`);
    const [family, ...tokens] = subject.slice(root.length).split(".");
    if (tokens.some((token) => !TOKEN_PATTERN.test(token)))
      return bad("a token has characters outside A–Z a–z 0–9 _ -");
    const [first = "", second = "", third = ""] = tokens;
    switch (family) {
      case "metrics":
        if (tokens.length !== 2) return bad("expected metrics.<system>.<metric>");
        return accepted({ family, system: first, metric: second });
      case "performance":
      case "telegraf":
      case "otlp":
        if (tokens.length !== 1) return bad(`expected ${family}.<system>`);
        return accepted({ family, system: first });
      case "signals":
        if (tokens.length !== 2 && tokens.length !== 3)
          return bad("expected signals.<system>.<loop> or signals.<system>.<loop>.<source>");
        if (!isLoop(second))
          return bad(`unknown loop ${second}, expected one of ${LOOPS.join(", ")}`);
        return accepted({ family, system: first, loop: second, source: tokens[2] });
      case "control":
        if (tokens.length !== 2 || !isService(first))
          return bad("expected control.<service>.<system>");
        return accepted({ family, service: first, system: second });
      case "requests":
        if (tokens.length !== 3 || !isService(first))
          return bad("expected requests.<service>.<verb>.<system>");
        return accepted({ family, service: first, verb: second, system: third });
      default:
        return bad(`unknown family ${family}`);
    }
  }
}

/**
 * Prefix of the inboxes of a user with an NKey: only the holder of the seed may subscribe to these inboxes, so
 * that no user reads the answers to another user.
 */
export const inboxPrefixOf = (publicKey: string): string => `_INBOX.${publicKey}`;

/**
 * Whether a service may reply on a subject: only on an inbox, whose first token begins with `_`. Otherwise a sender could
 * name a reply subject on which the service may publish and the sender may not.
 */
export const isInbox = (subject: string): boolean => subject.startsWith("_");

export const isLoop = (word: string): word is Loop => (LOOPS as readonly string[]).includes(word);
const isService = (word: string): word is Service => (SERVICES as readonly string[]).includes(word);

/** True where one root contains the other, so that republishing would loop. */
export function prefixesOverlap(prefixes: Prefixes): boolean {
  const a = `${prefixes.public}.`;
  const b = `${prefixes.stored}.`;
  return a.startsWith(b) || b.startsWith(a);
}

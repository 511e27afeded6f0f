import { encodeJson, isInbox, MessageError, type Subjects } from "@mapek/core/contract";
import { malformed, type Parsed, readOtlp, readTelegraf } from "@mapek/ingest";
import type { Config } from "@mapek/runtime";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import type { ProtocolIntake } from "./protocol-intake.ts";

export interface NatsProtocolsOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly config: Pick<Config, "ingest" | "protocols">;
  readonly protocols: ProtocolIntake;
}

/** Takes in metrics that Telegraf and OpenTelemetry publish on NATS; answers requests after their samples are stored. */
export class NatsProtocols {
  readonly #options: NatsProtocolsOptions;
  readonly #stop: () => Promise<unknown>;

  constructor(options: NatsProtocolsOptions) {
    this.#options = options;
    const { nc, subjects } = options;
    const subscriptions = [subjects.telegraf("*"), subjects.otlp("*")].map((subject) =>
      nc.subscribe(subject, {
        queue: "mapek-monitor",
        callback: (error, message) => {
          if (error === null) void this.#take(message);
        },
      }),
    );
    this.#stop = () => Promise.all(subscriptions.map((one) => one.drain()));
  }

  /** Ends the subscriptions. */
  async drain(): Promise<void> {
    await this.#stop();
  }

  async #take(message: Msg): Promise<void> {
    const { protocols } = this.#options;
    const read = this.#read(message);
    const origin = { subject: message.subject, payload: message.data };
    if (read instanceof MessageError) {
      protocols.refuse(origin, read);
      answer(message, { accepted: 0, rejected: [rejection(read)] });
      return;
    }
    const { reply, failure } = await protocols.take({ ...origin, ...read });
    const { fault } = read.parsed;
    const rejected =
      fault === undefined || failure !== undefined
        ? reply.rejected
        : [rejection(malformed(fault)), ...reply.rejected];
    answer(message, { ...reply, rejected });
  }

  #read({ subject, data }: Msg) {
    const { subjects, config } = this.#options;
    const { max_payload_bytes: most } = config.ingest;
    if (data.length > most)
      return new MessageError("MAPEK_MESSAGE_TOO_LARGE", `${data.length} bytes, at most ${most}`);
    const route = subjects.parseInput(subject);
    if (!route.ok) return route.error;
    const { family, system } = route.value;
    const of = <P extends "telegraf" | "otlp">(protocol: P, parsed: Parsed | MessageError) =>
      parsed instanceof MessageError ? parsed : { protocol, system, parsed };
    return family === "telegraf"
      ? of(family, readTelegraf(data))
      : of("otlp", readOtlp(data, config.protocols.otlp_resource_labels));
  }
}

const rejection = ({ code, detail }: MessageError) => ({ index: 0, code, message: detail });

function answer(message: Msg, reply: object): void {
  if (message.reply !== undefined && isInbox(message.reply)) message.respond(encodeJson(reply));
}

import { MessageError, type MessageErrorCode } from "@mapek/core/messages";
import { LINE_PRECISIONS, type Parsed, parseRemoteWrite } from "@mapek/ingest";
import { type Config, RuntimeError } from "@mapek/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { bodyOf, systemOfRequest } from "./http-request.ts";
import { otlpFailure, otlpSuccess } from "./otlp-answer.ts";
import { malformed, type Outcome, type Protocol, type ProtocolIntake } from "./protocol-intake.ts";
import { readOtlp, readProtobuf, readTelegraf } from "./read-payload.ts";

/** Milliseconds in which a request has to be there whole. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Seconds after which a sender that has to try later should. */
const RETRY_AFTER_SECONDS = 5;
const STATUS: Partial<Record<MessageErrorCode, number>> = {
  MAPEK_MESSAGE_TOO_LARGE: 413,
  MAPEK_OVERLOADED: 503,
  MAPEK_NOT_STORED: 503,
};
const statusOf = (code: MessageErrorCode): number => STATUS[code] ?? 400;

const REMOTE_WRITE_2 = "io.prometheus.write.v2.Request";
const WRITTEN = "X-Prometheus-Remote-Write";

export interface HttpProtocolsOptions {
  readonly config: Pick<Config, "ingest" | "protocols">;
  readonly protocols: ProtocolIntake;
  /** Whether the process has to save memory. */
  readonly memoryShort: () => boolean;
}

/** A request as far as it was read. */
interface Received {
  readonly bytes: Uint8Array;
  readonly outcome: Outcome;
  readonly parsed: Parsed;
}

/**
 * Takes in OTLP, Prometheus' remote write and line protocol over HTTP. A success is answered only after the samples are
 * stored; 503 with `Retry-After` asks to come again; other faults are the sender's, and it should not.
 */
export class HttpProtocols {
  readonly #settings: Config["protocols"];
  readonly #protocols: ProtocolIntake;
  readonly #server: FastifyInstance;
  /** Most bytes of all bodies that are on their way or wait to be stored. */
  readonly #maxWaitingBytes: number;
  readonly #memoryShort: () => boolean;
  #waitingBytes = 0;

  constructor({ config, protocols, memoryShort }: HttpProtocolsOptions) {
    const settings = config.protocols;
    this.#settings = settings;
    this.#protocols = protocols;
    this.#memoryShort = memoryShort;
    this.#maxWaitingBytes = config.ingest.max_waiting_bytes;
    const server = fastify({
      requestTimeout: REQUEST_TIMEOUT_MS,
      bodyLimit: settings.max_body_bytes,
      forceCloseConnections: "idle",
      return503OnClosing: true,
    });
    server.removeAllContentTypeParsers();
    server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );
    server.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const code = error.statusCode === 413 ? "MAPEK_MESSAGE_TOO_LARGE" : "MAPEK_MESSAGE_MALFORMED";
      return fail(reply, new MessageError(code, error.message));
    });
    server.addHook("onRequest", async (request, reply) => this.#admit(request, reply));
    server.post("/v1/metrics", (request, reply) => this.#otlp(request, reply));
    server.post("/api/v1/write", (request, reply) => this.#remoteWrite(request, reply));
    for (const path of ["/write", "/api/v2/write"])
      server.post(path, (request, reply) => this.#line(request, reply));
    this.#server = server;
  }

  /** @returns The URL at which it listens. @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE */
  async listen(port: number): Promise<string> {
    const { host } = this.#settings;
    try {
      return await this.#server.listen({ host, port });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
      const text = `${host}:${port}; set protocols.http_port, 0 takes a free one`;
      throw new RuntimeError("MAPEK_HTTP_PORT_IN_USE", text, { cause });
    }
  }

  /** Takes nothing more in, and resolves once what came is answered. */
  async drain(): Promise<void> {
    await this.#server.close();
  }

  /** Refuses a request before its body is read, where there is no room for it. */
  #admit({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const bytes = Number(headers["content-length"] ?? this.#settings.max_body_bytes);
    if (this.#memoryShort() || this.#waitingBytes + bytes > this.#maxWaitingBytes)
      return fail(reply, new MessageError("MAPEK_OVERLOADED", "no room for it now: try later"));
    this.#waitingBytes += bytes;
    reply.raw.once("close", () => {
      this.#waitingBytes -= bytes;
    });
    return undefined;
  }

  async #line(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { precision = "ns" } = request.query as { precision?: string };
    const unitMs = LINE_PRECISIONS[precision];
    if (unitMs === undefined)
      return fail(reply, new MessageError("MAPEK_MESSAGE_INVALID", `precision ${precision}`));
    const received = await this.#receive(request, "telegraf", (bytes) =>
      readTelegraf(bytes, unitMs),
    );
    if (received === undefined) return reply.code(415).send();
    if (received instanceof MessageError) return fail(reply, received);
    const { outcome, parsed } = received;
    if (outcome.failure !== undefined) return fail(reply, outcome.failure);
    if (parsed.fault !== undefined) return fail(reply, malformed(parsed.fault));
    return reply.header("Mapek-Rejected", outcome.reply.rejected.length).code(204).send();
  }

  async #otlp(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const received = await this.#receive(request, "otlp", (bytes) =>
      readOtlp(bytes, this.#settings.otlp_resource_labels),
    );
    const asJson = request.headers["content-type"]?.includes("json") ?? false;
    if (received === undefined) return reply.code(415).send();
    const failure = received instanceof MessageError ? received : received.outcome.failure;
    if (failure !== undefined) return fail(reply, failure, otlpFailure(failure, asJson));
    const { outcome, parsed } = received as Received;
    const { rejected } = outcome.reply;
    const malformedPoints = parsed.skipped.get("malformed") ?? 0;
    const why =
      rejected[0] === undefined ? parsed.fault : `${rejected[0].code}: ${rejected[0].message}`;
    const { type, body } = otlpSuccess(rejected.length + malformedPoints, why, asJson);
    return reply.type(type).send(body);
  }

  async #remoteWrite(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const type = request.headers["content-type"] ?? "";
    const proto = /;\s*proto=([\w.]+)/.exec(type)?.[1] ?? "prometheus.WriteRequest";
    const version = proto === REMOTE_WRITE_2 ? 2 : 1;
    const isKnown = version === 2 || proto === "prometheus.WriteRequest";
    if (!isKnown || request.headers["content-encoding"] !== "snappy") return reply.code(415).send();
    let samples = 0;
    const received = await this.#receive(request, "remote_write", (bytes) =>
      readProtobuf(() => {
        const read = parseRemoteWrite(bytes, version);
        samples = read.samples;
        return read;
      }),
    );
    if (received === undefined) return reply.code(415).send();
    const none = received instanceof MessageError || received.outcome.failure !== undefined;
    const rejected = none ? [] : received.outcome.reply.rejected;
    const skipped = none ? 0 : lost(received.parsed);
    const written = none ? 0 : Math.max(0, samples - skipped - rejected.length);
    reply.header(`${WRITTEN}-Samples-Written`, written);
    reply.header(`${WRITTEN}-Histograms-Written`, 0).header(`${WRITTEN}-Exemplars-Written`, 0);
    const failure = received instanceof MessageError ? received : received.outcome.failure;
    if (failure !== undefined) return fail(reply, failure);
    const [first] = rejected;
    if (first === undefined) return reply.code(204).send();
    const text = `${rejected.length} rejected, the others are stored; ${first.message}`;
    return fail(reply, new MessageError(first.code as MessageErrorCode, text), undefined, 400);
  }

  /** @returns undefined for an encoding that is not known. */
  async #receive(
    request: FastifyRequest,
    protocol: Protocol,
    read: (bytes: Uint8Array) => Parsed | MessageError,
  ): Promise<Received | MessageError | undefined> {
    const subject = `POST ${request.url.split("?", 1)[0]}`;
    const bytes = await bodyOf(request, this.#settings.max_body_bytes);
    if (bytes === undefined) return undefined;
    const system = systemOfRequest(request);
    const raw = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const refuse = (error: MessageError): MessageError => {
      this.#protocols.refuse({ subject, payload: raw }, error);
      return error;
    };
    if (bytes instanceof MessageError) return refuse(bytes);
    if (system instanceof MessageError) return refuse(system);
    const parsed = read(bytes);
    if (parsed instanceof MessageError) return refuse(parsed);
    const outcome = await this.#protocols.take({
      protocol,
      system,
      parsed,
      subject,
      payload: bytes,
    });
    return { bytes, outcome, parsed };
  }
}

/** Values of series that were left out; what only says that a series ended is not. */
const lost = ({ skipped }: Parsed): number =>
  (skipped.get("not_finite") ?? 0) + (skipped.get("bad_name") ?? 0);

function fail(
  reply: FastifyReply,
  error: MessageError,
  body: { type: string; body: unknown } | undefined = undefined,
  status = statusOf(error.code),
): FastifyReply {
  if (status === 503) reply.header("Retry-After", RETRY_AFTER_SECONDS);
  reply.code(status);
  if (body !== undefined) return reply.type(body.type).send(body.body);
  return reply.send({ code: error.code, message: error.detail });
}

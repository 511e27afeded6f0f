import { createHash, timingSafeEqual } from "node:crypto";
import { MessageError, type MessageErrorCode } from "@mapek/core/contract";
import {
  type FormatOutcome,
  type FormatRequest,
  HTTP_FORMATS,
  type HttpFormat,
  plainAnswer,
} from "@mapek/ingest";
import { type Config, RuntimeError } from "@mapek/runtime";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { bodyOf, systemOfRequest } from "./http-request.ts";
import type { Protocol, ProtocolIntake } from "./protocol-intake.ts";

/** Time within which a request must arrive completely. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Value of `Retry-After` in answers with status 503. */
const RETRY_AFTER_SECONDS = 5;
const STATUS: Partial<Record<MessageErrorCode, number>> = {
  MAPEK_MESSAGE_TOO_LARGE: 413,
  MAPEK_OVERLOADED: 503,
  MAPEK_NOT_STORED: 503,
  MAPEK_HTTP_UNAUTHORIZED: 401,
};
const statusOf = (code: MessageErrorCode): number => STATUS[code] ?? 400;

const JSON_TYPE = "application/json";

export interface HttpProtocolsOptions {
  readonly config: Pick<Config, "ingest" | "protocols">;
  readonly protocols: ProtocolIntake;
  /** Whether the process has to save memory. */
  readonly memoryShort: () => boolean;
}

/**
 * Takes in metrics of other tools over HTTP, in each of `HTTP_FORMATS`. A success is answered only after the samples
 * are stored. Status 503 with `Retry-After` asks the sender to send again; after other errors the same request fails again.
 */
export class HttpProtocols {
  readonly #settings: Config["protocols"];
  readonly #protocols: ProtocolIntake;
  readonly #server: FastifyInstance;
  /** Limit of the bytes of all bodies that are being received or wait to be stored. */
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
    server.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      const code = error.statusCode === 413 ? "MAPEK_MESSAGE_TOO_LARGE" : "MAPEK_MESSAGE_MALFORMED";
      return fail(reply, this.#refuse(request, new MessageError(code, error.message)));
    });
    server.addHook("onRequest", async (request, reply) => this.#admit(request, reply));
    for (const format of HTTP_FORMATS)
      for (const path of format.paths)
        server.post(path, (request, reply) => this.#receive(format, request, reply));
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

  /** Closes the server; resolves once all received requests are answered. */
  async drain(): Promise<void> {
    await this.#server.close();
  }

  /** Refuses a request without the token, or without room for its body, before the body is read. */
  #admit(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const { headers } = request;
    if (!bringsToken(headers.authorization, this.#settings.http_token)) {
      const error = new MessageError("MAPEK_HTTP_UNAUTHORIZED", "Authorization: Bearer or Token");
      return fail(reply.header("WWW-Authenticate", "Bearer"), this.#refuse(request, error));
    }
    const bytes = Number(headers["content-length"] ?? this.#settings.max_body_bytes);
    if (this.#memoryShort() || this.#waitingBytes + bytes > this.#maxWaitingBytes) {
      const error = new MessageError("MAPEK_OVERLOADED", "no room for it now: try later");
      return fail(reply, this.#refuse(request, error));
    }
    this.#waitingBytes += bytes;
    reply.raw.once("close", () => {
      this.#waitingBytes -= bytes;
    });
    return undefined;
  }

  async #receive(
    format: HttpFormat<Protocol>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const asked = this.#askedBy(request);
    if (format.accepts?.(asked) === false) return reply.code(415).send();
    const outcome = await this.#take(format, request, asked);
    if (outcome === undefined) return reply.code(415).send();
    const answer = format.answer?.(outcome, asked) ?? plainAnswer(outcome);
    const { headers = {}, failure, status, body, type = JSON_TYPE } = answer;
    reply.headers(headers);
    if (failure !== undefined) return fail(reply, failure, body && { type, body }, status);
    if (body === undefined) return reply.code(status ?? 204).send();
    return reply
      .code(status ?? 200)
      .type(type)
      .send(body);
  }

  #askedBy({ headers, query }: FastifyRequest): FormatRequest {
    return {
      contentType: headers["content-type"] ?? "",
      contentEncoding: headers["content-encoding"] ?? "identity",
      query: query as FormatRequest["query"],
      resourceLabels: this.#settings.otlp_resource_labels,
    };
  }

  /** @returns undefined for an unknown `Content-Encoding`. */
  async #take(
    format: HttpFormat<Protocol>,
    request: FastifyRequest,
    asked: FormatRequest,
  ): Promise<FormatOutcome | undefined> {
    const unread = (error: MessageError): FormatOutcome => ({
      parsed: undefined,
      rejected: [],
      failure: this.#refuse(request, error),
    });
    const bytes = await bodyOf(request, this.#settings.max_body_bytes);
    if (bytes === undefined) return undefined;
    const system = systemOfRequest(request);
    if (bytes instanceof MessageError) return unread(bytes);
    if (system instanceof MessageError) return unread(system);
    const parsed = format.read(bytes, asked);
    if (parsed instanceof MessageError) return unread(parsed);
    const subject = subjectOf(request.url);
    const { name: protocol } = format;
    const delivery = { protocol, system, parsed, subject, payload: bytes };
    const { reply, failure } = await this.#protocols.take(delivery);
    return { parsed, rejected: reply.rejected, failure };
  }

  /** Keeps a dead letter of the request, with its body where the body was read. */
  #refuse({ url, body }: FastifyRequest, error: MessageError): MessageError {
    const payload = body instanceof Uint8Array ? body : new Uint8Array();
    this.#protocols.refuse({ subject: subjectOf(url), payload }, error);
    return error;
  }
}

/** Subject of a request's dead letter: without the query, which may contain secrets. */
const subjectOf = (url: string): string => `POST ${url.split("?", 1)[0]}`;

/** Whether a request brings the token. Digests are compared in constant time, so that the time taken reveals nothing about the token. */
function bringsToken(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = /^(?:Bearer|Token) (.*)$/i.exec(authorization ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

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

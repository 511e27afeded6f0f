import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { malformed, type Parsed, parseStatsd, StatsdWindow } from "@mapek/ingest";
import { type Config, type Logger, RuntimeError } from "@mapek/runtime";
import type { ProtocolIntake } from "./protocol-intake.ts";

const SUBJECT = "statsd";
/** Requested size of the socket's buffer, which the kernel may cut. UDP packets beyond it are lost without a trace. */
const RECEIVE_BUFFER_BYTES = 4_194_304;

/** Limit of timings and texts of sets held in one interval: about 40 MB. */
const MAX_HELD = 1_000_000;

/** Takes StatsD packets in over UDP, aggregates them and delivers the readings every `statsd_flush_seconds`. */
export class StatsdListener {
  readonly #protocols: ProtocolIntake;
  readonly #settings: Config["protocols"];
  /** Largest number of readings in one delivery. */
  readonly #most: number;
  readonly #window: StatsdWindow;
  readonly #socket: Socket;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { ingest, protocols }: Pick<Config, "ingest" | "protocols">,
    intake: ProtocolIntake,
    log: Logger,
  ) {
    this.#protocols = intake;
    this.#settings = protocols;
    this.#most = ingest.max_samples_per_message;
    const maxSeries = ingest.max_series_per_system;
    this.#window = new StatsdWindow(
      { maxSeries, maxHeld: MAX_HELD, gapMs: protocols.gap_seconds * 1_000 },
      Date.now(),
    );
    this.#socket = createSocket({
      type: protocols.host.includes(":") ? "udp6" : "udp4",
      recvBufferSize: RECEIVE_BUFFER_BYTES,
    });
    this.#socket.on("error", (error) => log.error({ err: error }, "StatsD's socket failed"));
    this.#socket.on("message", (packet) => this.#take(packet));
  }

  /** @returns Address of the socket, `udp://host:port`. @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE */
  async listen(port: number): Promise<string> {
    const { host, statsd_flush_seconds: seconds } = this.#settings;
    try {
      this.#socket.bind({ address: host, port, exclusive: true });
      await once(this.#socket, "listening");
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
      const text = `${host}:${port}/udp; set protocols.statsd_port, 0 takes a free one`;
      throw new RuntimeError("MAPEK_HTTP_PORT_IN_USE", text, { cause });
    }
    this.#timer = setInterval(() => void this.#flush(), seconds * 1_000);
    return `udp://${host}:${this.#socket.address().port}`;
  }

  /** Closes the socket; resolves once everything received is stored. */
  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await new Promise<void>((resolve) => this.#socket.close(resolve));
    await this.#flush();
  }

  #take(packet: Buffer): void {
    const { values, findings } = parseStatsd(packet.toString("utf8"));
    this.#window.add(values, findings, Date.now());
    if (findings.fault !== undefined)
      this.#protocols.refuse({ subject: SUBJECT, payload: packet }, malformed(findings.fault));
  }

  async #flush(): Promise<void> {
    const { readings, skipped } = this.#window.flush(Date.now());
    const deliver = (parsed: Parsed) =>
      this.#protocols.take({
        ...{ protocol: "statsd" as const, system: undefined, parsed },
        ...{ subject: SUBJECT, payload: new Uint8Array() },
      });
    const parts: Parsed[] = [];
    for (let i = 0; i === 0 || i < readings.length; i += this.#most)
      parts.push({
        readings: readings.slice(i, i + this.#most),
        skipped: i === 0 ? skipped : new Map(),
        fault: undefined,
      });
    await Promise.all(parts.map(deliver));
  }
}

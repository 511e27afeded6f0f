/** One server-sent event. */
export interface ReceivedEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads is what it expects.
  readonly data: any;
}

/** Reads a live stream into a list until it is disposed of. */
export class EventReader implements AsyncDisposable {
  readonly events: ReceivedEvent[] = [];
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();

  constructor(url: string, headers: Record<string, string> = {}) {
    this.ended = this.#read(url, headers).catch(() => {});
  }

  of(event: string): ReceivedEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(url: string, headers: Record<string, string>): Promise<void> {
    const response = await fetch(url, { headers, signal: this.#abort.signal });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const bytes of response.body ?? []) {
      rest += decoder.decode(bytes, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) if (block.includes("data: ")) this.events.push(parsed(block));
    }
  }
}

function parsed(block: string): ReceivedEvent {
  const fields = new Map(
    block.split("\n").map((line) => line.split(/: (.*)/s, 2) as [string, string]),
  );
  return {
    event: fields.get("event") ?? "",
    id: fields.get("id"),
    data: JSON.parse(fields.get("data") ?? "null"),
  };
}

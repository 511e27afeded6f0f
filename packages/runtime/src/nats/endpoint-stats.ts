/** A subject on which a service takes messages, and its counters since the process began. */
export class EndpointStats {
  readonly name: string;
  readonly subject: string;
  readonly queueGroup: string;
  #requests = 0;
  #errors = 0;
  #lastError = "";
  #processingMs = 0;

  /** @param subject The tokens without wildcards, joined by `-`, are the endpoint's name. */
  constructor(subject: string, queueGroup: string) {
    this.name = subject
      .split(".")
      .filter((token) => token !== "*" && token !== ">")
      .join("-");
    this.subject = subject;
    this.queueGroup = queueGroup;
  }

  /** Counts a message that took `ms` milliseconds. Cost: a few nanoseconds. */
  add(ms: number): void {
    this.#requests++;
    this.#processingMs += ms;
  }

  failed(error: string): void {
    this.#errors++;
    this.#lastError = error;
  }

  /** The endpoint's entry in the answer to `$SRV.STATS`; times in nanoseconds. */
  describe(): object {
    const processing = Math.round(this.#processingMs * 1e6);
    return {
      name: this.name,
      subject: this.subject,
      queue_group: this.queueGroup,
      num_requests: this.#requests,
      num_errors: this.#errors,
      last_error: this.#lastError,
      processing_time: processing,
      average_processing_time: Math.round(processing / Math.max(1, this.#requests)),
    };
  }
}

import { watchPackageManager } from "./parent-watch.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A second signal within this time is the same Ctrl-C, passed on by a package manager. */
const SAME_CTRL_C_MS = 1_000;

/**
 * Collects the reasons to end `mapek up`: a signal, a failure, the end of the package manager that
 * started it, a closed standard output. A second Ctrl-C ends the process at once.
 */
export class ShutdownRequest {
  /** Resolves at a request to stop; rejects with a failure. */
  readonly requested: Promise<undefined>;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  readonly #unwatch: () => void;
  readonly #onSignal = () => this.#signalled();
  readonly #onPipe = () => this.#request();
  #force: () => void = () => {};
  #requestedAt: number | undefined;

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    promise.catch(() => {}); // Without a handler a failure before anybody waits would end the process.
    this.requested = promise;
    this.#resolve = () => resolve(undefined);
    this.#reject = reject;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    process.stdout.prependListener("error", this.#onPipe);
    this.#unwatch = watchPackageManager(() => this.#request());
  }

  get isRequested(): boolean {
    return this.#requestedAt !== undefined;
  }

  fail(error: Error): void {
    this.#requestedAt ??= performance.now();
    this.#reject(error);
  }

  /** Sets the work of a second Ctrl-C before it ends this process. */
  onForce(force: () => void): void {
    this.#force = force;
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    process.stdout.off("error", this.#onPipe);
    this.#unwatch();
  }

  #request(): void {
    this.#requestedAt ??= performance.now();
    this.#resolve();
  }

  #signalled(): void {
    const first = this.#requestedAt;
    this.#request();
    if (first === undefined || performance.now() - first < SAME_CTRL_C_MS) return;
    this.#force();
    process.exit(1); // The embedded server ends with this process.
  }
}

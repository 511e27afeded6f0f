/** Shows the progress of long work in one line of standard error, overwritten each time; prints nothing without a terminal. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shownAt = Number.NEGATIVE_INFINITY;
  #isShown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Shows a text, at most ten times a second. */
  show(text: string): void {
    if (!this.#stream.isTTY) return;
    const now = performance.now();
    if (now - this.#shownAt < SHOW_EVERY_MS) return;
    this.#shownAt = now;
    this.#isShown = true;
    this.#stream.write(`${CLEAR_LINE}${text.slice(0, this.#stream.columns - 1)}`);
  }

  /** Clears the line. */
  done(): void {
    if (this.#isShown) this.#stream.write(CLEAR_LINE);
    this.#isShown = false;
  }
}

const SHOW_EVERY_MS = 100;
const CLEAR_LINE = "\r\u001b[K";

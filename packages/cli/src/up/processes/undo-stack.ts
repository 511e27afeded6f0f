/**
 * Undoes what was begun, in reverse, at the end of the block: `await using undo = new UndoStack()`. As the
 * AsyncDisposableStack of newer Nodes, which Node 22 does not have. A step that fails does not keep the others
 * from being undone; the first failure is thrown once all are.
 */
export class UndoStack implements AsyncDisposable {
  readonly #steps: (() => unknown)[] = [];

  /** Adds what undoes the step that was just done. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Adds a resource's own end, and gives the resource. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T {
    this.defer(() =>
      Symbol.asyncDispose in resource
        ? resource[Symbol.asyncDispose]()
        : resource[Symbol.dispose](),
    );
    return resource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop())
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * Runs undo steps in reverse order at the end of the block of `await using undo = new UndoStack()`. All steps run even
 * where one fails; the first failure is thrown after the last step. Replaces AsyncDisposableStack, which Node 22 lacks.
 */
export class UndoStack implements AsyncDisposable {
  readonly #steps: (() => unknown)[] = [];

  /** Adds an undo step. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Adds the disposal of a resource, and returns the resource. */
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

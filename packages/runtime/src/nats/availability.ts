import { errors } from "@nats-io/transport-node";

/**
 * The server's error codes for a state that passes: JetStream has no leader (10008), another node leads (10009), too
 * few nodes are there yet (10005), the stream is offline (10118).
 */
const NOT_NOW = new Set([10005, 10008, 10009, 10118]);

const RETRY_MS = 250;

/**
 * True where a request to JetStream failed only because no leader answered it. In a cluster this lasts some seconds
 * after a node is lost, and while the nodes find each other.
 */
function isUnavailable(error: unknown): boolean {
  if (error instanceof errors.TimeoutError) return true;
  const { cause, code } = error as { cause?: unknown; code?: unknown };
  return NOT_NOW.has(code as number) || cause instanceof errors.TimeoutError;
}

/**
 * Repeats `work` while no leader answers. `work` must only read, or be safe to run twice: an attempt without an answer
 * may have succeeded.
 *
 * @throws The error of `work` when another reason failed it, or the last one after `deadlineMs`.
 */
export async function whenAvailable<T>(deadlineMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

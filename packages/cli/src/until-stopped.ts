/**
 * Runs work until Ctrl-C, SIGTERM, SIGHUP or a call of `stop`, then ends it.
 *
 * @param begin Starts the work and returns the function that ends it.
 */
export async function untilStopped(
  begin: (stop: () => void) => Promise<() => Promise<void>>,
): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const onSignal = () => stop();
  for (const signal of signals) process.once(signal, onSignal);
  try {
    const end = await begin(stop);
    await stopped;
    await end();
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

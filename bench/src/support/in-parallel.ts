/** Calls `send` for 0 to `count` − 1, so many at a time. */
export async function inParallel(
  count: number,
  parallel: number,
  send: (i: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (next < count) await send(next++);
    }),
  );
}

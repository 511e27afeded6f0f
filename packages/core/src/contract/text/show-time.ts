/** `YYYY-MM-DD HH:MM:SS.mmm`, UTC. */
export function showTime(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}

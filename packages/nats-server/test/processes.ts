import { execFileSync } from "node:child_process";

/** Ids of the living processes (no zombies) whose command line contains `text`. */
export function processesWith(text: string): number[] {
  const listing = execFileSync("ps", ["-Aww", "-o", "pid=,stat=,args="], { encoding: "utf8" });
  return listing
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null && !match[2]?.startsWith("Z") && match[3]?.includes(text))
    .map((match) => Number(match?.[1]));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

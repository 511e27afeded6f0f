import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";

/**
 * Writes a file that only this user can read, whole or not at all: a reader sees the old content
 * or the new one. What stood at the path, a link too, is replaced and never written through.
 */
export function writePrivateFile(path: string, text: string): void {
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, text, { flag: "wx", mode: 0o600 });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** The text of a file that this user wrote and nobody else can change, else undefined: another user may have put it there. */
export function readPrivateFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const stats = fstatSync(file);
    return stats.isFile() && isOwn(stats) && (stats.mode & 0o022) === 0
      ? readFileSync(file, "utf8")
      : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Whether a file or folder is this user's; always on Windows, where folders of users are closed to others. */
export const isOwn = ({ uid }: { readonly uid: number }): boolean =>
  process.getuid === undefined || uid === process.getuid();

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
 * Writes a file that only this user can read, atomically: a reader sees the old content or the new
 * one. A link at the path is replaced and not followed, so that nobody can redirect the write.
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

/** The text of a file that this user owns and nobody else can change; undefined otherwise, since another user may have put it there. */
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

/** Whether this user owns a file or folder; always true on Windows, where users' folders are closed to others. */
export const isOwn = ({ uid }: { readonly uid: number }): boolean =>
  process.getuid === undefined || uid === process.getuid();

// Writes a JSON Schema for every family of messages; with --check, proves that the committed ones are current.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MESSAGE_FAMILIES } from "@mapek/core/contract";
import { z } from "zod";

const folder = join(import.meta.dirname, "..", "schemas");
const files = new Map(
  MESSAGE_FAMILIES.map(({ name, schema }) => {
    const body = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
    return [`${name}.json`, `${JSON.stringify({ $id: name, ...body }, null, 2)}\n`];
  }),
);

const stale = [...files].filter(([file, text]) => readOrEmpty(file) !== text).map(([file]) => file);
const surplus = present().filter((file) => !files.has(file));

if (process.argv.includes("--check")) {
  for (const file of [...stale, ...surplus])
    console.error(`schemas/${file} is not current: run \`pnpm schemas\``);
  process.exitCode = stale.length + surplus.length > 0 ? 1 : 0;
} else {
  mkdirSync(folder, { recursive: true });
  for (const file of surplus) rmSync(join(folder, file));
  for (const file of stale) writeFileSync(join(folder, file), files.get(file) as string);
  console.log(`${files.size} schemas, ${stale.length} written, ${surplus.length} removed`);
}

function present(): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return "";
  }
}

#!/usr/bin/env node
/**
 * The `mapek` command. Every other module is imported after the compile cache is on, so that the second run of a
 * command neither strips types nor compiles the modules of the first run again.
 */
import module from "node:module";

// Without this check Node 20 would end with a syntax error or a missing function.
if (module.enableCompileCache === undefined) {
  process.stderr.write(`mapek needs Node 22.12 or newer; this is ${process.version}\n`);
  process.exit(1);
}
module.enableCompileCache();
const { runMapek } = await import("./mapek.ts");
process.exit(await runMapek(process.argv.slice(2)));

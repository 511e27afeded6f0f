#!/usr/bin/env node
/**
 * The `mapek` command. Only this file is compiled without the cache: everything else is imported after it is
 * on, so that the second run of a command neither strips types nor compiles what the first one did.
 */
import module from "node:module";

// Node 20 would end with a syntax error or a missing function somewhere.
if (module.enableCompileCache === undefined) {
  process.stderr.write(`mapek needs Node 22.12 or newer; this is ${process.version}\n`);
  process.exit(1);
}
module.enableCompileCache();
const { runMapek } = await import("./mapek.ts");
process.exit(await runMapek(process.argv.slice(2)));

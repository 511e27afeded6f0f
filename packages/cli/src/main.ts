#!/usr/bin/env node
/**
 * The `mapek` command. Only this file is compiled without the cache: everything else is imported after it is
 * on, so that the second run of a command neither strips types nor compiles what the first one did.
 */
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runMapek } = await import("./mapek.ts");
process.exit(await runMapek(process.argv.slice(2)));

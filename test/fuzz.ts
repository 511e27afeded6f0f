// pnpm fuzz --payloads 1000000 --seed 1: garbage through every decoder that reads from outside; prints figures.
import { parseArgs } from "node:util";
import { fuzzDecoders } from "./support/fuzz-decoders.ts";

const { values } = parseArgs({
  options: {
    payloads: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
process.stdout.write(
  `${JSON.stringify(fuzzDecoders(Number(values.payloads), Number(values.seed)), null, 2)}\n`,
);

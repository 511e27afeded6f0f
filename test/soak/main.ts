// By hand: pnpm soak --seed 7 --schedules 200 [--minutes 120]
import { parseArgs } from "node:util";
import { soak } from "./soak.ts";
import { summaryOf } from "./summary.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    schedules: { type: "string", default: "26" },
    minutes: { type: "string" },
  },
});
const result = await soak({
  seed: Number(values.seed),
  schedules: Number(values.schedules),
  minutes: values.minutes === undefined ? undefined : Number(values.minutes),
  print: (line) => console.log(line),
});
console.table(summaryOf(result));
for (const { schedule, reason } of result.failures)
  console.log(`failed: seed ${schedule.seed} (${schedule.kind}): ${reason.split("\n", 1)}`);
process.exitCode = result.failures.length > 0 ? 1 : 0;

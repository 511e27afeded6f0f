import { commandsIn, Subject } from "./fixtures.ts";

/** A number from 0 to 1, the same sequence for a seed. */
function randomOf(seed: number): () => number {
  let a = seed * 7_919;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Noise of variance 1 whose neighbours correlate by `phi`. */
export function autocorrelated(seed: number, phi: number): () => number {
  const random = randomOf(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  let x = normal();
  return () => {
    x = phi * x + Math.sqrt(1 - phi * phi) * normal();
    return x;
  };
}

/** A system whose settings the loops move, and whose objective follows, or does not. */
export class Managed {
  readonly subject = new Subject({ max_signals_per_source_per_minute: 1_000_000 });
  learningRate = 0.2;
  parallelism = 16;
  rollbacks = 0;
  leastDamping = 1;
  /** All that steps have moved, as logarithms whichever way, less what was rolled back. */
  moved = 0;

  /** A decision whose prediction was off by a share of what came. */
  decision(error: number): void {
    const body = {
      decision_id: "d",
      predicted_outcome: 100 + 100 * Math.min(1, Math.max(0, error)),
      actual_outcome: 100,
    };
    this.carryOut(this.subject.signal("decision_quality", body));
    this.note("decision_quality");
  }

  resource(utilization: number): void {
    const body = { resource_type: "cpu", utilization: Math.min(1, Math.max(0, utilization)) };
    this.carryOut(this.subject.signal("resource_optimization", body, { seconds: 10 }));
    this.note("resource_optimization");
  }

  private note(loop: "decision_quality" | "resource_optimization"): void {
    this.leastDamping = Math.min(this.leastDamping, this.subject.state.loops[loop].damping);
  }

  /** As the optimizer does: within bounds, and refused where nothing changes. */
  private carryOut(outputs: Parameters<typeof commandsIn>[0]): void {
    for (const { id, command } of commandsIn(outputs)) {
      if (id.endsWith(".rollback")) this.rollbacks++;
      if (command.name === "scale_learning_rate") {
        const from = this.learningRate;
        this.learningRate = Math.min(1, Math.max(0.05, from * command.factor));
        this.answer(id, from, this.learningRate, Math.abs(Math.log(this.learningRate / from)));
      } else if (command.name === "adjust_parallelism") {
        const from = this.parallelism;
        this.parallelism = Math.min(32, Math.max(1, from + command.delta));
        this.answer(id, from, this.parallelism, Math.abs(this.parallelism - from) / 16);
      }
    }
  }

  private answer(id: string, from: number, to: number, step: number): void {
    this.moved += id.endsWith(".rollback") ? -step : step;
    if (from === to) this.subject.refuse(id, from);
    else this.carryOut(this.subject.confirm(id, from, to));
  }
}

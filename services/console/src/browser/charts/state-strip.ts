import type { Transition } from "@mapek/core/contract";
import { h, svg } from "../dom.ts";
import { at, counted } from "../format.ts";
import { statePill } from "../parts.ts";

const WIDTH = 1_000;
const HEIGHT = 28;
/** Least width of a state, so that a very short one stays visible. */
const LEAST_WIDTH = 2;

/** The states of a system over time as one strip, from the first known transition until now. */
export function stateStrip(transitions: readonly Transition[], now: number): HTMLElement {
  const [first] = transitions;
  if (first === undefined) return h("p", { class: "empty" }, "It has been in no other state.");
  const span = Math.max(1_000, now - first.timestamp);
  const begin = first.timestamp - span / 12;
  const scale = (time: number) => ((time - begin) / (now - begin)) * WIDTH;
  const stretches = [
    { state: first.from, from: begin, to: first.timestamp },
    ...transitions.map(({ to, timestamp }, i) => ({
      state: to,
      from: timestamp,
      to: transitions[i + 1]?.timestamp ?? now,
    })),
  ];
  return h(
    "figure",
    { class: "strip" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${counted(transitions.length, "transition")} since ${at(first.timestamp)}; the table below has them all`,
      },
      stretches.map(({ state, from, to }) =>
        svg(
          "rect",
          {
            class: `fill-${state}`,
            x: scale(from),
            y: 0,
            width: Math.max(LEAST_WIDTH, scale(to) - scale(from)),
            height: HEIGHT,
          },
          svg("title", {}, `${state} from ${at(from)} to ${at(to)}`),
        ),
      ),
    ),
    h("figcaption", {}, h("span", {}, at(begin)), h("span", {}, "now")),
    h(
      "ul",
      { class: "states" },
      [...new Set(stretches.map(({ state }) => state))].map((state) =>
        h("li", { "data-key": state }, statePill(state)),
      ),
    ),
  );
}

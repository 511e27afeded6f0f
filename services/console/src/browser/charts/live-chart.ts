import uPlot from "uplot";
import { onSchemeChange } from "./palette.ts";

/** A chart that follows its place's size and the colour scheme of the page until it is closed. */
export abstract class LiveChart<Figures> {
  protected readonly place: HTMLElement;
  protected figures: Figures;
  readonly #size: ResizeObserver;
  readonly #endScheme: () => void;
  #chart: uPlot;

  constructor(place: HTMLElement, figures: Figures) {
    this.place = place;
    this.figures = figures;
    this.#chart = this.#make();
    this.#size = new ResizeObserver(() => this.#chart.setSize(this.size()));
    this.#size.observe(place);
    this.#endScheme = onSchemeChange(() => {
      this.#chart.destroy();
      this.#chart = this.#make();
    });
  }

  update(figures: Figures): void {
    this.figures = figures;
    this.#chart.setData(this.data());
  }

  close(): void {
    this.#size.disconnect();
    this.#endScheme();
    this.#chart.destroy();
  }

  /** Width and height for the place as it is now, CSS pixels. */
  protected abstract size(): { width: number; height: number };
  protected abstract data(): uPlot.AlignedData;
  /** All but the size, in the colours of now. */
  protected abstract options(): Omit<uPlot.Options, "width" | "height">;

  #make(): uPlot {
    return new uPlot({ ...this.options(), ...this.size() }, this.data(), this.place);
  }
}

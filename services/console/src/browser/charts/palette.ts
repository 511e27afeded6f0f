/** Colours of charts, from the style sheet's variables in the present colour scheme. */
export interface Palette {
  readonly ink: string;
  readonly quiet: string;
  readonly rule: string;
  readonly accent: string;
  readonly threshold: string;
  readonly band: string;
  readonly ahead: string;
  readonly alarm: string;
  readonly alarmGround: string;
}

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour("ink"),
    quiet: colour("quiet"),
    rule: colour("rule"),
    accent: colour("accent"),
    threshold: colour("threshold"),
    band: colour("band"),
    ahead: colour("ahead-ground"),
    alarm: colour("critical"),
    alarmGround: colour("alarm-ground"),
  };
}

/** Calls `redraw` when the colour scheme changes between light and dark. @returns Ends the calls. */
export function onSchemeChange(redraw: () => void): () => void {
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", redraw);
  return () => media.removeEventListener("change", redraw);
}

/** The font of the labels on axes. */
export const FONT = "12px ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

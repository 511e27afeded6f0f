/** The pages of the navigation, in its order. */
export const SECTIONS = [
  { name: "systems", title: "Systems" },
  { name: "series", title: "Series" },
  { name: "loops", title: "Loops" },
  { name: "why", title: "Why" },
] as const;

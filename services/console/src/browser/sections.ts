/** Entries of the navigation, in order. */
export const SECTIONS = [
  { name: "systems", title: "Systems" },
  { name: "series", title: "Series" },
  { name: "loops", title: "Loops" },
  { name: "why", title: "Why" },
] as const;

import { z } from "zod";

/** Most labels of one series. */
export const MAX_LABELS = 32;

/** The fault of labels; undefined for good labels. */
export function checkLabels(labels: unknown): string | undefined {
  if (typeof labels !== "object" || labels === null || Array.isArray(labels))
    return "expected a map of strings";
  let count = 0;
  for (const name in labels) {
    const value = (labels as Labels)[name];
    if (++count > MAX_LABELS) return `more than ${MAX_LABELS} labels`;
    // An object literal cannot hold a property `__proto__`, so no request could name the series.
    if (name === "__proto__") return "a name may not be __proto__";
    if (name.length < 1 || name.length > 128) return "a name is not of 1–128 characters";
    if (typeof value !== "string" || value.length > 512)
      return `${name}: expected a string of at most 512 characters`;
  }
  return undefined;
}

/** Label names and values of a series; an unlabelled series has none. */
export const labelsSchema = z
  .record(z.string().min(1).max(128), z.string().max(512))
  .refine((labels) => Object.keys(labels).length <= MAX_LABELS, {
    message: `more than ${MAX_LABELS} labels`,
  });
export type Labels = z.infer<typeof labelsSchema>;

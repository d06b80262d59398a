// Whether a student's work is on disk. Pure.

export type Saving = "saved" | "changed" | "saving" | "failed";

/** What Jupyter tells: of a save, or that something was written since. */
export type Told = "started" | "completed" | "completed manually" | "failed" | "dirty" | "clean";

/** What is true after this was told. What failed stays failed until it is saved. */
export function after(before: Saving, told: Told): Saving {
  switch (told) {
    case "started":
      return "saving";
    case "failed":
      return "failed";
    case "dirty":
      return before === "failed" || before === "saving" ? before : "changed";
    case "clean":
    case "completed":
    case "completed manually":
      return "saved";
  }
}

// One save at a time. Of two at once, Jupyter takes what the first wrote for somebody else's work, and
// asks whether to overwrite it.

interface Saves {
  save(): Promise<void>;
}

/** How long a save waits for one that may never end: its answer got lost with the network. */
const PATIENCE_MS = 10_000;

/** From now on, whoever saves this waits for whoever does already: a menu, a key, Jupyter by itself. Those that wait are one save. */
export function oneAtATime(context: Saves, patience = PATIENCE_MS): void {
  const save = context.save.bind(context);
  let now: Promise<unknown> | null = null;
  let next: Promise<void> | null = null;
  const begin = () => {
    next = null;
    const saved = save();
    const ended = saved
      .catch(() => undefined)
      .then(() => {
        if (now === ended) now = null;
      });
    now = ended;
    return saved;
  };
  context.save = () => (next ??= endOf(now, patience).then(begin));
}

async function endOf(save: Promise<unknown> | null, patience: number): Promise<void> {
  if (save === null) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([save, new Promise((end) => (timer = setTimeout(end, patience)))]);
  clearTimeout(timer);
}

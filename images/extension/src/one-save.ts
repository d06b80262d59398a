// One save at a time. Of two at once, Jupyter takes what the first wrote for somebody else's work, and
// asks whether to overwrite it.

interface Saves {
  save(): Promise<void>;
}

/** From now on, whoever saves this waits for whoever does already: a menu, a key, Jupyter by itself. Those that wait are one save. */
export function oneAtATime(context: Saves): void {
  const save = context.save.bind(context);
  let now: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | null = null;
  const begin = () => {
    next = null;
    const saved = save();
    now = saved.catch(() => undefined);
    return saved;
  };
  context.save = () => (next ??= now.then(begin));
}

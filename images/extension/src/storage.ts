// A frame of another site may not keep anything in a browser that blocks third-party cookies: even
// to look at `localStorage` throws there. JupyterLab looks, and stays blank.

const NAMES = ["localStorage", "sessionStorage"] as const;

/** Where the browser keeps nothing, keep it for as long as the page is there. */
export function keepInThePage(page: object): void {
  for (const name of NAMES) {
    if (isKept(page as Record<string, unknown>, name)) continue;
    Object.defineProperty(page, name, { configurable: true, value: new PageStorage() });
  }
}

function isKept(page: Record<string, unknown>, name: string): boolean {
  try {
    return Boolean(page[name]);
  } catch {
    return false;
  }
}

/** Storage (WHATWG HTML, 12.2.1), without what other windows would hear. */
class PageStorage implements Storage {
  readonly #items = new Map<string, string>();

  get length(): number {
    return this.#items.size;
  }

  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#items.get(String(key)) ?? null;
  }

  setItem(key: string, value: string): void {
    this.#items.set(String(key), String(value));
  }

  removeItem(key: string): void {
    this.#items.delete(String(key));
  }

  clear(): void {
    this.#items.clear();
  }
}

// Questions and answers, in Jupyter's own dialogs.
import { Dialog } from "@jupyterlab/apputils";
import { Widget } from "@lumino/widgets";
import { complete } from "./modal.ts";
import type { Words } from "./words.ts";

const ANSWERS_COME_FOR_MS = 5000;

/** Those that this module opened. */
const ours = new WeakSet<object>();

/** Closes all of them, Jupyter's too: what they ask is over. So is what those of Jupyter's would ask that come of answers still under way. */
export function closeAll(): void {
  Dialog.flush();
  Dialog.tracker.widgetAdded.connect(closeTheirs);
  setTimeout(() => Dialog.tracker.widgetAdded.disconnect(closeTheirs), ANSWERS_COME_FOR_MS);
}

function closeTheirs(_: unknown, dialog: Dialog<unknown>): void {
  // it is told of while it is being made, before anybody could say whose it is
  queueMicrotask(() => ours.has(dialog) || dialog.dispose());
}

function opened(
  title: string,
  options: Partial<Dialog.IOptions<unknown>>,
  words: Words,
): Promise<Dialog.IResult<unknown>> {
  const dialog = new Dialog({ title, ...options });
  ours.add(dialog);
  complete(dialog.node, title, words.lang);
  return dialog.launch();
}

/** Whether they say yes. */
export async function agrees(title: string, body: string, yes: string, words: Words): Promise<boolean> {
  const buttons = [Dialog.cancelButton({ label: words.cancel }), Dialog.warnButton({ label: yes })];
  return (await opened(title, { body, buttons, defaultButton: 0 }, words)).button.accept;
}

/** Says something. */
export async function tell(title: string, body: string | Widget, words: Words): Promise<void> {
  await opened(title, { body, buttons: [Dialog.okButton({ label: words.close })] }, words);
}

/** Shows something with some buttons; which was taken, empty if it was closed. */
export async function choose(
  title: string,
  body: string | Widget,
  labels: readonly string[],
  words: Words,
): Promise<string> {
  const buttons = [
    ...labels.map((label) => Dialog.createButton({ label })),
    Dialog.cancelButton({ label: words.close }),
  ];
  const { button } = await opened(title, { body, buttons, defaultButton: labels.length }, words);
  return button.accept ? button.label : "";
}

/** Shows a text that can be taken along; a link can be opened too. Whether `more` was taken. */
export async function show(
  title: string,
  body: string,
  text: string,
  words: Words,
  more = "",
): Promise<boolean> {
  const isLink = text.startsWith("http");
  const buttons = [
    ...(more ? [Dialog.createButton({ label: more, actions: ["more"] })] : []),
    ...(isLink ? [Dialog.createButton({ label: words.open, actions: ["open"] })] : []),
    Dialog.createButton({ label: words.copy, actions: ["copy"] }),
    Dialog.okButton({ label: words.close }),
  ];
  const answer = await opened(
    title,
    { body: taken(body, text), buttons, defaultButton: buttons.length - 1 },
    words,
  );
  if (answer.button.actions.includes("open")) window.open(text, "_blank", "noopener");
  if (answer.button.actions.includes("copy")) await copy(text);
  return answer.button.actions.includes("more");
}

/** A table of keys and what they do. */
export function keys(rows: Words["keys"]): Widget {
  const table = document.createElement("table");
  table.className = "nbh-Keys";
  for (const [key, does] of rows) {
    const row = table.insertRow();
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = key;
    row.append(head);
    row.insertCell().textContent = does;
  }
  return new Widget({ node: table });
}

function taken(body: string, text: string): Widget {
  const node = document.createElement("div");
  const said = document.createElement("p");
  said.textContent = body;
  const field = document.createElement("input");
  Object.assign(field, { className: "nbh-Taken", readOnly: true, value: text });
  field.setAttribute("aria-label", body);
  field.addEventListener("focus", () => field.select());
  node.append(said, field);
  return new Widget({ node });
}

/** A frame may not write to the clipboard unless its page allows it; the old way asks nobody. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
}

// What keys do instead, where the body has a class. Jupyter's own bindings stay as they are.
import type { CommandRegistry } from "@lumino/commands";

type Binding = CommandRegistry.IKeyBinding;

/** The same place, but stronger: only while the body has this class. */
export function within(selector: string, bodyClass: string): string {
  const rest = selector.replace(/^body(?=$|[\s.[:>])/, "");
  return rest === selector ? `body.${bodyClass} ${selector}` : `body.${bodyClass}${rest}`;
}

/** Every key of `command`, now and later, does `instead` while the body has this class. */
export function rebind(
  commands: CommandRegistry,
  command: string,
  instead: string,
  bodyClass: string,
): void {
  const known = new Set<string>();
  const take = ({ command: bound, keys, selector }: Binding) => {
    const name = `${keys.join(" ")} ${selector}`;
    if (bound !== command || known.has(name)) return;
    known.add(name);
    const stronger = within(selector, bodyClass);
    commands.addKeyBinding({ command: instead, keys: [...keys], selector: stronger });
  };
  [...commands.keyBindings].forEach(take);
  commands.keyBindingChanged.connect((_, changed) => {
    if (changed.type === "added") take(changed.binding);
  });
}

// Makes elements. Whatever somebody typed becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== ""));
  return made;
}

// A number between 0 and 1 that the style sheet makes a length of.
export function scaled(made, value) {
  made.style.setProperty("--v", value);
  return made;
}

// One of the seven shades of the style sheet; 0 for nothing.
export const shade = (value, most) => (value > 0 ? `h${Math.max(1, Math.ceil((value / most) * 7))}` : "h0");

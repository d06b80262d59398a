// The colours of the style sheet, for plotly, which wants them as values.

export function theme() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of("ink"),
    soft: of("soft"),
    line: of("line"),
    paper: of("card"),
    series: [of("c1"), of("c2"), of("c3"), of("c4")],
    shades: [1, 2, 3, 4, 5, 6, 7].map((level) => of(`h${level}`)),
    isNarrow: innerWidth < 640,
    font: getComputedStyle(document.body).fontFamily,
  };
}

// Calls when day becomes night, and around printing, which is always on white.
export function whenItChanges(call) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", call);
  addEventListener("beforeprint", () => printing(true, call));
  addEventListener("afterprint", () => printing(false, call));
}

export const isPrinting = () => document.documentElement.classList.contains("printing");

function printing(now, call) {
  document.documentElement.classList.toggle("printing", now);
  call();
}

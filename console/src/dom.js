/** Small helpers to build DOM and SVG nodes. Text always goes in as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Build an HTML element: attributes by name, `on` handlers by event, children as nodes or text. */
export function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Build an SVG element. */
export function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** Chinese text with its English second line. */
export function both(zh, en) {
  return [zh, en ? h("span", { class: "en" }, en) : ""];
}

export const byId = (id) => document.getElementById(id);

/** Show or clear the words of an error beside the section it concerns. */
export function complain(element, error) {
  element.hidden = !error;
  element.textContent = error ? error.message : "";
}

/** Content of an element; null, undefined and false give none. */
export type Child = Node | string | number | null | undefined | false | readonly Child[];
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

/** Makes an HTML element. An attribute that is true gets no value; false, null and undefined attributes are left out. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** Makes an SVG element, as {@link h}. */
export function svg(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return filled(document.createElementNS(SVG, tag) as SVGElement, attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes))
    if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value === true ? "" : String(value));
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) append(element, child);
    else element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * Changes `shown` into `wanted` without touching parts that are equal already, so that focus, selection and typed text
 * survive a redraw. Children are matched by `data-key` where they have one; elements with `data-keep` are left alone.
 */
export function morph(shown: Element, wanted: Element): void {
  if (shown.hasAttribute("data-keep")) return;
  morphAttributes(shown, wanted);
  const keyed = new Map<string, Element>();
  for (const child of shown.children) {
    const key = child.getAttribute("data-key");
    if (key !== null) keyed.set(key, child);
  }
  let place: ChildNode | null = shown.firstChild;
  for (const next of [...wanted.childNodes]) {
    const key = next instanceof Element ? next.getAttribute("data-key") : null;
    const known = key === null ? undefined : keyed.get(key);
    if (known !== undefined && known !== place) shown.insertBefore(known, place);
    const here: ChildNode | null = known ?? place;
    if (here !== null && isAlike(here, next)) {
      if (here instanceof Element) morph(here, next as Element);
      else if (here.nodeValue !== next.nodeValue) here.nodeValue = next.nodeValue;
      place = here.nextSibling;
    } else {
      shown.insertBefore(next, place);
    }
  }
  while (place !== null) {
    const after: ChildNode | null = place.nextSibling;
    place.remove();
    place = after;
  }
}

const isAlike = (a: Node, b: Node): boolean =>
  a.nodeName === b.nodeName &&
  (!(a instanceof Element) ||
    a.getAttribute("data-key") === (b as Element).getAttribute("data-key"));

function morphAttributes(shown: Element, wanted: Element): void {
  for (const { name } of [...shown.attributes])
    if (!wanted.hasAttribute(name) && !isOfPerson(shown, name)) shown.removeAttribute(name);
  for (const { name, value } of [...wanted.attributes])
    if (!isOfPerson(shown, name) && shown.getAttribute(name) !== value)
      shown.setAttribute(name, value);
}

/** Whether a person controls the attribute: details and dialogs that a person opened stay open. */
const isOfPerson = (element: Element, attribute: string): boolean =>
  attribute === "open" && (element.nodeName === "DETAILS" || element.nodeName === "DIALOG");

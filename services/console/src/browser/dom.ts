/** What may stand in an element; nothing for null, undefined and false. */
export type Child = Node | string | number | null | undefined | false | readonly Child[];
type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. An attribute that is true stands without a value; false, null and undefined ones do not stand. */
export function h(tag: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** The same of SVG. */
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
 * Makes what is shown equal to what shall be, and touches nothing that is equal already: focus, selection and what a
 * person has typed stay. Elements with `data-key` are found again by it; what is below `data-keep` is left alone.
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

/** What a person opened stays open. */
const isOfPerson = (element: Element, attribute: string): boolean =>
  attribute === "open" && (element.nodeName === "DETAILS" || element.nodeName === "DIALOG");

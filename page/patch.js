/**
 * Makes an element's content what `html` says, and touches only what differs: what is selected, focused, scrolled or moving stays so.
 * Children with the same data-key are the same, wherever they stand.
 *
 * @param {Element} element
 * @param {string} html
 */
export function patch(element, html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  patchChildren(element, template.content);
}

/**
 * @param {Node} from
 * @param {Node} to
 */
function patchChildren(from, to) {
  const keyed = new Map([...from.childNodes].map((node) => [keyOf(node), node]));
  let at = from.firstChild;
  for (const wanted of Array.from(to.childNodes)) {
    const key = keyOf(wanted);
    const known = key === undefined ? at : keyed.get(key);
    keyed.delete(key); // should two have one key, the second is another one
    if (known !== null && known !== undefined && isSameKind(known, wanted)) {
      if (known === at) at = at.nextSibling;
      else from.insertBefore(known, at);
      patchNode(known, wanted);
    } else from.insertBefore(wanted, at);
  }
  while (at !== null) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/**
 * @param {Node} known
 * @param {Node} wanted
 */
function patchNode(known, wanted) {
  if (!(known instanceof Element && wanted instanceof Element)) {
    if (known.nodeValue !== wanted.nodeValue) known.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name, value } of wanted.attributes)
    if (known.getAttribute(name) !== value) known.setAttribute(name, value);
  for (const { name } of Array.from(known.attributes))
    // What somebody has unfolded stays so.
    if (!wanted.hasAttribute(name) && name !== 'open') known.removeAttribute(name);
  patchChildren(known, wanted);
}

/** @param {Node} node */
const keyOf = (node) => (node instanceof Element ? (node.getAttribute('data-key') ?? undefined) : undefined);

/**
 * @param {Node} one
 * @param {Node} other
 */
const isSameKind = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

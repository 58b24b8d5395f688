/* Scripts that tests run in the page. */

/** A computer whose clock is wrong. */
export const HOUR_AHEAD = `(() => {
  const { now } = Date;
  Date.now = () => now() + 3_600_000;
})()`;

/** Counts how often what is lost is said, which screen readers do at each change. */
export const COUNT_SAYINGS = `(() => {
  globalThis.sayings = 0;
  const observer = new MutationObserver(() => globalThis.sayings++);
  observer.observe(document.getElementById('connection'), { childList: true, characterData: true, subtree: true });
})()`;

/** How wide the page is that can be scrolled. */
export const WIDTH = 'document.documentElement.scrollWidth';

/** Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2, 1.4.3), as far as colours are plain. */
export const FAINT = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const opacity = (element) => element === null ? 1 : opacity(element.parentElement) * getComputedStyle(element).opacity;
  const mixed = (grounds, text = 'transparent', alpha = 1) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const ground of [...grounds, text]) {
      canvas.globalAlpha = ground === text ? alpha : 1;
      canvas.fillStyle = ground;
      canvas.fillRect(0, 0, 1, 1);
    }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const grounds = (element) => element === null ? [] : [...grounds(element.parentElement), getComputedStyle(element).backgroundColor];
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!hasText || element.closest('[hidden], noscript, svg, .unseen') !== null) continue;
    const behind = grounds(element);
    const [one, other] = [light(mixed(behind)), light(mixed(behind, getComputedStyle(element).color, opacity(element)))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) faint.push(element.className + ' ' + element.textContent.trim().slice(0, 30) + ' ' + contrast.toFixed(2));
  }
  return faint;
})()`;

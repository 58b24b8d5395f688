import { knownToken, read, remember } from './token.js';

const form = /** @type {HTMLFormElement} */ (document.getElementById('sign-in'));
const field = /** @type {HTMLInputElement} */ (document.getElementById('token'));
const complaint = /** @type {HTMLElement} */ (document.getElementById('complaint'));

/** Puts the page in the place of this one. */
async function enter() {
  const answer = await read('/');
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  await import('./main.js');
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  remember(field.value.trim());
  enter().catch(() => {
    complaint.textContent = 'That is not the token.';
    field.select();
  });
});

if (knownToken() === null) form.hidden = false;
else
  enter().catch(() => {
    form.hidden = false;
  });
